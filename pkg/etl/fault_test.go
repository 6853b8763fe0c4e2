package etl_test

import (
	"context"
	"errors"
	"testing"

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
	a, b, c := event(1, "clusters", "create", `{"cluster_name":"a","user_id":"101"}`), event(2, "jobs", "runNow", ""), "no event"
	d, e := event(3, "clusters", "create", `{"policy_id":"p","user_id":"100"}`), event(4, "ssh", "login", `{"port":22}`)
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
