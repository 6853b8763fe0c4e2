package querytest

import (
	"fmt"
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
	files := make([]*columnar.Batch, rapid.IntRange(1, 3).Draw(t, "files"))
	for f := range files {
		b := columnar.NewBatch(schema)
		low := rapid.IntRange(0, len(Words)-1).Draw(t, "low")
		high := rapid.IntRange(low, len(Words)-1).Draw(t, "high")
		nulls := rapid.IntRange(0, 3).Draw(t, "nulls")
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
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
	if rapid.IntRange(0, 2).Draw(t, "null") < nulls {
		v.AppendNull()
		return
	}
	n := rapid.IntRange(low, high).Draw(t, "value")
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

func pick[T any](t *rapid.T, options ...T) T {
	return options[rapid.IntRange(0, len(options)-1).Draw(t, "pick")]
}

func chance(t *rapid.T) bool { return rapid.Bool().Draw(t, "chance") }

// DrawPlan makes a plan over the RandomTables. Its rows are in a total order.
func DrawPlan(t *rapid.T) query.Plan {
	cols := tableColumns()
	p := drawScan(t, cols)
	if chance(t) {
		p, cols = drawProject(t, p, cols, "")
		if rapid.IntRange(0, 2).Draw(t, "join") > 0 {
			p, cols = drawJoin(t, p, cols)
		}
		for range rapid.IntRange(0, 2).Draw(t, "windows") {
			p, cols = drawWindow(t, p, cols)
		}
		if chance(t) {
			p = p.Filter(cols.predicate(t, 1))
		}
	}
	if chance(t) || len(cols.strs[0].Path) == 1 && cols.strs[0].Path[0] == "actor" {
		p, cols = drawAggregate(t, p, cols)
		if chance(t) {
			p = p.Filter(cols.predicate(t, 1))
		}
	}
	p = p.Sort(query.SortKey{By: pick(t, cols.string(t, 0), cols.long(t, 0)), Desc: chance(t)})
	if chance(t) {
		p = p.Limit(rapid.Int64Range(0, 10).Draw(t, "n"))
	}
	return p
}

func drawScan(t *rapid.T, cols columns) query.Plan {
	p := query.From(pick(t, RandomTables...), query.TimeRange{})
	for range rapid.IntRange(0, 2).Draw(t, "filters") {
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
		add(&out.strs, fmt.Sprint("s", i), in.string(t, 1))
		add(&out.longs, fmt.Sprint("n", i), in.long(t, 1))
	}
	// A bare NULL has no type; a CASE over it has.
	add(&out.bools, "b0", query.Case{When: []query.When{{If: in.predicate(t, 1), Then: query.Bool(true)}}})
	add(&out.times, "at0", in.time(t, 1))
	return p.Project(outputs...), out
}

func drawJoin(t *rapid.T, p query.Plan, l columns) (query.Plan, columns) {
	kind := query.JoinKind(rapid.IntRange(0, 2).Draw(t, "join"))
	other := drawScan(t, tableColumns())
	other, r := drawProject(t, other, tableColumns(), "r_")
	var on []query.On
	pair := func(a, b []query.Col) query.On { return query.On{L: pick(t, a...).Path[0], R: pick(t, b...).Path[0]} }
	for range rapid.IntRange(1, 2).Draw(t, "keys") {
		switch rapid.IntRange(0, 3).Draw(t, "key") {
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
	w := query.Window{Name: fmt.Sprint("w", len(cols.longs)+len(cols.strs)), Func: query.WindowFunc(rapid.IntRange(0, 4).Draw(t, "window"))}
	for range rapid.IntRange(0, 2).Draw(t, "partition") {
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
	for i := range rapid.IntRange(0, 3).Draw(t, "by") {
		name := fmt.Sprint("c", i)
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
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
	for i := range rapid.IntRange(1, 3).Draw(t, "aggs") {
		aggs = append(aggs, drawAgg(t, in, fmt.Sprint("a", i)))
	}
	return p.Aggregate(by, aggs...), out
}

func drawAgg(t *rapid.T, cols columns, name string) query.Agg {
	a := query.Agg{Name: name, Func: query.AggFunc(rapid.IntRange(0, 8).Draw(t, "func"))}
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
