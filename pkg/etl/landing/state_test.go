package landing_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func entry(id int64, key string, lines int64) landing.Entry {
	e := landing.Entry{
		FileID: id, Key: key, ETag: "e1", Size: 100 * lines, Modified: time.Date(2024, 3, 10, 1, 2, 3, 0, time.UTC),
		Versions: 1, SHA256: "abc", Lines: lines, Superseded: 1,
	}
	e.Sum.Add([16]byte{0: byte(id), 15: 1})
	return e
}

func next(t testing.TB, st *landing.State, changed map[string][]landing.Entry) (*landing.State, string) {
	t.Helper()
	out, path, err := st.Next(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	return out, path
}

func load(t testing.TB, s store.Store, path string) *landing.State {
	t.Helper()
	st, err := landing.Load(t.Context(), s, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func entries(t testing.TB, st *landing.State, date string) []landing.Entry {
	t.Helper()
	out, err := st.Entries(t.Context(), date)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type byDate = map[string][]landing.Entry

func TestStateComesBackAsItWasWritten(t *testing.T) {
	s := store.NewMemory("lake")
	first := landing.Empty(s)
	first.SourceIndex("s3://logs")
	a, b, c := entry(1, "a", 10), entry(2, "b", 20), entry(9, "c", 30)
	c.Damaged, c.Source = "gzip: cut", 1
	second, path2 := next(t, first, byDate{"2024-03-09": {b, a}, "2024-03-10": {c}})
	newer := b
	newer.ETag, newer.Versions, newer.Lines = "e2", 2, 25
	d := entry(10, "d", 1)
	third, path3 := next(t, second, byDate{"2024-03-09": {newer, d}})

	for name, st := range map[string]*landing.State{"in memory": third, "loaded": load(t, s, path3)} {
		if diff := cmp.Diff([]landing.Entry{a, newer, d}, entries(t, st, "2024-03-09")); diff != "" {
			t.Errorf("%s: 2024-03-09 (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]landing.Entry{c}, entries(t, st, "2024-03-10")); diff != "" {
			t.Errorf("%s: 2024-03-10 (-want +got):\n%s", name, diff)
		}
		if got := entries(t, st, "2024-03-11"); len(got) > 0 {
			t.Errorf("%s: entries of an unknown date: %v", name, got)
		}
		total := st.Totals()
		if total.Files != 4 || total.Lines != 66 || total.Superseded != 4 || st.Batch != 2 || st.NextFileID != 11 {
			t.Errorf("%s: totals %+v, batch %d, next id %d", name, total, st.Batch, st.NextFileID)
		}
	}
	if diff := cmp.Diff(third.Manifest, load(t, s, path3).Manifest); diff != "" {
		t.Errorf("manifest (-in memory +loaded):\n%s", diff)
	}
	if third.Dates["2024-03-10"] != second.Dates["2024-03-10"] {
		t.Error("the shard of a date that did not change was written again")
	}
	// What was there before stays as it was.
	for name, st := range map[string]*landing.State{"in memory": second, "loaded": load(t, s, path2)} {
		if diff := cmp.Diff([]landing.Entry{a, b}, entries(t, st, "2024-03-09")); diff != "" || st.Batch != 1 {
			t.Errorf("%s: the older state changed (-want +got):\n%s", name, diff)
		}
	}
	if len(first.Dates) != 0 {
		t.Errorf("the empty state changed: %+v", first.Manifest)
	}
}

func TestLoadTakesOverShardsThatWereRead(t *testing.T) {
	s := store.NewMetered(store.NewMemory("lake"))
	one, first := next(t, landing.Empty(s), byDate{"2024-03-09": {entry(1, "a", 1)}, "2024-03-10": {entry(2, "b", 1)}})
	_, path := next(t, load(t, s, first), byDate{"2024-03-10": {entry(3, "c", 1)}})
	before := s.Usage().Get.Calls
	two, err := landing.Load(t.Context(), s, path, one)
	if err != nil {
		t.Fatal(err)
	}
	entries(t, two, "2024-03-09")
	entries(t, two, "2024-03-10")
	entries(t, two, "2024-03-10")
	if got := s.Usage().Get.Calls - before; got != 2 {
		t.Errorf("%d objects read, want the manifest and the shard that is new", got)
	}
}

// TestManyDatesAtOnce is for the race detector: shards are written side by side.
func TestManyDatesAtOnce(t *testing.T) {
	s := store.NewMemory("lake")
	st := landing.Empty(s)
	for round := range 3 {
		changed := byDate{}
		for i := range 300 {
			date := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format(time.DateOnly)
			changed[date] = []landing.Entry{entry(int64(round*300+i+1), fmt.Sprint(round), 1)}
		}
		var readers sync.WaitGroup
		for date := range changed {
			readers.Go(func() {
				if _, err := st.Entries(t.Context(), date); err != nil {
					t.Error(err)
				}
			})
		}
		st, _ = next(t, st, changed)
		readers.Wait()
	}
	if total := st.Totals(); total.Files != 900 || len(st.Dates) != 300 {
		t.Errorf("%d files, %d dates", total.Files, len(st.Dates))
	}
}

func TestAFaultWhileStateIsWrittenLeavesTheOldOne(t *testing.T) {
	for n := 1; ; n++ {
		for _, fault := range storetest.Faults()[:4] {
			inner := store.NewMemory("lake")
			_, path := next(t, landing.Empty(inner), byDate{"2024-03-09": {entry(1, "a", 1)}, "2024-03-10": {entry(2, "b", 1)}})
			faulty := storetest.NewFaulty(inner)
			st := load(t, faulty, path)
			faulty.FailAt(faulty.Calls()+n, fault)
			_, _, err := st.Next(t.Context(), byDate{"2024-03-09": {entry(3, "c", 1)}, "2024-03-11": {entry(4, "d", 1)}})
			if faulty.Calls() <= n {
				if n < 4 || err != nil {
					t.Fatalf("%d calls, err = %v", faulty.Calls(), err)
				}
				return
			}
			if err == nil {
				t.Errorf("%s at call %d: no error", fault, n)
			}
			if got := entries(t, load(t, inner, path), "2024-03-09"); len(got) != 1 || st.Batch != 1 || len(st.Dates) != 2 {
				t.Errorf("%s at call %d: the old state changed: %+v", fault, n, st.Manifest)
			}
		}
	}
}

func TestBrokenStateSaysWhichObject(t *testing.T) {
	s := store.NewMemory("lake")
	st, path := next(t, landing.Empty(s), byDate{"2024-03-09": {entry(1, "a", 1)}})
	shard := st.Dates["2024-03-09"].Path
	for _, key := range []string{path, shard} {
		good, _, err := store.ReadAll(t.Context(), s, key)
		if err != nil {
			t.Fatal(err)
		}
		for name, body := range map[string][]byte{"cut": good[:len(good)/2], "empty": nil, "other JSON": []byte(`"x"`)} {
			if _, err := s.Put(t.Context(), key, body); err != nil {
				t.Fatal(err)
			}
			st, err := landing.Load(t.Context(), s, path, nil)
			if err == nil {
				_, err = st.Entries(t.Context(), "2024-03-09")
			}
			if err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("%s %s: err = %v", key, name, err)
			}
		}
		if _, err := s.Put(t.Context(), key, good); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := landing.Load(t.Context(), s, path, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("no manifest: err = %v", err)
	}
}

func TestSourcesKeepTheirIndex(t *testing.T) {
	st, _ := next(t, landing.Empty(store.NewMemory("lake")), byDate{"2024-03-09": {entry(1, "a", 1)}})
	one, two := st.Manifest, st.Manifest
	if a, b := one.SourceIndex("s3://a"), one.SourceIndex("s3://b"); a != 0 || b != 1 || one.SourceIndex("s3://a") != 0 {
		t.Errorf("indexes %d and %d", a, b)
	}
	two.SourceIndex("s3://c")
	if diff := cmp.Diff([]string{"s3://a", "s3://b"}, one.Sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

func TestSumDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}), 16, 16)).Draw(t, "hashes")
		var a, b landing.Sum
		for _, h := range hashes {
			a.Add([16]byte(h))
		}
		for _, h := range rapid.Permutation(hashes).Draw(t, "another order") {
			b.Add([16]byte(h))
		}
		if a != b {
			t.Fatalf("%x and %x", a, b)
		}
		text, err := json.Marshal(a)
		if err != nil || len(text) != 34 {
			t.Fatalf("%s, %v", text, err)
		}
		var back landing.Sum
		if err := json.Unmarshal(text, &back); err != nil || back != a {
			t.Fatalf("%s is read as %x, %v", text, back, err)
		}
	})
}

func TestSumCarries(t *testing.T) {
	all := [16]byte{15: 0xff}
	for i := range 15 {
		all[i] = 0xff
	}
	var s landing.Sum
	s.Add(all)
	s.Add([16]byte{15: 2})
	if text, _ := s.MarshalText(); string(text) != strings.Repeat("0", 31)+"1" {
		t.Errorf("2^128-1 + 2 = %s, want 1 modulo 2^128", text)
	}
	s.Add([16]byte{8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xff})
	if s != (landing.Sum{1, 0}) {
		t.Errorf("1 + 2^64-1 = %x", s)
	}
	for _, bad := range []string{"", "0", strings.Repeat("0", 33), strings.Repeat("x", 32)} {
		if err := new(landing.Sum).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read as a sum", bad)
		}
	}
}
