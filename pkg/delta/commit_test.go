package delta_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func TestRace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const writers, rounds = 8, 50
		s := store.NewMemory(t.Name())
		must(open(t, s).Commit(t.Context(), delta.Tx{Metadata: metadata()}))
		var mu sync.Mutex
		var won []int64
		var want []string
		var group sync.WaitGroup
		for w := range writers {
			l := open(t, s)
			group.Go(func() {
				for r := range rounds {
					a := add(fmt.Sprintf("w%d-%02d", w, r))
					v, err := l.Commit(t.Context(), delta.Tx{
						Base: must(l.Snapshot(t.Context())), Adds: []delta.Add{a},
						Txn: &delta.Txn{AppID: fmt.Sprint(w), Version: int64(r)},
					})
					if err != nil {
						t.Errorf("writer %d, round %d: %v", w, r, err)
						return
					}
					mu.Lock()
					won, want = append(won, v), append(want, strings.TrimPrefix(a.Path, "date=2026-03-01/"))
					mu.Unlock()
				}
			})
		}
		group.Wait()
		slices.Sort(won)
		slices.Sort(want)
		for i, v := range won {
			if v != int64(i+1) {
				t.Fatalf("version %d is missing or was won twice: %v", i+1, won)
			}
		}
		got := must(open(t, s).Snapshot(t.Context()))
		if diff := cmp.Diff(want, paths(got)); diff != "" {
			t.Error(diff)
		}
		for w := range writers {
			if v, ok := got.Txn(fmt.Sprint(w)); v != rounds-1 || !ok {
				t.Errorf("writer %d is at %d, %t", w, v, ok)
			}
		}
	})
}

// Two writers share one application, as two replicas of Grafana do: every batch
// lands once.
func TestRaceOfReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const replicas, batches = 4, 30
		s := store.NewMemory(t.Name())
		must(open(t, s).Commit(t.Context(), delta.Tx{Metadata: metadata()}))
		var group sync.WaitGroup
		for w := range replicas {
			l := open(t, s)
			group.Go(func() {
				for {
					base := must(l.Snapshot(t.Context()))
					done, _ := base.Txn("app")
					if done == batches {
						return
					}
					_, err := l.Commit(t.Context(), delta.Tx{
						Base: base, Adds: []delta.Add{add(fmt.Sprintf("b%02d-by-%d", done+1, w))},
						Txn: &delta.Txn{AppID: "app", Version: done + 1},
					})
					if err != nil && !errors.Is(err, delta.ErrConflict) && !errors.Is(err, delta.ErrAlreadyCommitted) {
						t.Errorf("replica %d: %v", w, err)
						return
					}
				}
			})
		}
		group.Wait()
		got := must(open(t, s).Snapshot(t.Context()))
		if got.NumFiles() != batches || got.Version() != batches {
			t.Errorf("%d files at version %d, want %d", got.NumFiles(), got.Version(), batches)
		}
	})
}

// faultRun is a little history on one store: it creates the table, appends past
// a checkpoint while another writer gets in between, and rearranges. After any
// error it goes on as a caller would: with a new snapshot and a look at txn.
func faultRun(ctx context.Context, s, other store.Store) error {
	quiet := delta.Options{Now: clock, CheckpointInterval: 3}
	l, rival := delta.Open(s, root, quiet), delta.Open(other, root, quiet)
	for step := int64(1); step <= 6; step++ {
		if err := faultStep(ctx, l, rival, step); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
	}
	return nil
}

func faultStep(ctx context.Context, l, rival *delta.Log, step int64) error {
	tx := delta.Tx{Txn: &delta.Txn{AppID: "app", Version: step}, Adds: []delta.Add{add(fmt.Sprintf("s%d", step))}}
	base, err := l.Snapshot(ctx)
	switch {
	case errors.Is(err, delta.ErrNoTable):
		tx.Metadata = metadata()
	case err != nil:
		return err
	case step == 5: // rearrange
		live, ok := base.File("date=2026-03-01/s1")
		if !ok {
			break
		}
		gone := delta.RemoveOf(live, now)
		gone.DataChange, tx.Adds[0].DataChange = false, false
		tx.Removes = []delta.Remove{gone}
	}
	tx.Base = base
	if base != nil && step%2 == 0 {
		ahead, err := rival.Snapshot(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		_, err = rival.Commit(context.WithoutCancel(ctx), delta.Tx{
			Base: ahead, Adds: []delta.Add{add(fmt.Sprintf("rival%d", step))}, Txn: &delta.Txn{AppID: "rival", Version: step},
		})
		if err != nil && !errors.Is(err, delta.ErrAlreadyCommitted) {
			return err
		}
	}
	v, err := l.Commit(ctx, tx)
	if errors.Is(err, delta.ErrAlreadyCommitted) {
		return nil
	}
	if err != nil {
		return err
	}
	// Committed means: my transaction is in the entry of that version.
	for c, err := range rival.Commits(context.WithoutCancel(ctx), v-1, v) {
		if err != nil {
			return errors.Join(errWrong, err)
		}
		if len(c.Txns) != 1 || c.Txns[0].AppID != "app" || c.Txns[0].Version != step {
			return fmt.Errorf("%w: version %d is of %v", errWrong, v, c.Txns)
		}
	}
	return nil
}

var errWrong = errors.New("commit said it won and did not")

func TestEveryFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clean := store.NewMemory("clean")
		counting := storetest.NewFaulty(clean)
		if err := faultRun(t.Context(), counting, clean); err != nil {
			t.Fatal(err)
		}
		want := outcome(t, clean)
		for n := 1; n <= counting.Calls(); n++ {
			for _, fault := range storetest.Faults() {
				inner := store.NewMemory("faulty")
				s := storetest.NewFaulty(inner)
				s.FailAt(n, fault)
				var failed storetest.Op
				s.Before(func(op storetest.Op, _ string) {
					if s.Calls() == n && op != storetest.OpRead {
						failed = op
					}
				})
				err := faultRun(t.Context(), s, inner)
				if errors.Is(err, errWrong) {
					t.Errorf("call %d, %s: %v", n, fault, err)
				}
				if err != nil && !s.Crashed() && (failed == storetest.OpPutIfAbsent || failed == storetest.OpPut) {
					t.Errorf("call %d, %s of %s: a commit that could be decided was not: %v", n, fault, failed, err)
				}
				if err != nil { // start the process again
					err = faultRun(t.Context(), inner, inner)
				}
				if err != nil {
					t.Errorf("call %d, %s: the clean run after it: %v", n, fault, err)
				}
				if diff := cmp.Diff(want, outcome(t, inner)); diff != "" {
					t.Errorf("call %d, %s (-no fault +fault)\n%s", n, fault, diff)
				}
			}
		}
	})
}

