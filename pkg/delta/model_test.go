package delta_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// model is a table as a naive reader keeps it.
type model struct {
	files   map[string]string // path -> stats
	txns    map[string]int64
	columns []string
	config  string
}

func (m model) clone() model {
	return model{maps.Clone(m.files), maps.Clone(m.txns), slices.Clone(m.columns), m.config}
}

func (m model) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "columns %v config %s txns %v\n", m.columns, m.config, m.txns)
	for _, p := range slices.Sorted(maps.Keys(m.files)) {
		fmt.Fprintf(&b, "%s %s\n", p, m.files[p])
	}
	return b.String()
}

func modelOf(s *delta.Snapshot) model {
	m := model{files: map[string]string{}, txns: map[string]int64{}, config: s.Metadata().Configuration["c"]}
	for a := range s.Files() {
		m.files[a.Path] = a.Stats
	}
	for _, app := range []string{"a", "b"} {
		if v, ok := s.Txn(app); ok {
			m.txns[app] = v
		}
	}
	for _, f := range s.Schema() {
		m.columns = append(m.columns, f.Name)
	}
	return m
}

// Any history of commits, seen warm, cold, from checkpoints and at each of its
// versions, is what a naive reader makes of it.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := store.NewMemory("model")
		l := delta.Open(s, root, delta.Options{Now: clock, CheckpointInterval: rapid.Int64Range(1, 7).Draw(rt, "interval")})
		cur := model{files: map[string]string{}, txns: map[string]int64{}, columns: []string{"c0"}}
		must(l.Commit(t.Context(), delta.Tx{Metadata: &delta.Metadata{
			Schema: columnar.Schema{{Name: "c0", Type: columnar.Of(columnar.Long)}},
		}}))
		history := []model{cur.clone()}
		for step := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			base := must(l.Snapshot(t.Context()))
			tx := delta.Tx{Base: base}
			used := map[string]bool{}
			for i := range rapid.IntRange(0, 3).Draw(rt, "adds") {
				// Some paths come again after their removal, or replace a live file.
				path := fmt.Sprintf("f %d", rapid.IntRange(0, 12).Draw(rt, "path"))
				if used[path] {
					continue
				}
				used[path] = true
				stats := fmt.Sprintf(`{"numRecords":%d}`, step*10+i)
				tx.Adds = append(tx.Adds, delta.Add{Path: path, Stats: stats, DataChange: true})
			}
			for _, path := range slices.Sorted(maps.Keys(cur.files)) {
				if !used[path] && rapid.IntRange(0, 3).Draw(rt, "remove") == 0 {
					live, _ := base.File(path)
					tx.Removes = append(tx.Removes, delta.RemoveOf(live, now))
				}
			}
			if rapid.IntRange(0, 4).Draw(rt, "metadata") == 0 {
				m := base.Metadata()
				if rapid.Bool().Draw(rt, "column") {
					cur.columns = append(cur.columns, fmt.Sprintf("c%d", len(cur.columns)))
					m.Schema = append(slices.Clone(m.Schema), columnar.Field{Name: cur.columns[len(cur.columns)-1], Type: columnar.Of(columnar.String)})
				}
				cur.config = fmt.Sprint(step)
				m.Configuration = map[string]string{"c": cur.config}
				tx.Metadata = &m
			}
			if app := rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "app"); app != "" {
				v := cur.txns[app] + rapid.Int64Range(1, 3).Draw(rt, "txn")
				cur.txns[app] = v
				tx.Txn = &delta.Txn{AppID: app, Version: v}
			}
			for _, r := range tx.Removes {
				delete(cur.files, r.Path)
			}
			for _, a := range tx.Adds {
				cur.files[a.Path] = a.Stats
			}
			if _, err := l.Commit(t.Context(), tx); err != nil {
				rt.Fatal(err)
			}
			history = append(history, cur.clone())
			if diff := cmp.Diff(cur.String(), modelOf(must(l.Snapshot(t.Context()))).String()); diff != "" {
				rt.Fatalf("warm, version %d\n%s", step+1, diff)
			}
		}
		cold := delta.Open(s, root, delta.Options{Now: clock})
		for v, want := range history {
			if diff := cmp.Diff(want.String(), modelOf(must(cold.SnapshotAt(t.Context(), int64(v)))).String()); diff != "" {
				rt.Fatalf("version %d of %d\n%s", v, len(history)-1, diff)
			}
		}
		if diff := cmp.Diff(cur.String(), modelOf(must(cold.Snapshot(t.Context()))).String()); diff != "" {
			rt.Fatalf("cold\n%s", diff)
		}
	})
}
