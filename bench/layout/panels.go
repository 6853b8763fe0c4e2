package layout

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// panel is a question, for our executor and in the SQL of DuckDB, where %s is the
// file.
type panel struct {
	name string
	plan query.Plan
	sql  string
}

// panelsOf are questions of the kinds that panels ask. The constants in them are
// values of the corpus, from its middle.
func panelsOf(c *corpus) ([]panel, error) {
	col := query.Column
	middle := c.rows.Len / 2
	if c.table == lake.Bronze {
		file := c.rows.Column("fileId").Ints[middle]
		return []panel{
			{
				"by workspace",
				query.From(c.table, query.TimeRange{}).Aggregate([]query.Output{query.As("w", col(columnar.Long, "workspaceId"))}, query.CountRows("n")),
				"SELECT workspaceId, count(*) FROM %s GROUP BY 1",
			},
			{
				"a file's lines",
				query.From(c.table, query.TimeRange{}).Filter(query.Eq(col(columnar.Long, "fileId"), query.Int(file))).
					Project(query.As("n", col(columnar.Long, "lineNumber")), query.As("raw", col(columnar.String, "raw"))),
				fmt.Sprintf("SELECT lineNumber, raw FROM %%s WHERE fileId = %d", file),
			},
			{
				"all lines",
				query.From(c.table, query.TimeRange{}).
					Aggregate(nil, query.Agg{Name: "n", Func: query.Max, Arg: col(columnar.String, "raw")}),
				"SELECT max(raw) FROM %s",
			},
		}, nil
	}
	requestID := ""
	for i := middle; i < c.rows.Len && requestID == ""; i++ {
		requestID = string(c.rows.Column("requestId").ByteAt(i))
	}
	if requestID == "" {
		return nil, fmt.Errorf("no event has a requestId to look for")
	}
	from := time.UnixMicro(c.rows.Column(query.TimeColumn).Ints[middle]).UTC()
	week := query.TimeRange{From: from, To: from.AddDate(0, 0, 7)}
	action, actor := col(columnar.String, "actionName"), col(columnar.String, "actor")
	when, day := col(columnar.Timestamp, query.TimeColumn), col(columnar.Date, query.DateColumn)
	all := query.From(c.table, query.TimeRange{})
	const instant = "TIMESTAMPTZ '2006-01-02 15:04:05.999999+00'"
	return []panel{
		{
			"by action",
			all.Aggregate([]query.Output{query.As("s", col(columnar.String, "serviceName")), query.As("a", action)}, query.CountRows("n")),
			"SELECT serviceName, actionName, count(*) FROM %s GROUP BY 1, 2",
		},
		{
			"creates a day",
			all.Filter(query.Eq(action, query.Str("create"))).Aggregate([]query.Output{query.As("d", day)}, query.CountRows("n")),
			"SELECT date, count(*) FROM %s WHERE actionName = 'create' GROUP BY 1",
		},
		{
			"needle",
			all.Filter(query.Eq(col(columnar.String, "requestId"), query.Str(requestID))).
				Project(query.As("t", when), query.As("a", action), query.As("who", actor)),
			"SELECT date_time, actionName, actor FROM %s WHERE requestId = '" + requestID + "'",
		},
		{
			"one week",
			query.From(c.table, week).Aggregate([]query.Output{query.As("who", actor), query.As("w", col(columnar.Long, "workspaceId"))}, query.CountRows("n")),
			"SELECT actor, workspaceId, count(*) FROM %s WHERE date_time >= " + week.From.Format(instant) + " AND date_time < " + week.To.Format(instant) + " GROUP BY 1, 2",
		},
		{
			"latest 100",
			all.Project(query.As("t", when), query.As("a", action), query.As("who", actor), query.As("ip", col(columnar.String, "sourceIPAddress")), query.As("id", col(columnar.String, "requestId"))).
				Sort(query.Desc("t")).Limit(100),
			"SELECT date_time, actionName, actor, sourceIPAddress, requestId FROM %s ORDER BY date_time DESC LIMIT 100",
		},
	}, nil
}

// fileTable is one Parquet file in memory as a catalog of one table.
type fileTable struct {
	name string
	file *columnar.File
	data []byte
}

func openTable(ctx context.Context, name string, data []byte) (*fileTable, error) {
	t := &fileTable{name: name, data: data}
	var err error
	if t.file, err = columnar.OpenFile(ctx, memory{data, new(int64)}, int64(len(data))); err != nil {
		return nil, err
	}
	return t, nil
}

// memory is a columnar.Source that counts what is fetched from it.
type memory struct {
	data  []byte
	bytes *int64
}

// ReadRange implements columnar.Source.
func (m memory) ReadRange(_ context.Context, offset, length int64) ([]byte, error) {
	*m.bytes += length
	return m.data[offset : offset+length], nil
}

// Table implements query.Catalog.
func (t *fileTable) Table(_ context.Context, name string) (query.Table, error) {
	if name != t.name {
		return nil, query.ErrNoTable
	}
	return t, nil
}

// Tables implements query.Catalog.
func (t *fileTable) Tables(context.Context) ([]string, error) { return []string{t.name}, nil }

// Schema implements query.Table.
func (t *fileTable) Version() query.Version { return query.Version{} }

func (t *fileTable) Schema() columnar.Schema { return t.file.Schema() }

// Scan implements query.Table.
func (t *fileTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	src := memory{t.data, &stats.Bytes}
	return t.file.With(src).Read(ctx, want, func(b columnar.Bounds) bool {
		stats.RowGroups++
		if keep != nil && !keep(b) {
			stats.RowGroupsPruned++
			return false
		}
		return true
	})
}

// holds checks that the file has the rows of the corpus, in whatever order.
func (t *fileTable) holds(ctx context.Context, c *corpus) error {
	rows, sum := 0, uint64(0)
	for b, err := range t.file.Read(ctx, c.rows.Schema, nil) {
		if err != nil {
			return fmt.Errorf("read back: %w", err)
		}
		rows += b.Len
		sum += c.sumOf(b)
	}
	if rows != c.rows.Len || sum != c.sum {
		return fmt.Errorf("the file has other rows than the table: %d of %d", rows, c.rows.Len)
	}
	return nil
}
