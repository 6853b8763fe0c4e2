package layout_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/bench/layout"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// smallLake is a lake of two days of logs.
func smallLake(t *testing.T) string {
	t.Helper()
	logs, root := t.TempDir(), t.TempDir()
	cfg := generate.Config{Seed: 1, Start: time.Date(2019, 12, 27, 0, 0, 0, 0, time.UTC), Days: 2, EventsPerDay: 600}
	if _, err := generate.Write(t.Context(), cfg, time.Time{}, generate.Folder(logs)); err != nil {
		t.Fatal(err)
	}
	open := func(folder string, options ...store.Option) store.Store {
		s, err := store.Open(t.Context(), folder, options...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	l := lake.New(open(root), lake.Options{})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(open(logs, store.ReadOnly()))}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestEveryVariantHoldsTheRowsOfTheTable(t *testing.T) {
	root, files := smallLake(t), t.TempDir()
	tables := []string{lake.Bronze, lake.Silver, "clusters"}
	var report bytes.Buffer
	err := layout.Run(t.Context(), layout.Options{Lake: root, Out: &report, Tables: tables, Files: files, Repeats: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), root, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		view, err := lake.New(s, lake.Options{}).Table(table).View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for b, err := range view.Scan(t.Context(), view.Schema(), nil, nil) {
			want = appendRows(t, want, b, err)
		}
		slices.Sort(want)
		paths, err := filepath.Glob(filepath.Join(files, table+".*.parquet"))
		if err != nil || len(paths) < 20 {
			t.Fatalf("%s: %d variants, %v", table, len(paths), err)
		}
		contents := map[string]bool{}
		for _, path := range paths {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			contents[string(body)] = true
			if diff := cmp.Diff(want, rowsOf(t, body, view.Schema())); diff != "" {
				t.Errorf("%s (-table +file):\n%s", filepath.Base(path), diff)
			}
			name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), table+"."), ".parquet")
			if !strings.Contains(report.String(), "| "+name+" |") {
				t.Errorf("the report says nothing of %s %s", table, name)
			}
		}
		// In a table this small sizes of row groups make no difference, but
		// compression, dictionaries and order do.
		if len(contents) < 6 {
			t.Errorf("%s: only %d of %d variants differ: knobs are not turned", table, len(contents), len(paths))
		}
	}
}

func TestATableTheLakeLacksIsAnError(t *testing.T) {
	err := layout.Run(t.Context(), layout.Options{Lake: t.TempDir(), Out: &bytes.Buffer{}, Tables: []string{"nowhere"}})
	if err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v", err)
	}
}

type bytesSource []byte

func (s bytesSource) ReadRange(_ context.Context, offset, length int64) ([]byte, error) {
	return s[offset : offset+length], nil
}

func rowsOf(t *testing.T, body []byte, schema columnar.Schema) []string {
	t.Helper()
	f, err := columnar.OpenFile(t.Context(), bytesSource(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for b, err := range f.Read(t.Context(), schema, nil) {
		out = appendRows(t, out, b, err)
	}
	slices.Sort(out)
	return out
}

func appendRows(t *testing.T, out []string, b *columnar.Batch, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Len {
		var row strings.Builder
		for c, v := range b.Columns {
			fmt.Fprintf(&row, "%s=%v ", b.Schema[c].Name, v.Any(i))
		}
		out = append(out, row.String())
	}
	return out
}
