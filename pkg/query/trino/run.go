package trino

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// Info is what Trino says of a query, at last.
type Info struct {
	QueryID string
	URL     string // of the query's page
	Splits  int64
	Nodes   int64 // that worked on it
	Rows    int64 // read
	Bytes   int64 // read from the store
	Memory  int64 // bytes at the peak, on all nodes
	CPU     time.Duration
	Queued  time.Duration
	Elapsed time.Duration
}

// sizeEvery is how many rows are taken between two looks at the memory.
const sizeEvery = 256

// Run answers a statement, within the rows and the memory of o. The columns are those of
// schema; if that is nil they have the types of the answer, see TypeOf. When ctx ends, or
// a limit is met, the query is ended on the cluster too, before Run returns. Info is what
// is known of the query, also beside an error, which is an *Error, an *exec.LimitError or
// that of ctx.
func (e *Engine) Run(ctx context.Context, statement string, schema columnar.Schema, o exec.Options) (*exec.Result, Info, error) {
	if o.MaxMemory <= 0 {
		o.MaxMemory = exec.DefaultMaxMemory
	}
	if o.MaxRows <= 0 {
		o.MaxRows = exec.DefaultMaxRows
	}
	if e.config.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.config.Timeout)
		defer cancel()
	}
	p := &progress{maxPage: o.MaxMemory}
	res, err := e.read(context.WithValue(ctx, progressKey{}, p), statement, schema, o)
	if err != nil {
		e.kill(ctx, p)
		err = e.explain(ctx, err)
	}
	info, _ := p.now()
	if info.QueryID != "" {
		info.URL = e.url.Scheme + "://" + e.url.Host + "/ui/query.html?" + info.QueryID
	}
	if err != nil {
		return nil, info, err
	}
	res.Stats = exec.Stats{Scan: query.ScanStats{Rows: info.Rows, Bytes: info.Bytes}, Memory: info.Memory}
	return res, info, nil
}

func (e *Engine) read(ctx context.Context, statement string, schema columnar.Schema, o exec.Options) (_ *exec.Result, err error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	rows, err := e.db.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			end() // or Close waits for the next page
		}
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	res := &exec.Result{Schema: schema}
	columns := make([]filler, len(types))
	if schema == nil {
		for i, t := range types {
			f := columnar.Field{Name: t.Name()}
			f.Type, columns[i] = typeOf(t)
			res.Schema = append(res.Schema, f)
		}
	} else if len(schema) != len(types) {
		return nil, fmt.Errorf("the answer has %d columns and not %d", len(types), len(schema))
	}
	res.Batch = columnar.NewBatch(res.Schema)
	values, into := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if int64(res.Batch.Len) == o.MaxRows {
			return nil, &exec.LimitError{Limit: "MaxRows", Max: o.MaxRows}
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, v := range res.Batch.Columns {
			if err := columns[i].add(v, values[i]); err != nil {
				return nil, fmt.Errorf("column %s: %w", res.Schema[i].Name, err)
			}
		}
		if res.Batch.Len++; res.Batch.Len%sizeEvery == 0 && res.Size() > o.MaxMemory {
			return nil, &exec.LimitError{Limit: "MaxMemory", Max: o.MaxMemory}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if res.Size() > o.MaxMemory {
		return nil, &exec.LimitError{Limit: "MaxMemory", Max: o.MaxMemory}
	}
	return res, nil
}

// Ask runs a statement that answers with few rows, or none, and gives their values as
// [exec.Cell] does.
func (e *Engine) Ask(ctx context.Context, statement string) ([][]any, error) {
	res, _, err := e.Run(ctx, statement, nil, exec.Options{})
	if err != nil {
		return nil, err
	}
	rows := make([][]any, res.Batch.Len)
	for i := range rows {
		for _, v := range res.Batch.Columns {
			rows[i] = append(rows[i], exec.Cell(v, i))
		}
	}
	return rows, nil
}

// Tables are the tables that are registered, by the names that Trino has them under.
func (e *Engine) Tables(ctx context.Context) ([]string, error) {
	res, _, err := e.Run(ctx, "SHOW TABLES FROM "+quoteIdent(e.config.Catalog)+"."+quoteIdent(e.config.Schema), nil, exec.Options{})
	if err != nil {
		return nil, err
	}
	names := make([]string, res.Batch.Len)
	for i := range names {
		names[i] = string(res.Batch.Columns[0].ByteAt(i))
	}
	return names, nil
}

var _ interface { // what typeOf asks of a column
	DatabaseTypeName() string
	DecimalSize() (precision, scale int64, ok bool)
} = (*sql.ColumnType)(nil)
