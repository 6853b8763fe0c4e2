package landing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestChanges(t *testing.T) {
	s := store.NewMetered(store.NewMemory("lake"))
	same, grown, rewritten, gone := entry(1, "same", 1), entry(2, "grown", 1), entry(3, "rewritten", 1), entry(4, "gone", 1)
	old := entry(5, "old", 1)
	_, path := next(t, landing.Empty(s), byDate{"2024-03-10": {same, grown, rewritten, gone}, "2024-01-01": {old}, "2024-02-02": {entry(6, "x", 1)}})
	st := load(t, s, path)
	file := func(source int, date string, e landing.Entry) landing.File {
		return landing.File{Source: source, Key: e.Key, ETag: e.ETag, Size: e.Size, Date: date}
	}
	bigger, other, oldChanged := file(0, "2024-03-10", grown), file(0, "2024-03-10", rewritten), file(0, "2024-01-01", old)
	bigger.Size++
	other.ETag, oldChanged.ETag = "e2", "e2"
	before := s.Usage().Get.Calls
	got, more := planned(t, st, landing.PlanOptions{Horizon: "2024-01-02"},
		file(1, "2024-03-10", same), // the same key in another source is another file
		other, file(0, "2024-03-10", same), bigger, oldChanged,
		file(0, "2024-03-11", same), // the same key under another date, too
	)
	if reads := s.Usage().Get.Calls - before; reads != 1 {
		t.Errorf("%d shards were read, want that of 2024-03-10 alone", reads)
	}
	want := []landing.Change{
		{File: bigger, Old: &grown},
		{File: other, Old: &rewritten},
		{File: file(1, "2024-03-10", same)},
		{File: file(0, "2024-03-11", same)},
	}
	if diff := cmp.Diff(want, got); diff != "" || more {
		t.Errorf("changes (-want +got), more %t:\n%s", more, diff)
	}
	if all, _ := planned(t, st, landing.PlanOptions{}, oldChanged); len(all) != 1 || all[0].Old == nil {
		t.Errorf("without a horizon: %+v", all)
	}
}

// planned is the plan for a listing.
func planned(t testing.TB, st *landing.State, o landing.PlanOptions, files ...landing.File) (changes []landing.Change, more bool) {
	t.Helper()
	p := st.NewPlan(o)
	for _, f := range files {
		if err := p.Add(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	changes, more, err := p.Changes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return changes, more
}

// TestPlansOneAfterAnother give the changes that one plan gives, in order, whatever
// the order of the listing.
func TestPlansOneAfterAnother(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		st, _ := next(t, landing.Empty(store.NewMemory("lake")), byDate{"2024-03-10": {entry(1, "k0", 1)}})
		var files []landing.File
		bytes := int64(0)
		for i := range rapid.IntRange(0, 40).Draw(rt, "files") {
			f := landing.File{
				Source: rapid.IntRange(0, 1).Draw(rt, "source"), Key: fmt.Sprint("k", i), Size: int64(i),
				Date: rapid.SampledFrom([]string{"2024-03-09", "2024-03-10"}).Draw(rt, "date"),
			}
			files, bytes = append(files, f), bytes+f.Size
		}
		want, more := planned(t, st, landing.PlanOptions{}, files...)
		if more {
			rt.Fatal("a plan without limit leaves something")
		}
		limit := rapid.IntRange(1, 10).Draw(rt, "limit")
		var got []landing.Change
		for o := (landing.PlanOptions{Limit: limit}); ; {
			p := st.NewPlan(o)
			for _, f := range rapid.Permutation(files).Draw(rt, "listing") {
				if err := p.Add(t.Context(), f); err != nil {
					rt.Fatal(err)
				}
			}
			left := int64(len(want) - len(got))
			if p.Files != left {
				rt.Fatalf("%d changes are counted, %d are left", p.Files, left)
			}
			if len(got) == 0 && p.Bytes != bytes {
				rt.Fatalf("%d bytes of %d", p.Bytes, bytes)
			}
			changes, more, err := p.Changes(t.Context())
			if err != nil {
				rt.Fatal(err)
			}
			if len(changes) > limit || more && len(changes) < limit || more != (left > int64(len(changes))) {
				rt.Fatalf("%d changes with a limit of %d, %d left, more %t", len(changes), limit, left, more)
			}
			got = append(got, changes...)
			if !more {
				break
			}
			o.After = &changes[len(changes)-1].File
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("changes (-at once +one after another):\n%s", diff)
		}
	})
}

