package plugin

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// mostAnnotations is how many marks one query puts on a panel: more cannot be told
// apart, and make browsers slow.
const mostAnnotations = 2_000

// annotations are the rows of an answer that has a time as Grafana's annotation
// support reads them; docs/annotations.md has the rule.
//
//	time     of the row; rows without one are left out
//	timeEnd  where the row is about a span: null if it is not
//	title    what happened
//	text     the columns that are nothing else
//	tags     with commas between them
//	id       the same for the same row
//
// Grafana shows title and text as HTML, so what events say is escaped.
func (a answer) annotations() (*data.Frame, []data.Notice, error) {
	b := a.result.Batch
	is, err := partsOf(b.Schema)
	if err != nil {
		return nil, nil, err
	}
	rows := slices.DeleteFunc(all(b), func(i int) bool { return b.Columns[is.time].IsNull(i) })
	slices.SortStableFunc(rows, func(x, y int) int { return timeAt(b.Columns[is.time], x).Compare(timeAt(b.Columns[is.time], y)) })
	var notices []data.Notice
	if over := len(rows) - mostAnnotations; over > 0 {
		rows = rows[over:]
		notices = []data.Notice{{
			Severity: data.NoticeSeverityWarning,
			Text:     fmt.Sprintf("Only the newest %d of %d annotations are shown: choose a shorter time range or filters.", mostAnnotations, over+mostAnnotations),
		}}
	}
	texts := func(of func(i int) string) []string {
		out := make([]string, len(rows))
		for n, i := range rows {
			out[n] = of(i)
		}
		return out
	}
	frame := data.NewFrame("")
	add := func(name string, values any) { frame.Fields = append(frame.Fields, data.NewField(name, nil, values)) }
	times := make([]time.Time, len(rows))
	for n, i := range rows {
		times[n] = timeAt(b.Columns[is.time], i)
	}
	add("time", times)
	if ends := a.ends(is, rows); ends != nil {
		add("timeEnd", ends)
	}
	if is.title >= 0 || a.title != "" {
		add("title", texts(func(i int) string { return html.EscapeString(cmp.Or(is.cell(b, is.title, i), a.title)) }))
	}
	add("text", texts(func(i int) string { return html.EscapeString(is.textOf(b, i)) }))
	if is.tags >= 0 || len(a.tags) > 0 {
		add("tags", texts(func(i int) string { return is.tagsOf(b, i, a.tags) }))
	}
	seen := map[uint64]int{}
	add("id", texts(func(i int) string { return is.id(b, a.name, i, seen) }))
	return frame, notices, nil
}

// ends are the ends of the rows' spans: as a column says, or that of the bucket that
// the time is the start of. Nil if no row has any.
func (a answer) ends(p parts, rows []int) []*time.Time {
	b, out := a.result.Batch, make([]*time.Time, len(rows))
	if p.end >= 0 {
		for n, i := range rows {
			if !b.Columns[p.end].IsNull(i) {
				at := timeAt(b.Columns[p.end], i)
				out[n] = &at
			}
		}
		return out
	}
	bucket, ok := query.BucketOf(a.plan, b.Schema[p.time].Name)
	if !ok {
		return nil
	}
	buckets, err := query.NewBucketing(bucket.Unit, bucket.Zone)
	if err != nil {
		return nil // the plan would not have run
	}
	for n, i := range rows {
		at := time.UnixMicro(buckets.After(timeAt(b.Columns[p.time], i).UnixMicro())).UTC()
		out[n] = &at
	}
	return out
}

// parts are which column is what, by index; -1 for none.
type parts struct {
	time, end, title, text, tags, ident int
}

func partsOf(schema columnar.Schema) (parts, error) {
	called := func(names ...string) int {
		return slices.IndexFunc(schema, func(f columnar.Field) bool {
			return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(f.Name, name) })
		})
	}
	p := parts{
		time: called("time"), end: called("timeEnd", "time_end", "finishedAt"), title: called("title"),
		text: called("text"), tags: called("tags"), ident: called("id"),
	}
	if p.time < 0 || !isTime(schema[p.time]) {
		p.time = slices.IndexFunc(schema, isTime)
	}
	if p.time < 0 {
		return p, fmt.Errorf("%w: annotations need a column that is a time", errQuery)
	}
	if p.end >= 0 && !isTime(schema[p.end]) {
		return p, fmt.Errorf("%w: %s of annotations is a time", errQuery, schema[p.end].Name)
	}
	return p, nil
}

// cell is one column as text, and "" for null or no column.
func (p parts) cell(b *columnar.Batch, column, i int) string {
	if column < 0 {
		return ""
	}
	return shown(b.Columns[column], i)
}

// textOf is the column text, or else the names and values of all that have no other
// part and are not null.
func (p parts) textOf(b *columnar.Batch, i int) string {
	if p.text >= 0 {
		return p.cell(b, p.text, i)
	}
	var out []string
	for c, f := range b.Schema {
		if !slices.Contains([]int{p.time, p.end, p.title, p.tags, p.ident}, c) && !b.Columns[c].IsNull(i) {
			out = append(out, f.Name+": "+shown(b.Columns[c], i))
		}
	}
	return strings.Join(out, ", ")
}

// tagsOf are the tags of the column, a text with commas or a list, or those of the
// query.
func (p parts) tagsOf(b *columnar.Batch, i int, fallback []string) string {
	tags := fallback
	if p.tags >= 0 {
		v := b.Columns[p.tags]
		list, isList := v.Any(i).([]any)
		if !isList {
			return p.cell(b, p.tags, i)
		}
		tags = nil
		for _, tag := range list {
			tags = append(tags, strings.ReplaceAll(fmt.Sprint(tag), ",", " "))
		}
	}
	return strings.Join(tags, ",")
}

// id is the column id, or made of all there is of the row and of how many like it
// came before.
func (p parts) id(b *columnar.Batch, name string, i int, seen map[uint64]int) string {
	if id := p.cell(b, p.ident, i); id != "" {
		return id
	}
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%q", name)
	for c := range b.Schema {
		_, _ = fmt.Fprintf(h, "%q", p.cell(b, c, i))
	}
	sum := h.Sum64()
	seen[sum]++
	return fmt.Sprintf("%016x-%d", sum, seen[sum])
}

// shown is a value as people read it.
func shown(v *columnar.Vector, i int) string {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return ""
	case k == columnar.Date:
		return timeAt(v, i).Format(time.DateOnly)
	case k == columnar.Timestamp, k == columnar.TimestampNTZ:
		return timeAt(v, i).Format("2006-01-02 15:04:05")
	case k.InFloats():
		return fmt.Sprint(v.Floats[i])
	}
	return labelAt(v, i)
}
