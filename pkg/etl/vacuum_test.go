package etl_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func dataFiles(t testing.TB, s store.Store) int {
	t.Helper()
	return len(keysOf(t, s, "/part-"))
}

func TestVacuumDeletesWhatNoTableNeeds(t *testing.T) {
	w := newAged(t)
	w.hours(20)
	if _, err := etl.Optimize(t.Context(), w.open(w.lake), etl.OptimizeOptions{}); err != nil {
		t.Fatal(err)
	}
	before, files := content(t, w.lake), dataFiles(t, w.lake)
	young, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{})
	if err != nil || young.Files != 0 {
		t.Errorf("a day later: %+v, %v", young, err)
	}
	w.pass(8 * 24 * time.Hour)
	keys := keysOf(t, w.lake, "")
	dry, err := etl.Vacuum(t.Context(), w.open(store.AsReadOnly(w.lake)), etl.VacuumOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keys, keysOf(t, w.lake, "")); diff != "" {
		t.Errorf("a dry run changed the lake (-before +after):\n%s", diff)
	}
	sum, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Files != dry.Files || sum.Bytes != dry.Bytes || int(dry.Files) != len(dry.Objects) || sum.Files < 100 {
		t.Errorf("vacuum deleted %d files, %d bytes; the dry run said %d and %d", sum.Files, sum.Bytes, dry.Files, dry.Bytes)
	}
	live := 0
	for _, n := range w.filesOf() {
		live += n
	}
	if got := dataFiles(t, w.lake); got != live || got >= files {
		t.Errorf("%d data files, %d are live, there were %d", got, live, files)
	}
	if got := keysOf(t, w.lake, "_auditlake/landing/"); len(got) != 3 { // the manifest and a shard for each of two days
		t.Errorf("landing state: %q", got)
	}
	same(t, "vacuum", before, content(t, w.lake))
	w.sound()
	if ops := w.operations("bronze"); ops[len(ops)-2] != "VACUUM START" || ops[len(ops)-1] != "VACUUM END" {
		t.Errorf("operations of bronze: %q", ops)
	}
	versions := len(keysOf(t, w.lake, "_delta_log/"))
	if again, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{}); err != nil || again.Files != 0 || len(keysOf(t, w.lake, "_delta_log/")) != versions {
		t.Errorf("a second vacuum: %+v, %v", again, err)
	}
	w.hours(2)
	w.sound()
}

// TestMaintenanceLeavesLookupsAlone: what the owner of the lake wrote stays, whatever
// it looks like.
func TestMaintenanceLeavesLookupsAlone(t *testing.T) {
	w := newAged(t)
	w.hours(2)
	for _, o := range keysOf(t, w.lake, "silver/") {
		body, _, err := store.ReadAll(t.Context(), w.lake, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.lake.Put(t.Context(), strings.Replace(o, "silver/", "lookups/events/", 1), body); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"lookups/x.csv", "lookups/events/part-stray.parquet", "lookups/y/part-0.parquet", "lookups/.hidden"} {
		if _, err := w.lake.Put(t.Context(), key, []byte("a\n1\n")); err != nil {
			t.Fatal(err)
		}
	}
	var before []store.Object
	list := func() (out []store.Object) {
		for o, err := range w.lake.List(t.Context(), "lookups/", "") {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, o)
		}
		return out
	}
	before = list()
	w.hours(20)
	w.pass(30 * 24 * time.Hour)
	l := w.open(w.lake)
	if _, err := etl.Optimize(t.Context(), l, etl.OptimizeOptions{MinFiles: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{Retention: etl.RetentionOptions{BronzeDays: 5, SilverDays: 5, GoldDays: 5, QuarantineDays: 5}}); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.Vacuum(t.Context(), l, etl.VacuumOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, list()); diff != "" {
		t.Errorf("look-ups (-before +after):\n%s", diff)
	}
	w.sound()
	for _, name := range []string{"lookups.events", "lookups/events"} {
		if sum, err := etl.Optimize(t.Context(), l, etl.OptimizeOptions{Tables: []string{name}, MinFiles: 2}); err == nil && len(sum.Tables) > 0 {
			t.Errorf("optimize %s: %+v", name, sum)
		}
	}
}

func TestVacuumRefusesAShortRetention(t *testing.T) {
	w := newAged(t)
	w.hours(1)
	if _, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{Retention: time.Hour}); !errors.Is(err, etl.ErrRetention) || !strings.Contains(err.Error(), "168h") {
		t.Errorf("err = %v", err)
	}
	w.pass(2 * time.Hour)
	if _, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{Retention: time.Hour, Force: true}); err != nil {
		t.Error(err)
	}
	w.sound()
}

