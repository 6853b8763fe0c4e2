package exec_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// visitors is groups of so many distinct values, each twice, in an order that
// depends on the seed.
func visitors(seed uint64, groups ...int) *querytest.Lake {
	var rows [][2]int
	for g, n := range groups {
		for i := range 2 * n {
			rows = append(rows, [2]int{g, i % n})
		}
	}
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	schema := columnar.Schema{
		{Name: "g", Type: columnar.Of(columnar.Long)},
		{Name: "who", Type: columnar.Of(columnar.String)},
		{Name: "id", Type: columnar.Of(columnar.Long)},
	}
	lake := &querytest.Lake{BatchRows: 1000 + int(seed)}
	for part := range slices.Chunk(rows, 50_000) {
		b := columnar.NewBatch(schema)
		for _, r := range part {
			b.Columns[0].AppendInt(int64(r[0]))
			b.Columns[1].AppendString(fmt.Sprint("user", r[1]))
			if r[1] == 0 && r[0] == 0 {
				b.Columns[2].AppendNull()
			} else {
				b.Columns[2].AppendInt(int64(r[1]) * 1_000_003)
			}
			b.Len++
		}
		lake.Add("t", b)
	}
	return lake
}

const visitorsPlan = "sort g\n  aggregate distinct(who) as people, distinct(id) as ids by g\n    scan t"

// TestDistinctCounts: groups up to the bound are exact, those beyond are near, and
// the answer says so. It depends neither on the order of rows nor on batches.
func TestDistinctCounts(t *testing.T) {
	sizes := []int{100_000, 1, 150_000, 7000}
	var first string
	for seed := range uint64(3) {
		lake := visitors(seed, sizes...)
		lake.Plain = seed == 1
		got, err := exec.Run(t.Context(), lake, mustPlan(t, visitorsPlan), exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for g, n := range sizes {
			for col, want := range map[int]int{1: n, 2: n} {
				if g == 0 && col == 2 {
					want-- // its null
				}
				have := float64(got.Batch.Columns[col].Ints[g])
				if off := math.Abs(have-float64(want)) / float64(want); off > 0.03 || n <= 100_000 && off != 0 {
					t.Errorf("seed %d, group %d: %v of %d", seed, g, have, want)
				}
			}
		}
		if diff := cmp.Diff([]bool{false, true, true}, got.Estimated); diff != "" {
			t.Errorf("estimated (-want +got):\n%s", diff)
		}
		if notices := strings.Join(got.Notices, "\n"); !strings.Contains(notices, "people is an estimate") {
			t.Errorf("notices are %q", notices)
		}
		if text := resultText(got.Batch); first == "" {
			first = text
		} else if text != first {
			t.Errorf("seed %d: another answer:\n%s\nnot\n%s", seed, text, first)
		}
	}
}

// TestDistinctCountsWithLittleMemory: large groups become estimates before the
// query fails, and small ones stay exact.
func TestDistinctCountsWithLittleMemory(t *testing.T) {
	sizes := []int{30_000, 40_000, 10, 900, 25_000}
	got, err := exec.Run(t.Context(), visitors(1, sizes...), mustPlan(t, visitorsPlan), exec.Options{MaxMemory: 12 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for g, n := range sizes {
		have := float64(got.Batch.Columns[1].Ints[g])
		if off := math.Abs(have-float64(n)) / float64(n); off > 0.03 || n < 1000 && off != 0 {
			t.Errorf("group %d: %v of %d", g, have, n)
		}
	}
	if !got.Estimated[1] {
		t.Error("the answer does not say that it is an estimate")
	}
}

// TestWhatIsMadeOfEstimates: the mark follows the column through other operators.
func TestWhatIsMadeOfEstimates(t *testing.T) {
	lake := visitors(1, 120_000, 10)
	for plan, want := range map[string][]bool{
		"project g + 1 as h, people * 2 as p, 1 as one\n  filter people > 5\n    aggregate distinct(who) as people by g\n      scan t": {false, true, false},
		"sort g\n  window lag(people) as l by g\n    aggregate distinct(who) as people by g\n      scan t":                             {false, true, true},
		"aggregate max(people) as m, count() as n\n  aggregate distinct(who) as people by g\n    scan t":                               {true, false},
		"join left on g = g\n  aggregate count() as n by g\n    scan t\n  aggregate distinct(who) as people by g\n    scan t":          {false, false, true},
		"union\n  aggregate count() as n by g\n    scan t\n  aggregate distinct(who) as n by g\n    scan t":                            {false, true},
		"limit 1\n  sort g\n    aggregate distinct(who) where (g = 1) as people by g\n      scan t":                                    {false, false},
	} {
		got, err := exec.Run(t.Context(), lake, mustPlan(t, plan), exec.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, plan)
		}
		if diff := cmp.Diff(want, got.Estimated); diff != "" {
			t.Errorf("estimated (-want +got):\n%s\n%s", diff, plan)
		}
	}
}
