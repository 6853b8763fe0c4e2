package etl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// inPieces is a runner that plans 7 files at once.
func inPieces(t testing.TB, lakeStore store.Store, at time.Time, sources ...store.Store) *etl.Runner {
	t.Helper()
	var o etl.Options
	for _, s := range sources {
		o.Sources = append(o.Sources, etl.SourceOf(s))
	}
	r, err := etl.NewRunner(lake.New(lakeStore, lake.Options{Now: func() time.Time { return at }}), o)
	if err != nil {
		t.Fatal(err)
	}
	etl.LimitPlans(r, 7)
	return r
}

// TestAPlanInPieces lands in one run what one plan would, in the same order, also
// when the lake outgrows sweeps on every run meanwhile.
func TestAPlanInPieces(t *testing.T) {
	source := longSource(t, "source", 0)
	whole, pieces := store.NewMemory("lake"), store.NewMemory("lake")
	deliver := func(day int, name string) {
		put(t, source, strings.Replace(dayKey(day), "a.json", name, 1), event(day, "jobs", "runNow", ""))
	}
	for round := range 3 {
		want, err := runOf(t, whole, now(), source)
		if err != nil {
			t.Fatal(err)
		}
		got, err := inPieces(t, pieces, now(), source).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Files != want.Files || got.Listed != want.Listed || got.Swept != want.Swept || got.Bronze != want.Bronze {
			t.Errorf("round %d: %+v, want as at once: %+v", round, got, want)
		}
		if diff := cmp.Diff(content(t, whole), content(t, pieces)); diff != "" {
			t.Errorf("round %d: the lake differs (-at once +in pieces):\n%s", round, diff)
		}
		for day := range 4 {
			deliver(day, fmt.Sprint(round, ".json"))
		}
		put(t, source, dayKey(0), event(0, "clusters", "create", "")+"\n"+event(round, "ssh", "login", ""))
	}
	sound(t, source, pieces)
}

// TestABacklogBeforeAYoungLake: the first plan sweeps because the lake is small,
// and by the last one it is not any more.
func TestABacklogBeforeAYoungLake(t *testing.T) {
	source, l := store.NewMemory("source"), store.NewMemory("lake")
	put(t, source, dayKey(0), event(1, "clusters", "create", ""))
	if _, err := inPieces(t, l, now(), source).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for day := range 120 {
		put(t, source, strings.Replace(dayKey(day), "a.json", "late.json", 1), event(day, "clusters", "create", ""))
	}
	sum, err := inPieces(t, l, now(), source).Run(t.Context())
	if err != nil || sum.Files != 120 {
		t.Errorf("%d files, %v, want all 120", sum.Files, err)
	}
}

// TestASourceThatFailsAtFirstIsNotSwept: plans behind the first one would miss
// what comes before them.
func TestASourceThatFailsAtFirstIsNotSwept(t *testing.T) {
	a, b, l := longSource(t, "a", 0), longSource(t, "b", 0), store.NewMemory("lake")
	for range 2 {
		if _, err := runOf(t, l, now(), a, b); err != nil {
			t.Fatal(err)
		}
	}
	put(t, a, strings.Replace(dayKey(70), "a.json", "late.json", 1), event(1, "jobs", "runNow", ""))
	for day := range 60 {
		put(t, b, strings.Replace(dayKey(day), "a.json", "late.json", 1), event(day, "ssh", "login", ""))
	}
	failing := storetest.NewFaulty(a)
	failing.FailAt(1, storetest.ErrorBefore)
	tomorrow := now().Add(25 * time.Hour)
	sum, err := inPieces(t, l, tomorrow, failing, b).Run(t.Context())
	if !errors.Is(err, store.ErrUnavailable) || sum.Files != 60 {
		t.Errorf("%d files, err = %v, want those of b and the failure of a", sum.Files, err)
	}
	if sum, err := runOf(t, l, tomorrow, a, b); err != nil || sum.Files != 1 {
		t.Errorf("%d files, %v, want the one that a could not list", sum.Files, err)
	}
}

// TestFilesThatMayNotBeReadDoNotHoldUpThePlansBehind them.
func TestFilesThatMayNotBeReadDoNotHoldUpThePlansBehind(t *testing.T) {
	source, l := longSource(t, "source", 0), store.NewMemory("lake")
	r := inPieces(t, l, now(), denying{source, dayKey(79)})
	sum, err := r.Run(t.Context())
	if !errors.Is(err, store.ErrDenied) || sum.Files != 79 {
		t.Errorf("%d files, err = %v, want 79 and the one that is denied", sum.Files, err)
	}
	if sum, err := runOf(t, l, now(), source); err != nil || sum.Files != 1 {
		t.Errorf("%d files, %v, want the one that was denied", sum.Files, err)
	}
}
