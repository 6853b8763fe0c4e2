// Package trino answers plans with Trino: a bound plan becomes one statement of SQL that
// gives the same rows.
//
//	query.Bound --Print--> SELECT ...              trino.go     operators
//	                                               order.go     in which order rows are
//	                                               network.go   joins by network
//	                                               expr.go      expressions
//	                                               cast.go, bucket.go, regexp.go
//	                                               functions.go query.Functions
//
// What a plan means is in docs/semantics.md, and Trino means something else by much of
// what looks the same. So a statement says all that it relies on:
//
//   - Values have one type for each family of kinds: bigint, double, varchar, boolean,
//     date, and timestamp(6) without a zone, which is a time in UTC. A scan makes them of
//     what the table has; a Delta timestamp is timestamp(3) with time zone there. The
//     zone of the session is never asked.
//   - Nothing but a sum beyond a long ends in an error: what has no value is null.
//   - Each operator is a SELECT over its inputs, which it calls q, or l and r. Its
//     columns have the names of the plan, made different where Trino, to which letter
//     case is nothing, would take them for one.
//   - Trino forgets the order of what is in brackets. An order is thus a list of columns
//     that a SELECT hands on, and ORDER BY is where rows are cut off and at the end.
package trino

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// UnsupportedError is why a plan cannot be said in Trino's SQL: another engine has to
// answer it.
type UnsupportedError struct{ Construct string }

func (e *UnsupportedError) Error() string { return e.Construct + " is not supported on Trino" }

// Print is a bound plan as one statement of Trino, with the columns of b.Schema() in
// order, most of which have their names, and the rows in the plan's order. From writes a scanned table that exists as an
// item of FROM, without an alias: a name, FOR VERSION AS OF a version, or a SELECT in
// brackets. Which of the table's rows may be seen is up to it; the time range of the scan
// is not. What cannot be said in Trino is an *UnsupportedError.
func Print(b *query.Bound, from func(scan *query.Bound) (string, error)) (string, error) {
	p := &statement{from: from}
	r := p.print(b)
	cols := make([]string, len(b.Cols))
	for i, c := range unlike(b.Cols) {
		cols[i] = column(r.names[i]) + " AS " + quoteIdent(c)
	}
	text := "SELECT " + strings.Join(cols, ", ") + of(r, "q") + p.orderBy(r.order)
	if p.err != nil {
		return "", p.err
	}
	return text, nil
}

// statement prints one plan. Its error is the first that there was; what is printed after
// it is of no meaning.
type statement struct {
	from func(*query.Bound) (string, error)
	err  error
}

func (p *statement) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

// relation is what an operator gives: a SELECT, whose columns are those of the operator
// under these names, and the columns that its order is by.
type relation struct {
	text  string
	names []string
	order []term
}

// of is a relation as what a SELECT is from.
func of(r relation, as string) string { return "\nFROM (" + r.text + ") AS " + as }

func (p *statement) print(b *query.Bound) relation {
	in := make([]relation, len(b.Inputs))
	for i := range in {
		in[i] = p.print(b.Inputs[i])
	}
	switch n := b.Node.(type) {
	case query.Scan:
		return p.scan(b, n)
	case query.Filter:
		in[0].text = "SELECT *" + of(in[0], "q") + "\nWHERE " + p.scope(b, in).as(n.If, columnar.Boolean)
		return in[0]
	case query.Project:
		return p.project(b, n, in)
	case query.Aggregate:
		return p.aggregate(b, n, in)
	case query.Union:
		return union(in)
	case query.Join:
		return p.join(b, n, in)
	case query.Window:
		return p.window(b, n, in)
	case query.Sort:
		return p.sort(b, n, in)
	case query.Limit:
		in[0].text = "SELECT *" + of(in[0], "q") + p.orderBy(in[0].order) + fmt.Sprintf("\nLIMIT %d", n.N)
		return in[0]
	}
	p.note(&UnsupportedError{fmt.Sprintf("%T", b.Node)})
	return relation{names: make([]string, len(b.Cols))}
}

// scope is the columns of the first input.
func (p *statement) scope(b *query.Bound, in []relation) scope {
	return scope{p, b.Inputs[0].Cols, in[0].names}
}

// unlike are names of columns of which no two are the same to Trino, and none is that of
// an input: in an ORDER BY it would be taken for the column.
func unlike(cols []query.BoundCol, taken ...string) []string {
	seen := map[string]bool{"q": true, "l": true, "r": true, "a": true, "m": true, "t": true}
	for _, name := range taken {
		seen[strings.ToLower(name)] = true
	}
	out := make([]string, len(cols))
	for i, c := range cols {
		name := c.Name()
		for n := 2; seen[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%s %d", c.Name(), n)
		}
		seen[strings.ToLower(name)] = true
		out[i] = name
	}
	return out
}

