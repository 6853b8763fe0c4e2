package etl_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func commitMetadata(ctx context.Context, t *lake.Table, snap *delta.Snapshot, meta *delta.Metadata) error {
	_, err := t.Commit(ctx, delta.Tx{Base: snap, Operation: "SET TBLPROPERTIES", Metadata: meta})
	return err
}

// deliveries are the states a source goes through: new files, overwritten ones,
// new keys of a service, lines that are no event.
func deliveries(w *world) []func() {
	other := "workspaceId=0/date=2024-03-09/auditlogs_9.json"
	a, b, c := event(1, "clusters", "create", `{"cluster_name":"a"}`), event(2, "jobs", "runNow", ""), "no event"
	d, e := event(3, "clusters", "create", `{"policy_id":"p"}`), event(4, "ssh", "login", `{"port":22}`)
	return []func(){
		func() { w.deliver(file1, a, b) },
		func() { w.deliver(file1, d, a, c, b); w.deliver(other, e) },
		func() { w.deliver(other, e, e, a) },
	}
}

// settled is the lake that no fault touched.
func settled(t *testing.T, upTo int) map[string][]string {
	w := newWorld(t)
	for _, step := range deliveries(w)[:upTo] {
		step()
		w.run()
	}
	return content(t, w.lake)
}

// TestAFaultAtEveryCall breaks the run at every store call, in every way, then
// runs again without faults: the lake must be the one that no fault touched.
func TestAFaultAtEveryCall(t *testing.T) {
	cases, wrong := 0, 0
	for _, on := range []string{"lake", "source"} {
		for upTo := 1; upTo <= 3; upTo++ {
			want := settled(t, upTo)
			for _, fault := range storetest.Faults() {
				for n := 1; ; n++ {
					w := newWorld(t)
					steps := deliveries(w)
					for _, step := range steps[:upTo-1] {
						step()
						w.run()
					}
					steps[upTo-1]()
					source, lakeStore := storetest.NewFaulty(w.source), storetest.NewFaulty(w.lake)
					faulty := map[string]*storetest.Faulty{"lake": lakeStore, "source": source}[on]
					faulty.FailAt(n, fault)
					r, _ := newRunner(t, source, lakeStore, etl.Options{})
					_, err := r.Run(t.Context())
					if faulty.Calls() < n {
						if err != nil {
							t.Fatalf("%s, delivery %d, %s at no call: %v", on, upTo, fault, err)
						}
						break
					}
					cases++
					w.run()
					if diff := cmp.Diff(want, content(t, w.lake)); diff != "" {
						wrong++
						t.Errorf("%s, delivery %d, %s at call %d (run: %v): the lake differs (-want +got):\n%s", on, upTo, fault, n, err, diff)
					}
					sound(t, w.source, w.lake)
				}
			}
		}
	}
	t.Logf("%d faults, %d wrong end states", cases, wrong)
	if cases < 500 {
		t.Errorf("only %d faults were tried: the matrix is not what it should be", cases)
	}
}

var seeds = flag.Int("seeds", 60, "schedules of TestRunnersSideBySide")

// TestRunnersSideBySide lets three runners with failing stores work on one lake
// while the source moves on.
func TestRunnersSideBySide(t *testing.T) {
	want := settled(t, 3)
	for seed := range *seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(seed), 7))
			w := newWorld(t)
			for _, step := range deliveries(w) {
				step()
				var wg sync.WaitGroup
				for range 3 {
					faulty := storetest.NewFaulty(w.lake)
					if rng.IntN(2) == 0 {
						faulty.FailAt(1+rng.IntN(60), storetest.Faults()[rng.IntN(len(storetest.Faults()))])
					}
					wg.Go(func() {
						r, _ := newRunner(t, w.source, faulty, etl.Options{})
						_, err := r.Run(t.Context())
						if err != nil && !errors.Is(err, storetest.ErrInjected) && !errors.Is(err, storetest.ErrCrashed) {
							t.Errorf("run: %v", err)
						}
					})
				}
				wg.Wait()
			}
			w.run()
			if diff := cmp.Diff(want, content(t, w.lake)); diff != "" {
				t.Errorf("the lake differs (-want +got):\n%s", diff)
			}
			sound(t, w.source, w.lake)
		})
	}
}

// TestSourceMovesWhileItIsRead overwrites the file at every call the run makes on
// the source, also in the middle of its body.
func TestSourceMovesWhileItIsRead(t *testing.T) {
	a, b, c := event(1, "clusters", "create", ""), event(2, "clusters", "edit", ""), event(3, "jobs", "runNow", "")
	for n := 1; ; n++ {
		w := newWorld(t)
		w.deliver(file1, a, b)
		source := storetest.NewFaulty(w.source)
		calls := 0
		source.Before(func(storetest.Op, string) {
			if calls++; calls == n {
				w.deliver(file1, c, a, b)
			}
		})
		r, _ := newRunner(t, source, w.lake, etl.Options{})
		if _, err := r.Run(t.Context()); err != nil {
			t.Fatalf("overwritten at call %d: %v", n, err)
		}
		if calls < n {
			if n < 4 {
				t.Errorf("the run made only %d calls", calls)
			}
			return
		}
		w.run()
		if r := sound(t, w.source, w.lake); r.Bronze != 3 || r.Superseded != 0 {
			t.Errorf("overwritten at call %d: bronze %d, superseded %d, want 3 and 0", n, r.Bronze, r.Superseded)
		}
	}
}

func TestDeniedFileDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""))
	w.deliver("workspaceId=42/date=2024-03-10/auditlogs_2.json", event(2, "clusters", "create", ""))
	r, _ := newRunner(t, denying{w.source, file1}, w.lake, etl.Options{})
	sum, err := r.Run(t.Context())
	if !errors.Is(err, store.ErrDenied) {
		t.Errorf("err = %v, want ErrDenied", err)
	}
	if sum.Bronze != 1 || sum.Gold != 1 {
		t.Errorf("bronze %d, gold %d, want 1 and 1: the other file is readable", sum.Bronze, sum.Gold)
	}
	w.run()
	expectCounts(t, w.lake, map[string]int{"bronze": 2, "silver": 2, "clusters": 2})
}
