package landing_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
)

// bounded calls f on an input of size bytes and fails if it allocates much more
// than what base and the input explain.
func bounded(t *testing.T, base, size int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(base+1000*size); got > limit {
		t.Errorf("%d bytes lead to %d bytes allocated, over %d", size, got, limit)
	}
}

// FuzzState reads any bytes as a landing manifest and as the shard it points to,
// and plans on them.
func FuzzState(f *testing.F) {
	s := store.NewMemory("lake")
	st, path := next(f, landing.Empty(s), byDate{"2024-03-10": {entry(1, "a", 10), entry(2, "b", 20)}})
	read := func(key string) string {
		body, _, err := store.ReadAll(f.Context(), s, key)
		if err != nil {
			f.Fatal(err)
		}
		return string(body)
	}
	const shard = "_auditlake/landing/shard.json"
	manifest := strings.Replace(read(path), st.Dates["2024-03-10"].Path, shard, 1)
	f.Add(manifest, read(st.Dates["2024-03-10"].Path))
	for _, files := range []string{"-1", "9223372036854775807", "100000000"} {
		f.Add(`{"dates":{"2024-03-10":{"path":"`+shard+`","files":`+files+`}}}`, "[]")
	}
	f.Add(`{"dates":null,"nextFileId":-9223372036854775808,"batch":9223372036854775807}`, "")
	f.Add(manifest, `[{"id":1,"sum":"zz"}]`)
	f.Add(manifest, strings.Repeat("[", 20000))
	f.Fuzz(func(t *testing.T, manifest, body string) {
		s := store.NewMemory("lake")
		for key, text := range map[string]string{"manifest.json": manifest, shard: body} {
			if _, err := s.Put(t.Context(), key, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		bounded(t, 16<<20, len(manifest)+len(body), func() { useState(t, s) })
	})
}

// useState does with a state what a run does. It may fail, but not panic.
func useState(t *testing.T, s store.Store) {
	t.Helper()
	st, err := landing.Load(t.Context(), s, "manifest.json", nil)
	if err != nil {
		return
	}
	st.Totals()
	st.CheapSweep()
	whole := true
	for date := range st.Dates {
		got, err := st.Entries(t.Context(), date)
		whole = whole && err == nil
		for _, e := range got {
			e.Rows()
		}
	}
	p := st.NewPlan(landing.PlanOptions{Limit: 10})
	if p.Add(t.Context(), landing.File{Date: "2024-03-10", Key: "workspaceId=1/date=2024-03-10/a.json", ETag: "x", Size: 5}) != nil {
		return
	}
	if _, _, err := p.Changes(t.Context()); err != nil {
		return
	}
	after, path, err := st.Next(t.Context(), byDate{"2024-03-10": {entry(3, "c", 1)}})
	if err != nil {
		if whole {
			t.Errorf("a state that can be read has no successor: %v", err)
		}
		return
	}
	if again := load(t, s, path); again.Batch != after.Batch {
		t.Errorf("batch %d came back as %d", after.Batch, again.Batch)
	}
}

// FuzzSum reads any text as a sum.
func FuzzSum(f *testing.F) {
	f.Add(strings.Repeat("f", 32))
	f.Add(strings.Repeat("é", 16))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		var sum landing.Sum
		if sum.UnmarshalText([]byte(text)) != nil {
			return
		}
		again, err := json.Marshal(sum)
		if err != nil || string(again) != `"`+strings.ToLower(text)+`"` {
			t.Errorf("%q came back as %s, %v", text, again, err)
		}
	})
}
