package etl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// stopsWithin is what a cancelled run may take to return. The plugin has 2 s to
// stop; runs take some 50 ms, and machines are noisy.
const stopsWithin = time.Second

// TestACancelAtEveryCall cancels the run at every store call and every read of a
// body, then runs again: the lake must be the one that was not disturbed. Without
// -every-fault it is at every third call, another third of each delivery.
func TestACancelAtEveryCall(t *testing.T) {
	stride := 3
	if *everyFault {
		stride = 1
	}
	for upTo := 1; upTo <= 3; upTo++ {
		want := settled(t, upTo)
		for n := min(upTo, stride); ; n += stride {
			w := newWorld(t)
			steps := deliveries(w)
			for _, step := range steps[:upTo-1] {
				step()
				w.run()
			}
			steps[upTo-1]()
			ctx, cancel := context.WithCancel(t.Context())
			calls := 0
			var at time.Time
			hook := func(storetest.Op, string) {
				if calls++; calls == n {
					at = time.Now()
					cancel()
				}
			}
			source, lakeStore := storetest.NewFaulty(w.source), storetest.NewFaulty(w.lake)
			source.Before(hook)
			lakeStore.Before(hook)
			r, _ := newRunner(t, source, lakeStore, etl.Options{MemoryBytes: 1, Workers: 1})
			_, err := r.Run(ctx)
			cancel()
			if calls < n {
				if err != nil || n < 20 {
					t.Fatalf("delivery %d, not cancelled in %d calls: %v", upTo, calls, err)
				}
				break
			}
			if took := time.Since(at); took > stopsWithin {
				t.Errorf("delivery %d, cancelled at call %d: returned after %s", upTo, n, took)
			}
			w.run()
			if diff := cmp.Diff(want, content(t, w.lake)); diff != "" {
				t.Errorf("delivery %d, cancelled at call %d: the lake differs (-want +got):\n%s", upTo, n, diff)
			}
		}
	}
}

// TestACancelInLongSteps cancels a run over one large file, which spends long
// between store calls, at points all over its duration; with -every-fault over twice as
// large a file, at three times as many.
func TestACancelInLongSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs over 40 MB a dozen times or more")
	}
	var lines []string
	rows, points := 30_000, 4
	if *everyFault {
		rows, points = 60_000, 12
	}
	for i := range rows {
		service := []string{"clusters", "jobs", "notebook", "unityCatalog"}[i%4]
		lines = append(lines, event(i, service, "create", fmt.Sprintf(`{"name":"%0400d","k%d":"v"}`, i, i%50)))
	}
	body := strings.Join(lines, "\n")
	deliver := func() *world {
		w := newWorld(t)
		w.deliver(file1, body)
		return w
	}
	var want etl.Summary
	whole := time.Hour
	for range 2 { // the second does without what only the first run of a process has to do
		undisturbed := deliver()
		r, _ := newRunner(t, undisturbed.source, undisturbed.lake, etl.Options{Workers: 1})
		begin := time.Now()
		var err error
		if want, err = r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		whole = min(whole, time.Since(begin))
	}
	// cut cancels a run after a time, and gives how much longer it took to return.
	cut := func(after time.Duration) time.Duration {
		w := deliver()
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		r, _ := newRunner(t, w.source, w.lake, etl.Options{Workers: 1})
		_, err := r.Run(ctx)
		deadline, _ := ctx.Deadline()
		late := time.Since(deadline)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v", after, err)
		}
		w.run()
		r2 := sound(t, w.source, w.lake)
		if r2.Bronze != want.Bronze || r2.Silver != want.Silver {
			t.Errorf("cancelled after %s, then run again: %+v, want %+v", after, r2, want)
		}
		return late
	}
	worst := time.Duration(0)
	for i := range points {
		after := whole * time.Duration(i+1) / time.Duration(points+1)
		late := cut(after)
		for try := 0; i == 0 && late > whole/2 && try < 2; try++ { // machines are noisy
			late = min(late, cut(after))
		}
		if i == 0 && late > whole/2 {
			t.Errorf("cancelled after %s, it took another %s, and a whole run takes %s", after, late, whole)
		}
		worst = max(worst, late)
	}
	t.Logf("a run of %s returned within %s of being cancelled", whole, worst)
	if worst > stopsWithin {
		t.Errorf("it took %s to return", worst)
	}
}
