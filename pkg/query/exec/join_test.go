package exec_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/query/exec"
)

// selfJoin pairs every row of numbers with those of the same s, of which there
// are 7.
const selfJoin = `
aggregate count() as n, sum(i) as sum, min(t) as t
  join inner on s = t
    project i, s
      scan numbers
    project s as t, i as j
      scan numbers`

// TestFanOutStreams: ten million pairs go into an aggregate, and no more memory is
// held than the rows of the right take.
func TestFanOutStreams(t *testing.T) {
	const rows = 8400 // 1200 of each s: 7 * 1200 * 1200 pairs
	got, err := exec.Run(t.Context(), numbers(rows), mustPlan(t, selfJoin), exec.Options{MaxMemory: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d|%d|\"s0\"|\n", 7*1200*1200, 1200*rows*(rows-1)/2)
	if text := resultText(got.Batch); text != want {
		t.Errorf("the answer is %s, not %s", text, want)
	}
}

func TestJoinLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		options exec.Options
		limit   string
	}{
		"rows of the join":    {exec.Options{MaxJoinRows: 1_000_000}, "MaxJoinRows"},
		"memory of the right": {exec.Options{MaxMemory: 100 << 10}, "MaxMemory"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := exec.Run(t.Context(), numbers(8400), mustPlan(t, selfJoin), tt.options)
			var limit *exec.LimitError
			if !errors.As(err, &limit) || limit.Limit != tt.limit {
				t.Errorf("error is %v, not of %s", err, tt.limit)
			}
		})
	}
}

// TestJoinEndsInTheMiddleOfARow: one row of the left may have more partners than
// there is time for.
func TestJoinEndsInTheMiddleOfARow(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	plan := mustPlan(t, `
aggregate count() as n
  join inner on s = u
    join inner on s = t
      project i, s
        scan numbers
      project s as t, i as j
        scan numbers
    project s as u, i as k
      scan numbers`)
	_, err := exec.Run(ctx, numbers(20_000), plan, exec.Options{MaxJoinRows: 1 << 60})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(start); took > 10*time.Second { // all pairs take hours
		t.Errorf("it took %v to end", took)
	}
}
