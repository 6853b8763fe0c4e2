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

// drawLake makes the random tables, and their rows as the naive evaluator has
// them.
func drawLake(t *rapid.T) (*querytest.Lake, map[string][]row) {
	lake, tables, _ := drawTables(t)
	return lake, tables
}

// drawTables is drawLake with the files.
func drawTables(t *rapid.T) (*querytest.Lake, map[string][]row, map[string][]*columnar.Batch) {
	lake := &querytest.Lake{}
	tables := map[string][]row{}
	files := map[string][]*columnar.Batch{}
	for _, name := range querytest.RandomTables {
		for _, f := range querytest.DrawFiles(t) {
			lake.Add(name, f)
			tables[name] = append(tables[name], naiveRows(f)...)
			files[name] = append(files[name], f)
		}
	}
	return lake, tables, files
}

// everyWay runs a plan over dictionary codes and plain strings, in batches of some
// sizes, with exact statistics and with less exact ones.
func everyWay(t *rapid.T, lake *querytest.Lake, plan query.Plan, want string, catalogs func(*querytest.Lake) map[string]query.Catalog) {
	loosen := loosener(t)
	for _, size := range []int{1, 5, 0} {
		for _, plain := range []bool{false, true} {
			for _, loose := range []bool{false, true} {
				l := *lake
				l.BatchRows, l.Plain = size, plain
				if loose {
					l.Loosen = loosen
				}
				for name, catalog := range catalogs(&l) {
					got, err := exec.Run(t.Context(), catalog, plan, exec.Options{})
					if err != nil {
						t.Fatalf("%v\n%s", err, plan)
					}
					if diff := cmp.Diff(want, resultText(got.Batch)); diff != "" {
						t.Fatalf("%s batches of %d, plain %v, loose %v (-want +got):\n%s\n%s", name, size, plain, loose, diff, plan)
					}
				}
			}
		}
	}
}

// TestExecutorAgreesWithTheBook: random plans over random tables give what the
// naive evaluator gives over all rows, whatever the encoding and batches and
// however exact the statistics. A row that pruning lost would be missing.
func TestExecutorAgreesWithTheBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lake, tables := drawLake(t)
		plan := querytest.DrawPlan(t)
		want := naiveAnswer(plan, tables)
		again, err := querytest.ParsePlan(plan.String())
		if err != nil || again.String() != plan.String() {
			t.Fatalf("%v: parsed as\n%s\nnot\n%s", err, again, plan)
		}
		everyWay(t, lake, plan, want, func(l *querytest.Lake) map[string]query.Catalog { return map[string]query.Catalog{"": l} })
	})
}

// Those functions of groups and windows that random plans do not have agree as well.
func TestValuesAgreeWithTheBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lake, tables := drawLake(t)
		pick := func(of ...query.Expr) query.Expr { return rapid.SampledFrom(of).Draw(t, "column") }
		actor, extra := query.Column(columnar.String, "actor"), query.Column(columnar.String, "extra")
		minutes, workspace := query.Column(columnar.Long, "autoterminationMinutes"), query.Column(columnar.Long, "workspaceId")
		p := query.From(rapid.SampledFrom(querytest.RandomTables).Draw(t, "table"), query.TimeRange{})
		if rapid.Bool().Draw(t, "window") {
			p = p.Project(query.As("a", actor), query.As("e", extra), query.As("m", minutes), query.As("w", workspace))
			f := rapid.SampledFrom([]query.WindowFunc{query.Rank, query.DenseRank, query.Lag, query.Lead}).Draw(t, "function")
			w := query.Window{Name: "of", Func: f, Order: []query.SortKey{{By: pick(query.Name("m"), query.Name("e")), Desc: rapid.Bool().Draw(t, "desc")}}}
			w.Partition = []query.Expr{pick(query.Name("a"), query.Name("w"))}
			if f == query.Lag || f == query.Lead {
				w.Arg, w.Offset = query.Name("m"), int64(rapid.IntRange(0, 3).Draw(t, "away"))
				if rapid.Bool().Draw(t, "default") {
					w.Default = query.Name("w")
				}
			}
			p = p.Window(w)
		} else {
			a := query.Agg{Name: "of", Func: rapid.SampledFrom([]query.AggFunc{query.SumDistinct, query.Set, query.Mode}).Draw(t, "function")}
			if a.Arg = pick(minutes, workspace); a.Func != query.SumDistinct {
				a.Arg = pick(minutes, workspace, extra)
			}
			if rapid.Bool().Draw(t, "where") {
				a.Where = query.NotNull(pick(actor, workspace))
			}
			var by []query.Output
			if rapid.Bool().Draw(t, "groups") {
				by = []query.Output{query.As("by", pick(actor, workspace))}
			}
			p = p.Aggregate(by, a)
		}
		p = p.Sort(query.Asc(p.Columns()[0]))
		again, err := querytest.ParsePlan(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%v: parsed as\n%s\nnot\n%s", err, again, p)
		}
		everyWay(t, lake, p, naiveAnswer(p, tables), func(l *querytest.Lake) map[string]query.Catalog { return map[string]query.Catalog{"": l} })
	})
}

func naiveAnswer(plan query.Plan, tables map[string][]row) string {
	rows, names := naiveRun(plan.Root, tables)
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