func selected(texts, names []string) string {
	parts := make([]string, len(texts))
	for i := range texts {
		parts[i] = texts[i] + " AS " + quoteIdent(names[i])
	}
	if len(parts) == 0 {
		return `SELECT 1 AS "-"` // a SELECT has at least one column
	}
	return "SELECT " + strings.Join(parts, ", ")
}

// scan reads a table. Its time range is also one of dates, by which files are left out.
func (p *statement) scan(b *query.Bound, s query.Scan) relation {
	names := unlike(b.Cols)
	texts := make([]string, len(b.Cols))
	if b.Table == nil {
		for i, c := range b.Cols {
			texts[i] = "CAST(NULL AS " + typeName(c.Type) + ")"
		}
		return relation{text: selected(texts, names) + "\nWHERE false", names: names}
	}
	for i, c := range b.Cols {
		texts[i] = sourceText(b.Sources[i], c.Type)
	}
	table, err := p.from(b)
	p.note(err)
	text := selected(texts, names) + "\nFROM " + table + " AS t"
	if where := rangeText(s.Range, b.Table.Schema()); len(where) > 0 {
		text += "\nWHERE " + strings.Join(where, " AND ")
	}
	return relation{text: text, names: names}
}

// sourceText is a column of a table as a value of the type that it has in a statement.
func sourceText(src query.Source, t columnar.Type) string {
	if src.Path == nil {
		return "CAST(NULL AS " + typeName(t) + ")"
	}
	x := "t"
	for _, name := range src.Path {
		x += "." + quoteIdent(name)
	}
	if src.Key != nil {
		x = "element_at(" + x + ", " + quoteString(*src.Key) + ")"
	}
	switch k := t.Kind; {
	case k == columnar.Timestamp:
		return "CAST(" + x + " AT TIME ZONE 'UTC' AS timestamp(6))"
	case k == columnar.TimestampNTZ, k == columnar.Float, k.InInts() && k < columnar.Long && k != columnar.Boolean:
		return "CAST(" + x + " AS " + typeName(t) + ")"
	}
	return x
}

// rangeText is a time range as conditions, in the type of the table, so that Trino knows
// from statistics which files to read.
func rangeText(r query.TimeRange, schema columnar.Schema) (where []string) {
	i := schema.IndexFold(query.TimeColumn)
	if i < 0 {
		return nil
	}
	at := "t." + quoteIdent(schema[i].Name)
	var day string
	if j := schema.IndexFold(query.DateColumn); j >= 0 && schema[j].Type.Kind == columnar.Date {
		day = "t." + quoteIdent(schema[j].Name)
	}
	add := func(op string, micros int64, dayOp string, of int64) {
		where = append(where, at+op+withZone(micros))
		if day != "" {
			where = append(where, day+dayOp+literal(columnar.IntValue(columnar.Date, dayOf(of))))
		}
	}
	from, hasFrom, to, hasTo := r.Micros()
	if hasFrom {
		add(" >= ", from, " >= ", from)
	}
	if hasTo {
		add(" < ", to, " <= ", to-1)
	}
	return where
}

// dayOf is the date, in days since 1970, of an instant in microseconds.
func dayOf(micros int64) int64 {
	const day = 24 * 3600 * 1_000_000
	return (micros - ((micros%day)+day)%day) / day
}

// withZone is an instant to the millisecond, as Delta tables have it in Trino, or to the
// microsecond where it is between two of those.
func withZone(micros int64) string {
	form := "2006-01-02 15:04:05.000"
	if micros%1000 != 0 {
		form = "2006-01-02 15:04:05.000000"
	}
	return "TIMESTAMP '" + time.UnixMicro(micros).UTC().Format(form) + " UTC'"
}

func (p *statement) project(b *query.Bound, n query.Project, in []relation) relation {
	s := p.scope(b, in)
	texts := make([]string, 0, len(n.Cols))
	for _, c := range n.Cols {
		texts = append(texts, s.print(c.Expr))
	}
	names := unlike(b.Cols)
	order, kept := handOn(in[0].order, texts, names)
	all := slices.Clone(names)
	for _, k := range kept {
		texts, all = append(texts, column(k.from)), append(all, k.to)
	}
	return relation{selected(texts, all) + of(in[0], "q"), names, order}
}

func (p *statement) aggregate(b *query.Bound, n query.Aggregate, in []relation) relation {
	s := p.scope(b, in)
	var texts, places []string
	for i, by := range n.By {
		texts = append(texts, s.print(by.Expr))
		places = append(places, fmt.Sprint(i+1))
	}
	for i, a := range n.Aggs {
		texts = append(texts, s.aggregate(a, b.Cols[len(n.By)+i].Type))
	}
	names := unlike(b.Cols)
	text := selected(texts, names) + of(in[0], "q")
	if len(places) > 0 {
		text += "\nGROUP BY " + strings.Join(places, ", ")
	}
	return relation{text: text, names: names}
}

