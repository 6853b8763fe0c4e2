package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// tableInfo is one table that the lake has.
type tableInfo struct {
	Name string `json:"name"`
	// Layer is bronze, silver, gold, quarantine, runs, identities, lookup or view.
	Layer string `json:"layer"`
}

// tableList is the tables that the lake has, and the views over them.
func (d *Datasource) tableList(ctx context.Context, r request) (any, error) {
	names, err := d.tableNames(ctx, r)
	if err != nil {
		return nil, err
	}
	out := make([]tableInfo, 0, len(names))
	for _, name := range names {
		layer := name
		switch {
		case query.IsLookup(name):
			layer = "lookup"
		case !slices.Contains(lake.Layers(), name):
			layer = "gold"
		}
		out = append(out, tableInfo{Name: name, Layer: layer})
	}
	return append(out, views(names)...), nil
}

func (d *Datasource) tableNames(ctx context.Context, r request) ([]string, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	return d.view(r.user).Tables(ctx)
}

// mustExist is an error for a table that the lake does not have.
func (d *Datasource) mustExist(ctx context.Context, table string) error {
	_, err := d.tables.Table(ctx, table)
	if errors.Is(err, query.ErrNoTable) {
		return fmt.Errorf("table %q: %w", table, err)
	}
	return err
}

// columnInfo is one column. Fields of structs are columns of their own, with the
// path as name.
type columnInfo struct {
	Name string `json:"name"`
	Type string `json:"type"` // as Spark prints it
}

// columns are those of a table.
func (d *Datasource) columns(ctx context.Context, r request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	name, err := required(r.URL.Query(), "table")
	if err != nil {
		return nil, err
	}
	if columns, ok := d.viewColumns(ctx, r, name); ok {
		return columns, nil
	}
	table, err := d.view(r.user).Table(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", name, err)
	}
	return columnList(table.Schema(), ""), nil
}

func columnList(schema columnar.Schema, prefix string) []columnInfo {
	out := []columnInfo{}
	for _, f := range schema {
		if f.Type.Kind == columnar.Struct {
			out = append(out, columnList(f.Type.Fields, prefix+f.Name+".")...)
			continue
		}
		out = append(out, columnInfo{Name: prefix + f.Name, Type: f.Type.String()})
	}
	return out
}

// valueInfo is one value of a column and on how many rows it is.
type valueInfo struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

const (
	defaultValues = 100
	maxValues     = 10_000
)

// values are the distinct values of a column in a time range, the most frequent
// first: for variables and completion.
func (d *Datasource) values(ctx context.Context, r request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	q := r.URL.Query()
	table, err := required(q, "table")
	if err != nil {
		return nil, err
	}
	column, err := required(q, "column")
	if err != nil {
		return nil, err
	}
	limit, err := numberParam(q, "limit", defaultValues, 1, maxValues)
	if err != nil {
		return nil, err
	}
	span, err := timeRange(q)
	if err != nil {
		return nil, err
	}
	plan := query.DistinctValues(table, strings.Split(column, "."), span, q.Get("prefix"), limit)
	result, err := d.run(ctx, d.view(r.user), plan)
	if a[*query.PlanError](err) {
		return nil, fmt.Errorf("%w: %w", errRequest, err)
	}
	if err != nil {
		return nil, err
	}
	out := make([]valueInfo, result.Batch.Len)
	for i := range out {
		out[i] = valueInfo{Value: textAt(result.Batch.Columns[0], i), Count: result.Batch.Columns[1].Ints[i]}
	}
	return out, nil
}

// event is the delivered lines of the fileId and lineNumber that every row of silver
// and gold has, as objects.
func (d *Datasource) event(ctx context.Context, r request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	q := r.URL.Query()
	file, err := numberParam(q, "fileId", 0, 1, 1<<62)
	if err != nil {
		return nil, err
	}
	line, err := numberParam(q, "lineNumber", 0, 1, 1<<62)
	if err != nil {
		return nil, err
	}
	lines, _, err := d.lines(ctx, r.user, file, line)
	if err != nil {
		return nil, err
	}
	return lines, nil
}

// lines is a delivered line, verbatim, with where it came from. There are several
// where a file was overwritten and another line got the number: ingestedAt tells them
// apart. The result is what all took.
//
// Whether a line may be seen is decided by its event, because the folder that it
// was delivered to may be another workspace's or nobody's; a line that became none
// is that of its folder. A line that wraps several events is seen by who may see
// all of them.
func (d *Datasource) lines(ctx context.Context, user *backend.User, file, line int64) ([]map[string]any, *result, error) {
	out, err := d.run(ctx, d.view(user), query.QuarantinedLine(file, line))
	if err != nil {
		return nil, nil, err
	}
	lines := objects(out.Batch)
	visible, err := d.run(ctx, d.view(user), query.EventRow(file, line))
	if err != nil {
		return nil, nil, err
	}
	took := (*result)(nil).and(out).and(visible)
	if visible.Batch.Len > 0 {
		all, err := d.run(ctx, d.redacted(user, d.tables), query.VerbatimEvent(file, line))
		if err != nil {
			return nil, nil, err
		}
		took = took.and(all)
		whole := wholeLines(objects(visible.Batch), lines)
		for _, l := range objects(all.Batch) {
			if whole[l["ingestedAt"]] {
				lines = append(lines, l)
			}
		}
	}
	if len(lines) == 0 {
		return nil, nil, fmt.Errorf("%w: line %d of file %d", errLine, line, file)
	}
	return lines, took, nil
}

// wholeLines are the lines, by ingestedAt, all of whose events may be seen: of one
// that wraps several, some may be another workspace's.
func wholeLines(events, refused []map[string]any) map[any]bool {
	seen, of := map[any]int64{}, map[any]int64{}
	for _, e := range slices.Concat(events, refused) {
		at := e["ingestedAt"]
		seen[at]++
		n, _ := e["eventCount"].(int64)
		of[at] = max(of[at], n)
	}
	whole := map[any]bool{}
	for _, e := range events {
		at := e["ingestedAt"]
		whole[at] = seen[at] >= of[at]
	}
	return whole
}

// objects are the rows by column. Ids are text: a browser makes doubles of numbers.
func objects(b *columnar.Batch) []map[string]any {
	out := make([]map[string]any, b.Len)
	for i := range out {
		out[i] = map[string]any{}
		for c, f := range b.Schema {
			v := b.Columns[c]
			out[i][f.Name] = v.Any(i)
			if isID(f) && !v.IsNull(i) {
				out[i][f.Name] = textAt(v, i)
			}
		}
	}
	return out
}

func required(q url.Values, name string) (string, error) {
	if v := q.Get(name); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("%w: the parameter %s is missing", errRequest, name)
}

// numberParam reads a parameter from lo to hi; a fallback below lo makes it
// required.
func numberParam(q url.Values, name string, fallback, lo, hi int64) (int64, error) {
	text := q.Get(name)
	if text == "" && fallback >= lo {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("%w: the parameter %s is a whole number from %d to %d", errRequest, name, lo, hi)
	}
	return n, nil
}

// timeRange reads the parameters from and to, in milliseconds since 1970 as
// Grafana gives them; without them there is no bound.
func timeRange(q url.Values) (out query.TimeRange, err error) {
	for name, to := range map[string]*time.Time{"from": &out.From, "to": &out.To} {
		if q.Get(name) == "" {
			continue
		}
		ms, err := numberParam(q, name, -1, 0, 1<<53)
		if err != nil {
			return out, err
		}
		*to = time.UnixMilli(ms).UTC()
	}
	return out, nil
}
