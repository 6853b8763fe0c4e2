package etl_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// runOf runs over some sources, by a process of its own at a time of its own.
func runOf(t testing.TB, lakeStore store.Store, at time.Time, sources ...store.Store) (etl.Summary, error) {
	t.Helper()
	var of []etl.Source
	for _, s := range sources {
		of = append(of, etl.SourceOf(s))
	}
	r, err := etl.NewRunner(lake.New(lakeStore, lake.Options{Now: func() time.Time { return at }}), etl.Options{Sources: of})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context())
}

// longSource has one delivery on each of many days, the last one some days ago:
// too many for a sweep on every run.
func longSource(t testing.TB, name string, last int) *store.Memory {
	t.Helper()
	s := store.NewMemory(name)
	for d := last; d < last+80; d++ {
		put(t, s, dayKey(d), event(d*24*3600, "clusters", "create", ""))
	}
	return s
}

func dayKey(daysAgo int) string {
	return "workspaceId=1/date=" + now().AddDate(0, 0, -daysAgo).Format(time.DateOnly) + "/a.json"
}

func put(t testing.TB, s *store.Memory, key, body string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, []byte(body+"\n")); err != nil {
		t.Fatal(err)
	}
}

func TestEachSourceIsSweptByItself(t *testing.T) {
	a, b, l := longSource(t, "a", 0), longSource(t, "b", 0), store.NewMemory("lake")
	for _, s := range []store.Store{a, b} {
		if _, err := runOf(t, l, now(), s); err != nil {
			t.Fatal(err)
		}
	}
	put(t, b, strings.Replace(dayKey(40), "a.json", "late.json", 1), event(1, "jobs", "runNow", ""))
	tomorrow := now().Add(25 * time.Hour)
	if _, err := runOf(t, l, tomorrow, a); err != nil {
		t.Fatal(err)
	}
	if sum, err := runOf(t, l, tomorrow, b); err != nil || sum.Bronze != 1 {
		t.Errorf("the job of b brought %d rows (%v), want the late one", sum.Bronze, err)
	}
}

func TestASourceThatLagsHasAWindowOfItsOwn(t *testing.T) {
	a, b, l := longSource(t, "a", 0), longSource(t, "b", 30), store.NewMemory("lake")
	for range 2 { // the first run of a lake sweeps
		if _, err := runOf(t, l, now(), a, b); err != nil {
			t.Fatal(err)
		}
	}
	put(t, b, dayKey(29), event(1, "jobs", "runNow", ""))
	if sum, err := runOf(t, l, now(), a, b); err != nil || sum.Bronze != 1 || sum.Swept {
		t.Errorf("summary %+v, %v, want the newest file of b without a sweep", sum, err)
	}
}

func TestASourceInsideAKnownOneIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := store.NewMemory("lake")
	open := func(path string) store.Store {
		s, err := store.OpenLocal(path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	whole := open(dir)
	if _, err := whole.Put(t.Context(), "workspaceId=0/date=2024-03-10/a.json", []byte(event(1, "jobs", "runNow", "")+"\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := runOf(t, l, now(), whole); err != nil {
		t.Fatal(err)
	}
	if _, err := runOf(t, l, now(), open(dir+"/workspaceId=0")); err == nil || !strings.Contains(err.Error(), "would come in twice") {
		t.Errorf("err = %v, want one that refuses the part of a known source", err)
	}
	expectCounts(t, l, map[string]int{"bronze": 1, "silver": 1, "jobs": 1})
}

func TestASourceThatCannotBeListedDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""))
	missing, err := store.Open(t.Context(), t.TempDir()+"/none", store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	sum, err := runOf(t, w.lake, now(), missing, w.source)
	if err == nil || !strings.Contains(err.Error(), "none") || sum.Gold != 1 {
		t.Errorf("gold %d, err %v, want the other source's row and an error that names the missing one", sum.Gold, err)
	}
}

func TestAWatermarkOfAnotherLakeIsPassedOver(t *testing.T) {
	w := landed(t)
	if _, err := w.lake.Put(t.Context(), "_auditlake/gold/watermark.json", []byte(`{"app":"auditlake/gold/1","version":999}`)); err != nil {
		t.Fatal(err)
	}
	w.deliver(file2, event(4, "clusters", "create", ""), event(5, "jobs", "runNow", ""))
	if sum := w.run(); sum.Gold != 1 {
		t.Errorf("gold got %d rows, want 1", sum.Gold)
	}
	sound(t, w.source, w.lake)
}

func TestCompressedFilesCountWithTheirContent(t *testing.T) {
	var changes []landing.Change
	for i := range 10 {
		changes = append(changes, landing.Change{File: landing.File{Key: fmt.Sprintf("date=2024-03-10/%d.json.gz", i), Size: 100}})
	}
	if got := len(landing.Batches(changes, 3000, 1<<20, 100)); got != 5 {
		t.Errorf("%d batches of files of 100 compressed bytes, want 5 of two", got)
	}
}

func TestACompressedFileGoesThroughAllLayers(t *testing.T) {
	w := newWorld(t)
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	for i := range 100 {
		if _, err := fmt.Fprintln(z, event(i, "clusters", "create", "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.source.Put(t.Context(), file1+".gz", body.Bytes()); err != nil {
		t.Fatal(err)
	}
	w.run()
	expectCounts(t, w.lake, map[string]int{"bronze": 100, "silver": 100, "clusters": 100})
	sound(t, w.source, w.lake)
}

func TestADeniedOldFileIsLookedForAgain(t *testing.T) {
	a, l := longSource(t, "a", 0), store.NewMemory("lake")
	if _, err := runOf(t, l, now(), a); err != nil {
		t.Fatal(err)
	}
	late := strings.Replace(dayKey(40), "a.json", "late.json", 1)
	put(t, a, late, event(1, "jobs", "runNow", ""))
	tomorrow := now().Add(25 * time.Hour)
	if _, err := runOf(t, l, tomorrow, denying{a, late}); err == nil {
		t.Error("a file could not be read, and the run says nothing")
	}
	if sum, err := runOf(t, l, tomorrow, a); err != nil || sum.Bronze != 1 {
		t.Errorf("once it could be read, the run brought %d rows (%v), want 1", sum.Bronze, err)
	}
}

func TestARunThatFindsNothingMakesNoLake(t *testing.T) {
	l := store.NewMemory("lake")
	missing, err := store.Open(t.Context(), t.TempDir()+"/none", store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runOf(t, l, now(), missing); err == nil {
		t.Error("a missing source is no error")
	}
	if _, err := runOf(t, l, now(), store.NewMemory("empty")); err != nil {
		t.Error(err)
	}
	if keys := keysOf(t, l, ""); len(keys) > 0 {
		t.Errorf("the lake has %q", keys)
	}
}
