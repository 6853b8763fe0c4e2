package etl_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
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
