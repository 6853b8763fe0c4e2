package etl_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// history is every data file of the layers, in the order of commits and of their
// files, with its rows as they lie there.
func history(t *testing.T, s store.Store) map[string][]string {
	t.Helper()
	l := lake.New(s, lake.Options{Now: now})
	gold, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, name := range append([]string{lake.Bronze, lake.Silver, lake.Quarantine}, gold...) {
		table := l.Table(name)
		snap, err := table.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for c, err := range table.Log().Commits(t.Context(), -1, snap.Version()) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.Adds {
				out[name] = append(out[name], fmt.Sprintf("version %d, file %d, tags %v", c.Version, i, c.Adds[i].Tags))
				one := func(yield func(*delta.Add) bool) { yield(&c.Adds[i]) }
				for b, err := range table.ScanFiles(t.Context(), snap, one, snap.Schema(), nil, nil) {
					if err != nil {
						t.Fatal(err)
					}
					for row := range b.Len {
						out[name] = append(out[name], fmt.Sprint(rowText(b, row), b.Column("fileId").Ints[row]))
					}
				}
			}
		}
	}
	return out
}

// TestTheSameFilesWhoeverMakesThem: one worker or many, or runs that die with each
// batch, so that all of silver and gold is made of what lies in the layer below.
func TestTheSameFilesWhoeverMakesThem(t *testing.T) {
	source := store.NewMemory("source")
	backlog(t, 3, 1000, func(key string, body []byte) error {
		if !strings.Contains(key, "date=") {
			return nil
		}
		_, err := source.Put(t.Context(), key, body)
		return err
	})
	options := func(workers int) etl.Options { return etl.Options{Workers: workers, BatchBytes: 300_000} }
	var want map[string][]string
	for _, workers := range []int{1, 2, 3, 0} {
		s := store.NewMemory("lake")
		r, _ := newRunner(t, source, s, options(workers))
		if _, err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := history(t, s)
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-one +so many):\n%.2000s", workers, diff)
		}
	}
	s := store.NewMemory("lake")
	deaths := 0
	for dies := true; dies; {
		faulty := storetest.NewFaulty(s)
		commits, allowed := 0, int32(min(deaths, 1)) // what the last run has left, and no more
		var reached atomic.Int32
		faulty.Before(func(op storetest.Op, key string) {
			if op == storetest.OpPutIfAbsent && strings.HasPrefix(key, "silver/_delta_log/") {
				commits++
				reached.Store(int32(commits))
			}
		})
		faulty.FailBy(func(int, storetest.Op) storetest.Fault {
			if reached.Load() > allowed {
				return storetest.CrashBefore
			}
			return 0
		})
		r, _ := newRunner(t, source, faulty, options(0))
		_, err := r.Run(t.Context())
		if dies = errors.Is(err, storetest.ErrCrashed); dies {
			deaths++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if deaths < 4 {
		t.Fatalf("only %d runs died: there are too few batches", deaths)
	}
	if diff := cmp.Diff(want, history(t, s)); diff != "" {
		t.Errorf("from the tables (-from memory +from the tables):\n%.2000s", diff)
	}
}