// aggregate is the value of an aggregate function over a group.
func (s scope) aggregate(a query.Agg, t columnar.Type) string {
	var where []string
	if a.Where != nil {
		where = append(where, s.as(a.Where, columnar.Boolean))
	}
	filtered := func(text string, more ...string) string {
		if all := append(slices.Clone(where), more...); len(all) > 0 {
			return text + " FILTER (WHERE " + strings.Join(all, " AND ") + ")"
		}
		return text
	}
	if a.Arg == nil {
		return filtered("count(*)")
	}
	if a.Func > query.Percentile {
		s.p.note(&UnsupportedError{"aggregate " + a.Func.String()})
		return "NULL"
	}
	kind := s.kind(a.Arg)
	x := s.as(a.Arg, t.Kind)
	if a.Func == query.Count || a.Func == query.CountDistinct {
		x = s.as(a.Arg, kind)
	}
	switch a.Func {
	case query.Count:
		return filtered("count(" + x + ")")
	case query.CountDistinct:
		return filtered("count(DISTINCT " + x + ")")
	case query.Sum:
		return exactly(t.Kind, filtered("sum("+wide(x, t.Kind)+")"))
	case query.Avg:
		x = s.print(a.Arg)
		if kind.InFloats() {
			return filtered("avg(" + x + ")")
		}
		return "(CAST(" + filtered("sum("+wide(x, kind)+")") + " AS double) / " + filtered("count("+x+")") + ")"
	case query.Min, query.Max:
		return leastOrGreatest(a.Func, x, kind, filtered)
	case query.Percentile:
		sorted := filtered("array_agg("+x+" ORDER BY "+strings.Join(orderTexts(x, t, ""), ", ")+")", x+" IS NOT NULL")
		rank := fmt.Sprintf("greatest(BIGINT '1', CAST(ceil(%s * %s) AS bigint))", literal(columnar.FloatValue(a.P)), filtered("count("+x+")"))
		return "element_at(" + sorted + ", " + rank + ")"
	}
	by, desc := s.print(a.By), ""
	if a.Func == query.ArgMax {
		desc = " DESC"
	}
	first := append(orderTexts(by, s.typeOf(a.By), desc), orderTexts(x, t, "")...)
	return "element_at(" + filtered("array_agg("+x+" ORDER BY "+strings.Join(first, ", ")+")", by+" IS NOT NULL") + ", 1)"
}

// wide is a long that does not overflow when it is summed: a sum is only beyond a long
// if all of it is, however the rows come.
func wide(x string, k columnar.Kind) string {
	if k.InFloats() {
		return x
	}
	return "CAST(" + x + " AS decimal(38, 0))"
}

// exactly is a sum of what wide gives.
func exactly(k columnar.Kind, sum string) string {
	if k.InFloats() {
		return sum
	}
	return "CAST(" + sum + " AS bigint)"
}

// leastOrGreatest is the least or greatest value, NaN being before all numbers.
func leastOrGreatest(f query.AggFunc, x string, k columnar.Kind, filtered func(string, ...string) string) string {
	of := f.String() + "(" + x + ")"
	switch {
	case !k.InFloats():
		return filtered(of)
	case f == query.Min:
		return "(CASE WHEN " + filtered("bool_or(is_nan("+x+"))") + " THEN nan() ELSE " + filtered(of, "NOT is_nan("+x+")") + " END)"
	}
	return "coalesce(" + filtered(of, "NOT is_nan("+x+")") + ", " + filtered("arbitrary("+x+")") + ")"
}

// union gives one input after the other: which one a row is from is its order.
func union(in []relation) relation {
	names := in[0].names
	place := fresh(names)
	parts := make([]string, len(in))
	for i, r := range in {
		texts := make([]string, 0, len(r.names)+1)
		for _, name := range r.names {
			texts = append(texts, column(name))
		}
		texts = append(texts, literal(columnar.IntValue(columnar.Long, int64(i))))
		parts[i] = selected(texts, append(slices.Clone(names), place)) + of(r, "q")
	}
	return relation{strings.Join(parts, "\nUNION ALL\n"), names, []term{{name: place, t: columnar.Of(columnar.Long)}}}
}

// side is a column of one side of a join.
func side(as, name string) string { return as + "." + quoteIdent(name) }

