package exec_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/auditlake/auditlake/pkg/query/exec"
)

// TestWindowDoesNotDependOnHowRowsCome: neither on files nor on batches nor on
// their order, however many ties there are.
func TestWindowDoesNotDependOnHowRowsCome(t *testing.T) {
	for _, window := range []string{"row_number() as x", "lag(id) as x", "lead(s) as x", "count() as x", "sum(id) as x"} {
		plan := "sort k, s, id, x\n  window " + window + " over k by s desc\n    project k, s, id\n      scan t"
		want := lines(t, shuffled(1), plan)
		for seed := uint64(2); seed <= 4; seed++ {
			if got := lines(t, shuffled(seed), plan); !slices.Equal(got, want) {
				t.Errorf("%s, seed %d: another answer", window, seed)
			}
		}
	}
}

func TestWindowIsBounded(t *testing.T) {
	plan := mustPlan(t, "aggregate max(nr) as n\n  window row_number() as nr over s by i\n    project i, s\n      scan numbers")
	_, err := exec.Run(t.Context(), numbers(100_000), plan, exec.Options{MaxMemory: 1 << 20})
	var limit *exec.LimitError
	if !errors.As(err, &limit) || limit.Limit != "MaxMemory" {
		t.Errorf("error is %v, not of MaxMemory", err)
	}
	got, err := exec.Run(t.Context(), numbers(100_000), plan, exec.Options{})
	if err != nil || got.Batch.Columns[0].Ints[0] != 14286 {
		t.Errorf("%v, %v", got, err)
	}
}