// TestASweepReadsEachShardOnce however often the listing comes to its date.
func TestASweepReadsEachShardOnce(t *testing.T) {
	s := store.NewMetered(store.NewMemory("lake"))
	const days, spaces = 50, 4
	changed := byDate{}
	var files []landing.File
	for w := range spaces {
		for d := range days {
			date := time.Date(2024, 1, 1+d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			e := entry(int64(w*days+d+1), fmt.Sprintf("%d/%s", w, date), 1)
			changed[date] = append(changed[date], e)
			files = append(files, landing.File{Key: e.Key, ETag: e.ETag, Size: e.Size, Date: date})
		}
	}
	_, path := next(t, landing.Empty(s), changed)
	st := load(t, s, path)
	before := s.Usage().Get.Calls
	if changes, _ := planned(t, st, landing.PlanOptions{}, files...); len(changes) > 0 {
		t.Errorf("changes: %+v", changes)
	}
	if reads := s.Usage().Get.Calls - before; reads != days {
		t.Errorf("%d reads of %d shards", reads, days)
	}
}

func TestBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOf(rapid.Int64Range(0, 40)).Draw(t, "sizes")
		maxBytes := rapid.Int64Range(1, 60).Draw(t, "bytes of a batch")
		large := rapid.Int64Range(0, 40).Draw(t, "bytes of a small file")
		maxFiles := rapid.IntRange(1, 5).Draw(t, "files of a batch")
		var changes, joined []landing.Change
		for i, size := range sizes {
			changes = append(changes, landing.Change{File: landing.File{Key: fmt.Sprint(i), Size: size}})
		}
		batches := landing.Batches(changes, maxBytes, large, maxFiles)
		total := func(batch []landing.Change) (n int64) {
			for _, c := range batch {
				n += c.Size
			}
			return n
		}
		for i, b := range batches {
			joined = append(joined, b...)
			alone := len(b) == 1
			if len(b) == 0 || len(b) > maxFiles || total(b) > maxBytes && !alone {
				t.Fatalf("batch of %d files, %d bytes", len(b), total(b))
			}
			for _, c := range b {
				if c.Size > large && !alone {
					t.Fatalf("a file of %d bytes with others", c.Size)
				}
			}
			if i > 0 {
				last := batches[i-1]
				fits := len(last) < maxFiles && total(last)+b[0].Size <= maxBytes
				if fits && b[0].Size <= large && last[0].Size <= large {
					t.Fatalf("batch %d was cut early: %d files, %d bytes, next %d", i-1, len(last), total(last), b[0].Size)
				}
			}
		}
		if diff := cmp.Diff(changes, joined); diff != "" {
			t.Fatalf("changes (-before +after):\n%s", diff)
		}
	})
}

func manifest(dates map[string]int64) landing.Manifest {
	m := landing.Manifest{Dates: map[string]landing.DateRef{}}
	for d, files := range dates {
		m.Dates[d] = landing.DateRef{Files: files}
	}
	return m
}

func TestSince(t *testing.T) {
	for name, tc := range map[string]struct{ newest, want string }{
		"as of today":              {"2024-03-10", "2024-03-07"},
		"behind":                   {"2024-02-29", "2024-02-26"},
		"over a year's end":        {"2024-01-02", "2023-12-30"},
		"a folder from the future": {"2999-01-01", "2024-03-07"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := landing.Since(tc.newest, "2024-03-10", 3); got != tc.want {
				t.Errorf("Since = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheapSweep(t *testing.T) {
	for name, tc := range map[string]struct {
		dates map[string]int64
		want  bool
	}{
		"a new lake":         {nil, true},
		"a few files":        {map[string]int64{"2024-03-10": 100}, true},
		"64 pages and dates": {map[string]int64{"2024-03-10": 63_000}, true},
		"one page more":      {map[string]int64{"2024-03-10": 64_000}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := manifest(tc.dates).CheapSweep(); got != tc.want {
				t.Errorf("CheapSweep = %t", got)
			}
		})
	}
}
