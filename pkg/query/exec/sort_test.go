package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// shuffled is the same 10,000 rows, with many ties and nulls, in an order and in
// files that depend on the seed.
func shuffled(seed uint64) *querytest.Lake {
	schema := columnar.Schema{
		{Name: "k", Type: columnar.Of(columnar.Long)},
		{Name: "s", Type: columnar.Of(columnar.String)},
		{Name: "id", Type: columnar.Of(columnar.Long)},
	}
	const rows = 10_000
	order := rand.New(rand.NewPCG(seed, 0)).Perm(rows)
	lake := &querytest.Lake{BatchRows: 300 + int(seed)}
	for part := range slices.Chunk(order, 1700) {
		b := columnar.NewBatch(schema)
		for _, i := range part {
			if i%11 == 0 {
				b.Columns[0].AppendNull()
			} else {
				b.Columns[0].AppendInt(int64(i % 50))
			}
			if i%13 == 0 {
				b.Columns[1].AppendNull()
			} else {
				b.Columns[1].AppendString(fmt.Sprint("s", i%7))
			}
			b.Columns[2].AppendInt(int64(i / 3))
			b.Len++
		}
		lake.Add("t", b)
	}
	return lake
}

func lines(t *testing.T, lake *querytest.Lake, plan string) []string {
	t.Helper()
	got, err := exec.Run(t.Context(), lake, mustPlan(t, plan), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(resultText(got.Batch), "\n"), "\n")
}

// TestOrderDoesNotDependOnHowRowsCome: a sort is total, and the first rows of it
// are what a limit above it gives, however much it could forget on the way.
func TestOrderDoesNotDependOnHowRowsCome(t *testing.T) {
	const from = "%s\n    project k, s, id\n      scan t"
	for _, keys := range []string{"k", "k desc", "s desc, k", "id desc, s desc"} {
		want := lines(t, shuffled(1), fmt.Sprintf(from, "sort "+keys))
		for seed := uint64(1); seed <= 4; seed++ {
			for _, plain := range []bool{false, true} {
				lake := shuffled(seed)
				lake.Plain = plain
				if got := lines(t, lake, fmt.Sprintf(from, "sort "+keys)); !slices.Equal(got, want) {
					t.Errorf("sort %s, seed %d: another order", keys, seed)
				}
				for _, n := range []int{1, 10, 1000, 4000, 20_000} {
					got := lines(t, lake, fmt.Sprintf("limit %d\n  "+from, n, "sort "+keys))
					if first := want[:min(n, len(want))]; strings.TrimSuffix(strings.Join(got, ""), "\n") != strings.TrimSuffix(strings.Join(first, ""), "\n") {
						t.Errorf("limit %d of sort %s, seed %d, plain %v: not the first rows", n, keys, seed, plain)
					}
				}
			}
		}
	}
}