// outcome is what must be the same whatever went wrong on the way.
func outcome(t *testing.T, s store.Store) string {
	snap := must(open(t, s).Snapshot(t.Context()))
	app, _ := snap.Txn("app")
	rival, _ := snap.Txn("rival")
	return fmt.Sprintf("app %d rival %d files %s", app, rival, paths(snap))
}

func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory(t.Name())
		must(open(t, s).Commit(t.Context(), delta.Tx{Metadata: metadata()}))

		// The process is cut off after the entry landed.
		f := storetest.NewFaulty(s)
		l := delta.Open(f, root, delta.Options{Now: clock})
		base := must(l.Snapshot(t.Context()))
		f.FailAt(f.Calls()+1, storetest.CrashAfter)
		_, err := l.Commit(t.Context(), delta.Tx{Base: base, Adds: []delta.Add{add("a")}, Txn: &delta.Txn{AppID: "app", Version: 1}})
		if !errors.Is(err, delta.ErrOutcomeUnknown) || !errors.Is(err, storetest.ErrCrashed) || errors.Is(err, delta.ErrConflict) {
			t.Errorf("cut off: %v", err)
		}
		if v, _ := must(open(t, s).Snapshot(t.Context())).Txn("app"); v != 1 {
			t.Error("the entry has not landed")
		}

		// The store may not be written: nothing is unknown.
		l = delta.Open(store.AsReadOnly(s), root, delta.Options{Now: clock})
		_, err = l.Commit(t.Context(), delta.Tx{Base: must(l.Snapshot(t.Context())), Adds: []delta.Add{add("b")}})
		if !errors.Is(err, store.ErrDenied) || errors.Is(err, delta.ErrOutcomeUnknown) {
			t.Errorf("read-only: %v", err)
		}

		// The caller gives up while waiting to ask again.
		ctx, cancel := context.WithCancel(t.Context())
		f = storetest.NewFaulty(s)
		l = delta.Open(f, root, delta.Options{Now: clock})
		base = must(l.Snapshot(t.Context()))
		f.FailAt(f.Calls()+1, storetest.ErrorBefore)
		f.Before(func(storetest.Op, string) { cancel() })
		_, err = l.Commit(ctx, delta.Tx{Base: base, Adds: []delta.Add{add("c")}})
		if !errors.Is(err, delta.ErrOutcomeUnknown) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// A commit that has landed is a success whatever becomes of the checkpoint.
func TestCheckpointFailureIsAWarning(t *testing.T) {
	t.Parallel()
	for k := 1; k <= 2; k++ { // the checkpoint, the hint
		s := store.NewMemory(t.Name())
		f := storetest.NewFaulty(s)
		var warnings []error
		l := delta.Open(f, root, delta.Options{Now: clock, CheckpointInterval: 2, OnWarning: func(err error) { warnings = append(warnings, err) }})
		grow(t, l, 2)
		base := must(l.Snapshot(t.Context()))
		f.FailAt(f.Calls()+1+k, storetest.ErrorBefore)
		v, err := l.Commit(t.Context(), delta.Tx{Base: base, Adds: []delta.Add{add("x")}})
		if v != 2 || err != nil {
			t.Errorf("version %d, %v", v, err)
		}
		if len(warnings) != 1 || !errors.Is(warnings[0], storetest.ErrInjected) {
			t.Errorf("warnings: %v", warnings)
		}
		if got := must(open(t, s).Snapshot(t.Context())); got.NumFiles() != 3 {
			t.Errorf("%d files", got.NumFiles())
		}
		// The next commits make up for it.
		grow(t, l, 3)
		if got := get(t, s, "_last_checkpoint"); !strings.Contains(got, `"version":4`) {
			t.Errorf("hint %s", got)
		}
	}
}
