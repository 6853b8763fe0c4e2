package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// words are what strings are made of. Some are JSON, and some only begin like it.
var words = []string{
	"", "a", "ab", "b", "job-1", "JOB-1", "12", "7", "-3", "zz",
	`{"x":"a"}`, `{"K":"b","y":[{"k":null},{"k":7}]}`, `{"j":"{\"k\":\"b\"}"}`, `{"x":"ab`,
	`{"requestParams":"a","response":{"result":"b","statusCode":400}}`,
}

var (
	stringCols = []query.Col{
		query.Column(columnar.String, "actor"), query.Column(columnar.String, "extra"),
		query.Column(columnar.String, "REQUESTPARAMS", "X"), query.Column(columnar.String, "requestParamsRest", "k"),
		query.Column(columnar.String, "missing"),
	}
	longCols = []query.Col{
		query.Column(columnar.Long, "autoterminationMinutes"), query.Column(columnar.Long, "workspaceId"),
		query.Column(columnar.Long, "requestParams", "n"), query.Column(columnar.Long, "requestParams", "missing"),
	}
)

// drawFiles makes files of a table with nulls everywhere. Each file draws from a
// part of the values, so that statistics tell files apart. The columns are some of
// gold's, so that there is something to hide.
func drawFiles(t *rapid.T) []*columnar.Batch {
	long, str := columnar.Of(columnar.Long), columnar.Of(columnar.String)
	schema := columnar.Schema{
		{Name: "actor", Type: str},
		{Name: "extra", Type: str},
		{Name: "autoterminationMinutes", Type: long},
		{Name: "workspaceId", Type: long},
		{Name: "isInteractive", Type: columnar.Of(columnar.Boolean)},
		{Name: "requestParams", Type: columnar.StructOf(columnar.Field{Name: "x", Type: str}, columnar.Field{Name: "n", Type: long})},
		{Name: "requestParamsRest", Type: columnar.MapOf(str, str)},
	}
	files := make([]*columnar.Batch, rapid.IntRange(0, 4).Draw(t, "files"))
	for f := range files {
		b := columnar.NewBatch(schema)
		low := rapid.IntRange(0, len(words)-1).Draw(t, "low")
		high := rapid.IntRange(low, len(words)-1).Draw(t, "high")
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
		v.AppendString(words[n])
	case columnar.Boolean:
		v.AppendInt(int64(n % 2))
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

func drawString(t *rapid.T, depth int) query.Expr {
	n := 2
	if depth > 0 {
		n = 7
	}
	switch rapid.IntRange(0, n).Draw(t, "string") {
	case 0:
		return query.Str(pick(t, words...))
	case 1, 2:
		return pick(t, stringCols...)
	case 3:
		return query.Coalesce{X: []query.Expr{drawString(t, depth-1), drawString(t, depth-1)}}
	case 4:
		return query.Lower{X: drawString(t, depth-1)}
	case 5:
		return query.Concat{X: []query.Expr{drawString(t, depth-1), drawString(t, depth-1)}}
	case 6:
		return query.Case{When: []query.When{{If: drawPredicate(t, depth-1), Then: drawString(t, depth-1)}}, Else: drawString(t, depth-1)}
	default:
		return query.Cast{X: drawLong(t, depth-1), To: columnar.String}
	}
}

func drawLong(t *rapid.T, depth int) query.Expr {
	n := 2
	if depth > 0 {
		n = 6
	}
	switch rapid.IntRange(0, n).Draw(t, "long") {
	case 0:
		return query.Int(rapid.Int64Range(-5, 6).Draw(t, "const"))
	case 1, 2:
		return pick(t, longCols...)
	case 3:
		return query.Cast{X: drawString(t, depth-1), To: columnar.Long}
	case 4, 5:
		return query.Arith{Op: pick(t, query.Add, query.Sub, query.Mul), L: drawLong(t, depth-1), R: drawLong(t, depth-1)}
	default:
		return query.Case{When: []query.When{{If: drawPredicate(t, depth-1), Then: drawLong(t, depth-1)}}}
	}
}

func drawDouble(t *rapid.T, depth int) query.Expr {
	double := func() query.Expr {
		return pick[query.Expr](t, query.Float(2.5), query.Cast{X: drawLong(t, depth), To: columnar.Double})
	}
	switch rapid.IntRange(0, 2).Draw(t, "double") {
	case 0:
		return query.Arith{Op: query.Div, L: drawLong(t, depth), R: drawLong(t, depth)}
	case 1:
		return query.Arith{Op: query.ArithOp(rapid.IntRange(0, 3).Draw(t, "arith")), L: double(), R: drawLong(t, depth)}
	default:
		return query.Arith{Op: query.ArithOp(rapid.IntRange(0, 3).Draw(t, "arith")), L: double(), R: double()}
	}
}

func drawList(t *rapid.T, constant func() columnar.Value) []columnar.Value {
	out := make([]columnar.Value, rapid.IntRange(0, 3).Draw(t, "list"))
	for i := range out {
		if rapid.IntRange(0, 5).Draw(t, "null") > 0 {
			out[i] = constant()
		}
	}
	return out
}

func drawPredicate(t *rapid.T, depth int) query.Expr {
	op := query.Op(rapid.IntRange(0, 5).Draw(t, "op"))
	strs := func() columnar.Value { return columnar.StringValue(pick(t, words...)) }
	longs := func() columnar.Value {
		return columnar.IntValue(columnar.Long, rapid.Int64Range(-5, 6).Draw(t, "const"))
	}
	n := 15
	if depth > 0 {
		n = 19
	}
	switch rapid.IntRange(0, n).Draw(t, "predicate") {
	case 0:
		return query.Compare{Op: op, L: pick(t, stringCols...), R: query.Str(pick(t, words...))}
	case 1:
		return query.Compare{Op: op, L: query.Int(rapid.Int64Range(-5, 6).Draw(t, "const")), R: pick(t, longCols...)}
	case 2:
		return query.Compare{Op: op, L: drawString(t, depth), R: drawString(t, depth)}
	case 3:
		return query.Compare{Op: op, L: drawLong(t, depth), R: drawLong(t, depth)}
	case 4:
		return query.In{X: drawString(t, depth), List: drawList(t, strs)}
	case 5:
		return query.In{X: drawLong(t, depth), List: drawList(t, longs)}
	case 6:
		return query.DistinctFromAll{X: drawString(t, depth), List: drawList(t, strs)}
	case 7:
		return query.DistinctFromAll{X: drawLong(t, depth), List: drawList(t, longs)}
	case 8:
		return query.Between{X: drawLong(t, depth), Lo: drawLong(t, depth), Hi: drawLong(t, depth)}
	case 9:
		return query.Like{X: drawString(t, depth), Pattern: pick(t, "%", "a%", "%b", "job-_", "_", "%o%-%", "a", "", "J_B-%")}
	case 10:
		return query.Match{X: drawString(t, depth), Pattern: pick(t, "^job", "b", "[0-9]$", "^$")}
	case 11:
		return query.IsNull{X: pick(t, drawString(t, depth), drawLong(t, depth))}
	case 12:
		return query.Distinct{L: drawString(t, depth), R: drawString(t, depth)}
	case 13:
		return query.Column(columnar.Boolean, "isInteractive")
	case 14:
		return pick(t, query.Expr(query.Bool(true)), query.Expr(query.Const{}), query.Expr(query.Compare{Op: op, L: pick(t, stringCols...), R: query.Const{}}))
	case 15:
		return query.Compare{Op: op, L: drawDouble(t, depth), R: drawDouble(t, depth)}
	case 16, 17:
		return query.Not{X: drawPredicate(t, depth-1)}
	case 18:
		return query.And{X: []query.Expr{drawPredicate(t, depth-1), drawPredicate(t, depth-1)}}
	default:
		return query.Or{X: []query.Expr{drawPredicate(t, depth-1), drawPredicate(t, depth-1)}}
	}
}

func drawOutputs(t *rapid.T, least, most int) []query.Output {
	out := make([]query.Output, rapid.IntRange(least, most).Draw(t, "outputs"))
	for i := range out {
		out[i].Name = fmt.Sprint("c", i)
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			out[i].Expr = drawString(t, 1)
		case 1:
			out[i].Expr = drawLong(t, 1)
		default:
			// A bare NULL has no type; a CASE over it has.
			out[i].Expr = query.Case{When: []query.When{{If: drawPredicate(t, 1), Then: query.Bool(true)}}}
		}
	}
	return out
}

func drawAgg(t *rapid.T, name string) query.Agg {
	a := query.Agg{Name: name, Func: query.AggFunc(rapid.IntRange(0, 8).Draw(t, "func"))}
	any := func() query.Expr { return pick(t, drawString(t, 1), drawLong(t, 1)) }
	switch a.Func {
	case query.Count:
		if rapid.Bool().Draw(t, "arg") {
			a.Arg = any()
		}
	case query.Sum, query.Avg:
		a.Arg = drawLong(t, 1)
	case query.ArgMin, query.ArgMax:
		a.Arg, a.By = any(), any()
	default:
		a.Arg = any()
	}
	if a.Func == query.Percentile {
		a.P = pick(t, 0, 0.25, 0.5, 0.9, 1)
	}
	if rapid.Bool().Draw(t, "where") {
		a.Where = drawPredicate(t, 1)
	}
	return a
}

func drawPlan(t *rapid.T) query.Plan {
	p := query.From("t", query.TimeRange{})
	for range rapid.IntRange(0, 2).Draw(t, "filters") {
		p = p.Filter(drawPredicate(t, 2))
	}
	if rapid.Bool().Draw(t, "aggregate") {
		aggs := make([]query.Agg, rapid.IntRange(1, 3).Draw(t, "aggs"))
		for i := range aggs {
			aggs[i] = drawAgg(t, fmt.Sprint("a", i))
		}
		p = p.Aggregate(drawOutputs(t, 0, 3), aggs...)
		p = p.Sort(query.SortKey{By: query.Name("a0"), Desc: rapid.Bool().Draw(t, "desc")})
	} else {
		p = p.Project(drawOutputs(t, 1, 3)...)
		p = p.Sort(query.SortKey{By: query.Name("c0"), Desc: rapid.Bool().Draw(t, "desc")})
	}
	if rapid.Bool().Draw(t, "limit") {
		p = p.Limit(rapid.Int64Range(0, 10).Draw(t, "n"))
	}
	return p
}

// loosener makes statistics less exact in ways that the contract of Bounds allows.
func loosener(t *rapid.T) func(string, columnar.Bound) (columnar.Bound, bool) {
	how := rapid.IntRange(0, 31).Draw(t, "loosen")
	return func(path string, b columnar.Bound) (columnar.Bound, bool) {
		how := how + len(path)
		if how%2 == 1 {
			b.Nulls = -1
		}
		switch {
		case b.Min.Kind == columnar.String && how%3 == 1:
			b.Min.Bytes = b.Min.Bytes[:len(b.Min.Bytes)/2]
			b.Max.Bytes = append([]byte(nil), append(b.Max.Bytes, 'z')...)
		case b.Min.Kind == columnar.Long && how%3 == 1:
			b.Min.Int--
			b.Max.Int++
		case how%3 == 2 && how%4 == 0:
			b.Min = columnar.Value{}
		case how%3 == 2:
			b.Max = columnar.Value{}
		}
		return b, how%5 != 0
	}
}

// TestExecutorAgreesWithTheBook: random plans over random tables give what the
// naive evaluator gives over all rows, whatever the encoding and batches and
// however exact the statistics. A row that pruning lost would be missing.
func TestExecutorAgreesWithTheBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := drawFiles(t)
		plan := drawPlan(t)
		var table []row
		lake := &querytest.Lake{}
		lake.Add("t", files...)
		if len(files) == 0 {
			lake.Add("t", columnar.NewBatch(columnar.Schema{{Name: "actor", Type: columnar.Of(columnar.String)}}))
		}
		for _, f := range files {
			table = append(table, naiveRows(f)...)
		}
		want := naiveAnswer(plan, table)
		again, err := querytest.ParsePlan(plan.String())
		if err != nil || again.String() != plan.String() {
			t.Fatalf("%v: parsed as\n%s\nnot\n%s", err, again, plan)
		}
		loosen := loosener(t)
		for _, size := range []int{1, 5, 0} {
			for _, plain := range []bool{false, true} {
				for _, loose := range []bool{false, true} {
					l := *lake
					l.BatchRows, l.Plain = size, plain
					if loose {
						l.Loosen = loosen
					}
					got, err := exec.Run(t.Context(), &l, plan, exec.Options{})
					if err != nil {
						t.Fatalf("%v\n%s", err, plan)
					}
					if diff := cmp.Diff(want, resultText(got.Batch)); diff != "" {
						t.Fatalf("batches of %d, plain %v, loose %v (-want +got):\n%s\n%s", size, plain, loose, diff, plan)
					}
				}
			}
		}
	})
}

func naiveAnswer(plan query.Plan, table []row) string {
	rows, names := naiveRun(plan.Root, table)
	var out strings.Builder
	for _, r := range rows {
		for _, c := range names {
			fmt.Fprintf(&out, "%v|", text(r[c]))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func resultText(b *columnar.Batch) string {
	var out strings.Builder
	for i := range b.Len {
		for _, v := range b.Columns {
			r := row{}
			if v.Type.Kind.InFloats() && !v.IsNull(i) {
				r["x"] = v.Floats[i]
			} else {
				put(r, "x", v, i)
			}
			fmt.Fprintf(&out, "%v|", text(r["x"]))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}