// TestVacuumSparesWhatAFollowerNeeds: silver is down for weeks, bronze is merged
// and vacuumed meanwhile.
func TestVacuumSparesWhatAFollowerNeeds(t *testing.T) {
	for _, behind := range []string{"silver", "gold/clusters"} {
		t.Run(behind, func(t *testing.T) {
			w := newAged(t)
			w.hours(2)
			blocked := blocking{w.lake, behind + "/"}
			for range 10 {
				w.deliver("workspaceId=1/date=2024-03-10/f.json", event(w.now().Hour(), "clusters", "create", ""), event(w.now().Hour()+50, "jobs", "x", ""))
				if _, err := w.runOn(blocked, etl.Options{}); err == nil {
					t.Fatal("the run got through")
				}
				w.pass(time.Hour)
			}
			for range 2 {
				if _, err := etl.Optimize(t.Context(), w.open(w.lake), etl.OptimizeOptions{MinFiles: 2}); err != nil {
					t.Fatal(err)
				}
				w.sound()
				w.pass(20 * 24 * time.Hour)
				if _, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			w.run()
			r := w.sound()
			if r.SilverBehind != 0 || r.GoldBehind != 0 || r.GoldTotal != r.Silver {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestVacuumSparesASlowWriter: a file that no table names may be about to be
// committed, whatever the clock of this host says.
func TestVacuumSparesASlowWriter(t *testing.T) {
	const orphan = "gold/clusters/part-00000-slow-c000.zstd.parquet"
	for name, tc := range map[string]struct {
		age, ahead time.Duration // of the file; of this host's clock
		deleted    bool
	}{
		"young":                            {6 * 24 * time.Hour, 0, false},
		"old":                              {8 * 24 * time.Hour, 0, true},
		"young, and the host is ahead":     {6 * 24 * time.Hour, 30 * 24 * time.Hour, false},
		"old, and the host is behind":      {8 * 24 * time.Hour, -5 * 24 * time.Hour, false},
		"very old, and the host is behind": {13 * 24 * time.Hour, -5 * 24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAged(t)
			w.hours(1)
			if _, err := w.lake.Put(t.Context(), orphan, []byte("x")); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"gold/clusters/_note", "gold/clusters/.hidden/x", "gold/never/part-1.parquet", "_auditlake/other.json"} {
				if _, err := w.lake.Put(t.Context(), key, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			w.pass(tc.age)
			l := lake.New(w.lake, lake.Options{Now: func() time.Time { return w.now().Add(tc.ahead) }})
			if _, err := etl.Vacuum(t.Context(), l, etl.VacuumOptions{}); err != nil {
				t.Fatal(err)
			}
			left := strings.Join(keysOf(t, w.lake, ""), "\n")
			if strings.Contains(left, orphan) == tc.deleted || strings.Contains(left, "gold/never") == tc.deleted {
				t.Errorf("deleted: want %t; what is left:\n%s", tc.deleted, left)
			}
			for _, key := range []string{"gold/clusters/_note", "gold/clusters/.hidden/x", "_auditlake/other.json"} {
				if !strings.Contains(left, key) {
					t.Errorf("%s is gone", key)
				}
			}
		})
	}
}

// TestVacuumWithALongRetention: the snapshot has forgotten removals that are older
// than a week, and the log has not.
func TestVacuumWithALongRetention(t *testing.T) {
	w := newAged(t)
	w.hours(9)
	w.pass(20 * 24 * time.Hour)
	w.must(vacuumJob) // of what else was replaced: identities
	if _, err := etl.Optimize(t.Context(), w.open(w.lake), etl.OptimizeOptions{}); err != nil {
		t.Fatal(err)
	}
	w.pass(10 * 24 * time.Hour)
	w.run()
	files := dataFiles(t, w.lake)
	if _, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{Retention: 14 * 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if got := dataFiles(t, w.lake); got != files {
		t.Errorf("%d data files, want all %d: they were merged ten days ago", got, files)
	}
	if _, err := etl.Vacuum(t.Context(), w.open(w.lake), etl.VacuumOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := dataFiles(t, w.lake); got >= files {
		t.Errorf("%d data files, of %d", got, files)
	}
}
