package querytest

import (
	"fmt"
	"math/bits"
	"time"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Words are what random strings are made of. Some are JSON, some only begin like
// it, and some are addresses.
var Words = []string{
	"", "a", "ab", "b", "job-1", "JOB-1", "12", "7", "-3", "zz", " a b ", "ünï", "x-y--z",
	`{"x":"a"}`, `{"K":"b","y":[{"k":null},{"k":7}]}`, `{"j":"{\"k\":\"b\"}"}`, `{"x":"ab`,
	`{"requestParams":"a","response":{"result":"b","statusCode":400}}`,
	"10.1.2.3", "10.1.2.3:0", "::ffff:10.9.0.1", "[2001:db8::1]:443",
}

// RandomTable is the name of the tables that random plans read.
var RandomTables = []string{"t", "u"}

// Start is when the events of random tables start. They are ten minutes apart.
var Start = time.Date(2024, 1, 31, 22, 0, 0, 0, time.UTC)

// columns are the columns that a random expression may use.
type columns struct{ strs, longs, bools, times []query.Col }

func tableColumns() columns {
	str, long := columnar.String, columnar.Long
	return columns{
		strs: []query.Col{
			query.Column(str, "actor"), query.Column(str, "extra"), query.Column(str, "REQUESTPARAMS", "X"),
			query.Column(str, "requestParamsRest", "k"), query.Column(str, "missing"),
		},
		longs: []query.Col{
			query.Column(long, "autoterminationMinutes"), query.Column(long, "workspaceId"),
			query.Column(long, "requestParams", "n"), query.Column(long, "requestParams", "missing"),
		},
		bools: []query.Col{query.Column(columnar.Boolean, "isInteractive")},
		times: []query.Col{query.Column(columnar.Timestamp, query.TimeColumn)},
	}
}

// DrawFiles makes files of a table with nulls everywhere. Each file draws from a
// part of the values, so that statistics tell files apart. The columns are some of
// gold's, so that there is something to hide.
func DrawFiles(t *rapid.T) []*columnar.Batch {
	long, str := columnar.Of(columnar.Long), columnar.Of(columnar.String)
	schema := columnar.Schema{
		{Name: "actor", Type: str},
		{Name: "extra", Type: str},
		{Name: "autoterminationMinutes", Type: long},
		{Name: "workspaceId", Type: long},
		{Name: "isInteractive", Type: columnar.Of(columnar.Boolean)},
		{Name: query.TimeColumn, Type: columnar.Of(columnar.Timestamp)},
		{Name: "requestParams", Type: columnar.StructOf(columnar.Field{Name: "x", Type: str}, columnar.Field{Name: "n", Type: long})},
		{Name: "requestParamsRest", Type: columnar.MapOf(str, str)},
	}
	files := make([]*columnar.Batch, 1+upTo(t, 2))
	for f := range files {
		b := columnar.NewBatch(schema)
		low := upTo(t, len(Words)-1)
		high := low + upTo(t, len(Words)-1-low)
		nulls := pick(t, 0, 0, 1, 1, 2, 3)
		for range 3 + upTo(t, 9) {
			for _, v := range b.Columns {
				drawValue(t, v, low, high, nulls)
			}
			b.Len++
		}
		files[f] = b
	}
	return files
}

// drawValue appends a value; of three, nulls are null.
func drawValue(t *rapid.T, v *columnar.Vector, low, high, nulls int) {
	if upTo(t, 2) < nulls {
		v.AppendNull()
		return
	}
	n := low + upTo(t, high-low)
	switch v.Type.Kind {
	case columnar.String:
		v.AppendString(Words[n])
	case columnar.Boolean:
		v.AppendInt(int64(n % 2))
	case columnar.Timestamp:
		v.AppendInt(Start.Add(time.Duration(n) * 10 * time.Minute).UnixMicro())
	case columnar.Struct:
		for _, c := range v.Children {
			drawValue(t, c, low, high, min(nulls, 1))
		}
		v.AppendNested()
	case columnar.Map:
		for i, key := range []string{"j", "k", "l"} {
			if (n+i)%2 == 0 {
				v.Children[0].AppendString(key)
				drawValue(t, v.Children[1], low, high, nulls)
			}
		}
		v.AppendNested()
	default:
		v.AppendInt(int64(n - 4))
	}
}

// upTo is a number from 0 up to n, each as likely as any other: rapid's ranges
// prefer small ones, and then few plans have many rows.
func upTo(t *rapid.T, n int) int {
	x := 0
	for range bits.Len(uint(n)) + 2 {
		x *= 2
		if rapid.Bool().Draw(t, "bit") {
			x++
		}
	}
	return x % (n + 1)
}

func pick[T any](t *rapid.T, options ...T) T { return options[upTo(t, len(options)-1)] }

func chance(t *rapid.T) bool { return rapid.Bool().Draw(t, "chance") }

// DrawPlan makes a plan over the RandomTables. Its rows are in a total order.
func DrawPlan(t *rapid.T) query.Plan {
	cols := tableColumns()
	p := drawScan(t, cols)
	if chance(t) {
		p, cols = drawProject(t, p, cols, "")
		if upTo(t, 2) > 0 {
			p, cols = drawJoin(t, p, cols)
		}
		for range upTo(t, 2) {
			p, cols = drawWindow(t, p, cols)
		}
		if upTo(t, 3) == 0 {
			p = p.Filter(cols.predicate(t, 1))
		}
	}
	if chance(t) || len(cols.strs[0].Path) == 1 && cols.strs[0].Path[0] == "actor" {
		p, cols = drawAggregate(t, p, cols)
		if upTo(t, 3) == 0 {
			p = p.Filter(cols.predicate(t, 1))
		}
	}
	p = p.Sort(query.SortKey{By: pick(t, cols.string(t, 0), cols.long(t, 0)), Desc: chance(t)})
	if chance(t) {
		p = p.Limit(int64(upTo(t, 10)))
	}
	return p
}

func drawScan(t *rapid.T, cols columns) query.Plan {
	p := query.From(pick(t, RandomTables...), query.TimeRange{})
	for range pick(t, 0, 0, 0, 0, 1, 2) {
		p = p.Filter(cols.predicate(t, 2))
	}
	return p
}

// drawProject names columns of each kind: s0, s1, n0, n1, b0 and at0, after the
// prefix.
func drawProject(t *rapid.T, p query.Plan, in columns, prefix string) (query.Plan, columns) {
	var out columns
	var outputs []query.Output
	add := func(to *[]query.Col, name string, e query.Expr) {
		name = prefix + name
		outputs = append(outputs, query.As(name, e))
		*to = append(*to, query.Name(name))
	}
	for i := range 2 {
		add(&out.strs, fmt.Sprint("s", i), in.string(t, i))
		add(&out.longs, fmt.Sprint("n", i), in.long(t, i))
	}
	// A bare NULL has no type; a CASE over it has.
	add(&out.bools, "b0", query.Case{When: []query.When{{If: in.predicate(t, 1), Then: query.Bool(true)}}})
	add(&out.times, "at0", in.time(t, upTo(t, 1)))
	return p.Project(outputs...), out
}

func drawJoin(t *rapid.T, p query.Plan, l columns) (query.Plan, columns) {
	kind := pick(t, query.Inner, query.Inner, query.Left, query.Left, query.Anti)
	other := drawScan(t, tableColumns())
	other, r := drawProject(t, other, tableColumns(), "r_")
	var on []query.On
	pair := func(a, b []query.Col) query.On { return query.On{L: pick(t, a...).Path[0], R: pick(t, b...).Path[0]} }
	for range pick(t, 1, 1, 2) {
		switch upTo(t, 3) {
		case 0:
			on = append(on, pair(l.longs, r.longs))
		case 1:
			on = append(on, pair(l.times, r.times))
		default:
			on = append(on, pair(l.strs, r.strs))
		}
	}
	if kind == query.Anti {
		return p.Join(kind, other, on...), l
	}
	return p.Join(kind, other, on...), columns{
		append(l.strs, r.strs...), append(l.longs, r.longs...), append(l.bools, r.bools...), append(l.times, r.times...),
	}
}

func drawWindow(t *rapid.T, p query.Plan, cols columns) (query.Plan, columns) {
	w := query.Window{Name: fmt.Sprint("w", len(cols.longs)+len(cols.strs)), Func: query.WindowFunc(upTo(t, 4))}
	for range upTo(t, 2) {
		w.Partition = append(w.Partition, pick(t, cols.string(t, 1), cols.long(t, 0)))
	}
	w.Order = []query.SortKey{{By: pick(t, cols.string(t, 0), cols.long(t, 1)), Desc: chance(t)}, {By: cols.time(t, 0)}}
	text := false
	switch w.Func {
	case query.Lag, query.Lead:
		if text = chance(t); text {
			w.Arg = cols.string(t, 1)
		} else {
			w.Arg = cols.long(t, 1)
		}
	case query.SumRange:
		w.Arg = cols.long(t, 1)
	case query.CountRange:
		if chance(t) {
			w.Arg = query.Case{When: []query.When{{If: cols.predicate(t, 1), Then: query.Int(1)}}}
		}
	}
	if w.Func >= query.CountRange && chance(t) {
		w.Within = pick(t, 10*time.Minute, 25*time.Minute, time.Microsecond)
		w.Order = []query.SortKey{{By: cols.time(t, 1)}}
	}
	if text {
		cols.strs = append(cols.strs, query.Name(w.Name))
	} else {
		cols.longs = append(cols.longs, query.Name(w.Name))
	}
	return p.Window(w), cols
}

func drawAggregate(t *rapid.T, p query.Plan, in columns) (query.Plan, columns) {
	var by []query.Output
	out := columns{bools: nil}
	for i := range upTo(t, 3) {
		name := fmt.Sprint("c", i)
		switch upTo(t, 3) {
		case 0:
			by = append(by, query.As(name, in.long(t, 1)))
			out.longs = append(out.longs, query.Name(name))
		case 1:
			name = fmt.Sprint("at", i)
			by = append(by, query.As(name, in.time(t, 1)))
			out.times = append(out.times, query.Name(name))
		default:
			by = append(by, query.As(name, in.string(t, 1)))
			out.strs = append(out.strs, query.Name(name))
		}
	}
	aggs := []query.Agg{query.CountRows("rows")}
	out.longs = append(out.longs, query.Name("rows"))
	for i := range 1 + upTo(t, 2) {
		aggs = append(aggs, drawAgg(t, in, fmt.Sprint("a", i)))
	}
	return p.Aggregate(by, aggs...), out
}

func drawAgg(t *rapid.T, cols columns, name string) query.Agg {
	a := query.Agg{Name: name, Func: query.AggFunc(upTo(t, 8))}
	any := func() query.Expr { return pick(t, cols.string(t, 1), cols.long(t, 1), cols.time(t, 0)) }
	switch a.Func {
	case query.Count:
		if chance(t) {
			a.Arg = any()
		}
	case query.Sum, query.Avg:
		a.Arg = cols.long(t, 1)
	case query.ArgMin, query.ArgMax:
		a.Arg, a.By = any(), any()
	default:
		a.Arg = any()
	}
	if a.Func == query.Percentile {
		a.P = pick(t, 0, 0.07, 0.25, 0.5, 0.9, 1)
	}
	if chance(t) {
		a.Where = cols.predicate(t, 1)
	}
	return a
}
