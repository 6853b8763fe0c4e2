package etl_test

import (
	"errors"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// FuzzHints reads any bytes as the hints that runs and maintenance leave each
// other: none of them keeps a run from getting everything in when it sweeps, or
// makes it fail when it does not.
func FuzzHints(f *testing.F) {
	w := newWorld(f)
	w.deliver(file1, event(1, "clusters", "create", ""), "no event")
	w.run()
	l := lake.New(w.lake, lake.Options{Now: now})
	if _, err := etl.AcquireLease(f.Context(), l, "one", time.Minute); err != nil {
		f.Fatal(err)
	}
	if _, err := etl.Maintain(f.Context(), l, etl.MaintainOptions{}); err != nil {
		f.Fatal(err)
	}
	keys := []string{"_auditlake/lease.json", "_auditlake/heartbeat.json", "_auditlake/maintenance.json", "_auditlake/gold/watermark.json"}
	for which, key := range keys {
		body, _, err := store.ReadAll(f.Context(), w.lake, key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(which), body)
		f.Add(uint8(which), body[:len(body)/2])
	}
	f.Add(uint8(0), []byte(`{"holder":"two","expires":"9999-12-31T23:59:59Z"}`))
	f.Add(uint8(1), []byte(`{"at":"0000-01-01T00:00:00Z","sources":{"memory://source":{"lastSweep":"2024-03-10T11:00:00Z","newest":"9999-99-99","parents":["","../","workspaceId=42/"]}}}`))
	f.Add(uint8(2), []byte(`{"tried":"9999-12-31T23:59:59Z","done":"0000-01-01T00:00:00Z"}`))
	f.Add(uint8(3), []byte(`{"app":"x","version":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		w := newWorld(t)
		w.deliver(file1, event(1, "clusters", "create", ""), "no event")
		w.run()
		if _, err := w.lake.Put(t.Context(), keys[int(which)%len(keys)], body); err != nil {
			t.Fatal(err)
		}
		w.deliver("workspaceId=42/date=2024-03-10/auditlogs_2.json", event(2, "jobs", "runNow", ""))
		l := lake.New(w.lake, lake.Options{Now: now})
		if _, err := etl.LookedAfter(t.Context(), w.lake); err != nil {
			t.Error(err)
		}
		if err := etl.LeaseFree(t.Context(), l, "me"); err != nil && !errors.Is(err, etl.ErrLeased) {
			t.Error(err)
		}
		w.run()
		if _, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{}); err != nil {
			t.Errorf("maintain: %v", err)
		}
		r, _ := newRunner(t, w.source, w.lake, etl.Options{Sweep: true})
		if _, err := r.Run(t.Context()); err != nil {
			t.Errorf("run: %v", err)
		}
		got := content(t, w.lake)
		if len(got[lake.Bronze]) != 3 || len(got[lake.Silver]) != 2 || len(got["clusters"]) != 1 || len(got["jobs"]) != 1 {
			t.Errorf("bronze %d, silver %d, clusters %d, jobs %d rows, want 3, 2, 1, 1",
				len(got[lake.Bronze]), len(got[lake.Silver]), len(got["clusters"]), len(got["jobs"]))
		}
	})
}