func (p *statement) join(b *query.Bound, j query.Join, in []relation) relation {
	l, r := in[0], in[1]
	if j.Network != nil {
		return p.joinNetwork(b, j, l, r)
	}
	var on []string
	for i := range j.LKeys {
		lc, rc := query.FindColumn(b.Inputs[0].Cols, j.LKeys[i:i+1]), query.FindColumn(b.Inputs[1].Cols, j.RKeys[i:i+1])
		k := b.Inputs[0].Cols[lc].Type.Kind
		on = append(on, key(side("l", l.names[lc]), k)+" = "+key(side("r", r.names[rc]), k))
	}
	names, texts := unlike(b.Cols), given(b, l, r)
	text := selected(texts, names) + of(l, "l")
	if j.Kind == query.Anti {
		text += "\nWHERE NOT EXISTS (SELECT 1" + of(r, "r") + "\nWHERE " + strings.Join(on, " AND ") + ")"
	} else {
		text += "\n" + joinText[j.Kind] + " (" + r.text + ") AS r ON " + strings.Join(on, " AND ")
	}
	return relation{text: text, names: names}
}

var joinText = [...]string{query.Inner: "JOIN", query.Left: "LEFT JOIN"}

// key is a key of a join. Doubles are compared by their bits, of which there is one NaN
// and, after an addition, one zero.
func key(x string, k columnar.Kind) string {
	if k.InFloats() {
		return "to_ieee754_64(" + x + " + DOUBLE '0')"
	}
	return x
}

// given are the columns of both sides that a join gives.
func given(b *query.Bound, l, r relation) []string {
	texts := sides(l.names, "l")
	for _, i := range b.Right {
		texts = append(texts, side("r", r.names[i]))
	}
	return texts
}

func (p *statement) window(b *query.Bound, w query.Window, in []relation) relation {
	s := p.scope(b, in)
	t := b.Cols[len(b.Cols)-1].Type
	if w.Func > query.SumRange || w.Offset != 0 || w.Default != nil {
		p.note(&UnsupportedError{"window " + w.Func.String()})
	}
	function := w.Func.String() + "()"
	switch {
	case w.Func == query.CountRange && w.Arg == nil:
		function = "count(*)"
	case w.Func == query.SumRange:
		function = "sum(" + wide(s.as(w.Arg, t.Kind), t.Kind) + ")"
	case w.Func == query.CountRange:
		function = "count(" + s.as(w.Arg, columnar.Boolean) + ")"
	case w.Arg != nil:
		function = w.Func.String() + "(" + s.as(w.Arg, t.Kind) + ")"
	}
	value := function + " OVER (" + s.over(w) + ")"
	if w.Func == query.SumRange {
		value = exactly(t.Kind, value)
	}
	name := unlike(b.Cols[len(b.Cols)-1:], in[0].names...)
	texts := make([]string, 0, len(in[0].names)+1)
	for _, name := range in[0].names {
		texts = append(texts, column(name))
	}
	names := append(slices.Clone(in[0].names), name...)
	return relation{text: selected(append(texts, value), names) + of(in[0], "q"), names: names}
}

// over is partition, order and frame of a window. What has no columns parts nothing and
// orders nothing.
func (s scope) over(w query.Window) string {
	var parts []string
	var partition, order []string
	for _, e := range w.Partition {
		if len(query.Columns(e)) > 0 {
			partition = append(partition, s.print(e))
		}
	}
	if len(partition) > 0 {
		parts = append(parts, "PARTITION BY "+strings.Join(partition, ", "))
	}
	for _, k := range w.Order {
		if len(query.Columns(k.By)) > 0 {
			order = append(order, orderTexts(s.print(k.By), s.typeOf(k.By), direction(k.Desc))...)
		}
	}
	frame := "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
	switch {
	case w.Func != query.CountRange && w.Func != query.SumRange:
		frame = ""
		for i, c := range s.cols {
			order = append(order, orderTexts(column(s.names[i]), c.Type, "")...)
		}
	case len(order) == 0:
		frame = ""
	case w.Within > 0 && w.Within%time.Millisecond == 0:
		frame = fmt.Sprintf("RANGE BETWEEN INTERVAL '%d.%03d' SECOND PRECEDING AND CURRENT ROW", w.Within/time.Second, w.Within%time.Second/time.Millisecond)
	case w.Within > 0: // Trino's intervals have no microseconds
		order = []string{micros(s.print(w.Order[0].By)) + " NULLS FIRST"}
		frame = fmt.Sprintf("RANGE BETWEEN BIGINT '%d' PRECEDING AND CURRENT ROW", w.Within.Microseconds())
	}
	if len(order) > 0 {
		parts = append(parts, "ORDER BY "+strings.Join(order, ", "))
	}
	if frame != "" {
		parts = append(parts, frame)
	}
	return strings.Join(parts, " ")
}
