package delta_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// boundsOf is what a snapshot says of a column in each file.
func boundsOf(s *delta.Snapshot, column string) map[string]columnar.Bound {
	out := map[string]columnar.Bound{}
	for a := range s.Files() {
		if b, ok := s.Bounds(a).Bound(column); ok {
			out[a.Path] = b
		}
	}
	return out
}

func withIDs(path string, lo, hi int) delta.Add {
	a := add(path)
	a.Stats = fmt.Sprintf(`{"numRecords":3,"minValues":{"id":%d},"maxValues":{"id":%d},"nullCount":{"id":1}}`, lo, hi)
	return a
}

// TestBoundsAreReadOnce looks at how much is allocated: text that is parsed takes
// tens of allocations a file.
func TestBoundsAreReadOnce(t *testing.T) {
	l := open(t, store.NewMemory("t"))
	var adds []delta.Add
	for i := range 200 {
		adds = append(adds, withIDs(fmt.Sprintf("f%03d", i), i, 2*i))
	}
	must(l.Commit(t.Context(), delta.Tx{Metadata: metadata(), Adds: adds}))
	first := must(l.Snapshot(t.Context()))
	want := boundsOf(first, "id")
	boundsOf(first, "date")
	must(l.Commit(t.Context(), delta.Tx{Base: first, Adds: []delta.Add{withIDs("g", 7, 8)}, Removes: []delta.Remove{delta.RemoveOf(fileOf(t, first, "f000"), now)}}))
	next := must(l.Snapshot(t.Context()))
	look := func() {
		for a := range next.Files() {
			b := next.Bounds(a)
			b.Bound("id")
			b.Bound("date")
		}
	}
	look() // reads the new file
	if n := testing.AllocsPerRun(10, look); n > 2*200 {
		t.Errorf("%.0f allocations for the bounds of 200 files that were looked at before", n)
	}
	delete(want, "date=2026-03-01/f000")
	want["date=2026-03-01/g"] = columnar.Bound{Min: columnar.IntValue(columnar.Long, 7), Max: columnar.IntValue(columnar.Long, 8), Nulls: 1}
	if diff := cmp.Diff(want, boundsOf(next, "id")); diff != "" {
		t.Errorf("of the next snapshot (-want +got):\n%s", diff)
	}
}

func fileOf(t *testing.T, s *delta.Snapshot, name string) *delta.Add {
	t.Helper()
	a, ok := s.File("date=2026-03-01/" + name)
	if !ok {
		t.Fatalf("no file %s", name)
	}
	return a
}

// TestBoundsFollowTheSchema widens a column, of which statistics are read anew.
func TestBoundsFollowTheSchema(t *testing.T) {
	l := open(t, store.NewMemory("t"))
	must(l.Commit(t.Context(), delta.Tx{Metadata: metadata(), Adds: []delta.Add{withIDs("a", 1, 2)}}))
	before := must(l.Snapshot(t.Context()))
	if got := boundsOf(before, "extra"); len(got) > 0 {
		t.Errorf("of a column that is not there: %v", got)
	}
	grown := before.Metadata()
	grown.Schema = append(grown.Schema[:len(grown.Schema):len(grown.Schema)], columnar.Field{Name: "extra", Type: columnar.Of(columnar.Long)})
	must(l.Commit(t.Context(), delta.Tx{Base: before, Metadata: &grown}))
	after := must(l.Snapshot(t.Context()))
	want := map[string]columnar.Bound{"date=2026-03-01/a": {Min: columnar.IntValue(columnar.Long, 1), Max: columnar.IntValue(columnar.Long, 2), Nulls: 1}}
	for range 2 {
		for _, s := range []*delta.Snapshot{before, after} {
			if diff := cmp.Diff(want, boundsOf(s, "id")); diff != "" {
				t.Errorf("at version %d (-want +got):\n%s", s.Version(), diff)
			}
			if got := boundsOf(s, "extra"); len(got) > 0 {
				t.Errorf("at version %d of a column without statistics: %v", s.Version(), got)
			}
		}
	}
}

func TestBoundsFromManyGoroutines(t *testing.T) {
	l := open(t, store.NewMemory("t"))
	must(l.Commit(t.Context(), delta.Tx{Metadata: metadata(), Adds: []delta.Add{withIDs("a", 1, 2), withIDs("b", 3, 4)}}))
	s := must(l.Snapshot(t.Context()))
	var wg sync.WaitGroup
	for _, column := range []string{"id", "date", "name", "id"} {
		wg.Go(func() {
			for range 100 {
				known := len(boundsOf(s, column))
				if want := map[string]int{"id": 2, "date": 2, "name": 0}[column]; known != want {
					t.Errorf("%s is known of %d files, not %d", column, known, want)
				}
			}
		})
	}
	wg.Wait()
}
