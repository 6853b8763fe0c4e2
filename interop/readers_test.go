//go:build interop

package interop_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// request is what the readers' scripts are told about a table.
type request struct {
	Name   string   `json:"name"` // its folder in the lake
	Path   string   `json:"path"`
	Files  []string `json:"files"`  // the live ones, for readers that read no log
	Binary []string `json:"binary"` // columns of bytes, for readers that know only text
	Probes []probe  `json:"probes"`
}

// steps is how many ETL runs make the lake: enough for checkpoints.
const steps = 14

// steppedLake is a lake of ten days from many runs, each after some hours of
// deliveries, and its source. The first test that asks makes it.
var steppedLake struct {
	once   sync.Once
	filled bool
}

func lakeInSteps(t *testing.T) (lakeDir, source string) {
	t.Helper()
	lakeDir, source = filepath.Join(scratch, "lake"), filepath.Join(scratch, "delivered")
	steppedLake.once.Do(func() {
		step(t, fmt.Sprintf("%d deliveries and ETL runs", steps), func() { fill(t, lakeDir, source) })
		steppedLake.filled = !t.Failed()
	})
	if !steppedLake.filled {
		t.Fatal("the lake could not be filled")
	}
	return lakeDir, source
}

func fill(t *testing.T, lakeDir, source string) {
	t.Helper()
	start := time.Date(2019, 12, 20, 0, 0, 0, 0, time.UTC)
	sizes := map[string]int64{}
	overwritten := 0
	for i := 1; i <= steps; i++ {
		generate := []string{
			"generate", "--out", source, "--start", start.Format(time.DateOnly),
			"--days", "10", "--events-per-day", "1000", "--scenario", "article",
		}
		if i < steps {
			generate = append(generate, "--until", start.Add(time.Duration(i)*18*time.Hour).Format(time.RFC3339))
		}
		auditlake(t, generate...)
		for path, size := range filesIn(t, source, ".json") {
			if old, ok := sizes[path]; ok && old != size && filepath.Base(path) != "truth.json" {
				overwritten++
			}
			sizes[path] = size
		}
		auditlake(t, "etl", "--quiet", "--source", source, "--lake", lakeDir)
	}
	if overwritten == 0 {
		t.Error("no delivered file was overwritten")
	}
	checkpoints := 0
	for path := range filesIn(t, lakeDir, ".checkpoint.parquet") {
		if filepath.Base(path) == "00000000000000000010.checkpoint.parquet" {
			checkpoints++
		}
	}
	if checkpoints < 3 {
		t.Errorf("%d tables have a checkpoint at version 10, want at least bronze, silver and one of gold", checkpoints)
	}
	evolved := 0
	for path := range filesIn(t, filepath.Join(lakeDir, "gold"), ".json") {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) != "00000000000000000000.json" && bytes.Contains(body, []byte(`{"metaData":`)) {
			evolved++
		}
	}
	if evolved == 0 {
		t.Error("the schema of no gold table has evolved")
	}
	t.Logf("%d times a delivered file was overwritten, %d checkpoints, %d times a gold schema evolved", overwritten, checkpoints, evolved)
}

// filesIn are the sizes of the files below dir whose names end in suffix.
func filesIn(t *testing.T, dir, suffix string) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		sizes[path] = info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sizes
}

func openLake(t *testing.T, dir string) *lake.Lake {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	return lake.New(s, lake.Options{})
}

// tablesOf finds every table of a lake by its log.
func tablesOf(t *testing.T, dir string) []request {
	t.Helper()
	l := openLake(t, dir)
	var all []request
	for _, pattern := range []string{"*/_delta_log", "gold/*/_delta_log"} {
		logs, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, log := range logs {
			path := filepath.Dir(log)
			name, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			r := request{Name: filepath.ToSlash(name), Path: path, Binary: []string{}, Probes: []probe{}}
			snap, err := l.Table(filepath.Base(path)).Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for add := range snap.Files() {
				r.Files = append(r.Files, filepath.Join(path, filepath.FromSlash(add.Path)))
			}
			for _, f := range snap.Schema() {
				if f.Type.Kind == columnar.Binary {
					r.Binary = append(r.Binary, f.Name)
				}
			}
			all = append(all, r)
		}
	}
	return all
}

// TestEveryReaderSeesTheSameRows compares all rows of every table, not counts:
// there are readers whose count() disagrees with the rows they return.
func TestEveryReaderSeesTheSameRows(t *testing.T) {
	dir, _ := lakeInSteps(t)
	compareReaders(t, dir)
}

// compareReaders has every reader read every table of a lake.
func compareReaders(t *testing.T, dir string) {
	t.Helper()
	tables := tablesOf(t, dir)
	l := openLake(t, dir)
	want := map[form]map[string]digest{exact: {}, nullsEmpty: {}}
	rows, probes := 0, 0
	step(t, "Auditlake", func() {
		for i, table := range tables {
			view, err := l.Table(filepath.Base(table.Path)).View(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for form := range want {
				want[form][table.Name] = digestOf(t, view, form)
			}
			rows += want[exact][table.Name].Rows
			tables[i].Probes = probesOf(t, l.Table(filepath.Base(table.Path)))
			probes += len(tables[i].Probes)
		}
	})
	t.Logf("%d tables, %d rows, %d probes", len(tables), rows, probes)
	// ClickHouse reads no files outside of the folder that the request is in.
	ask := filepath.Join(scratch, filepath.Base(dir)+".json")
	writeJSON(t, ask, tables)

	for _, reader := range []struct {
		name string
		form form
		run  func(t *testing.T, answer string)
	}{
		{"ClickHouse", nullsEmpty, func(t *testing.T, answer string) { must(t, nil, node(t), "readers/chdb.mjs", ask, answer) }},
		{"delta-rs with Arrow", exact, func(t *testing.T, answer string) { must(t, nil, python(t), "readers/deltars.py", "arrow", ask, answer) }},
		{"delta-rs with DataFusion", exact, func(t *testing.T, answer string) {
			must(t, nil, python(t), "readers/deltars.py", "datafusion", ask, answer)
		}},
		{"DuckDB on the Parquet files", exact, func(t *testing.T, answer string) { must(t, nil, node(t), "readers/duckdb.mjs", ask, answer) }},
		{"Spark", exact, func(t *testing.T, answer string) { spark(t, "readers/spark.py", ask, answer) }},
	} {
		t.Run(reader.name, func(t *testing.T) {
			answer := filepath.Join(t.TempDir(), "answer.json")
			reader.run(t, answer)
			got := map[string]digest{}
			readJSON(t, answer, &got)
			for _, table := range tables {
				compare(t, table.Name, want[reader.form][table.Name], got[table.Name])
				for i, n := range got[table.Name].Probes {
					if p := table.Probes[i]; n != p.want {
						t.Errorf("%s: %d rows where %s is %q, want %d: do its statistics leave out a file?", table.Name, n, p.Column, p.Value, p.want)
					}
				}
			}
		})
	}
}

// compare says in what a reader's table differs from Auditlake's.
func compare(t *testing.T, table string, want, got digest) {
	t.Helper()
	switch {
	case got.Error != "":
		t.Errorf("%s: refused: %s", table, got.Error)
	case got.Rows != want.Rows:
		t.Errorf("%s: %d rows, want %d", table, got.Rows, want.Rows)
	case got.Digest != want.Digest:
		var differ []string
		for _, name := range slices.Sorted(maps.Keys(want.Columns)) {
			if sum, ok := got.Columns[name]; !ok {
				differ = append(differ, name+" (missing)")
			} else if sum != want.Columns[name] {
				differ = append(differ, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(got.Columns)) {
			if _, ok := want.Columns[name]; !ok {
				differ = append(differ, name+" (not ours)")
			}
		}
		if differ == nil {
			t.Errorf("%s: every column has our values, but the rows put them together otherwise", table)
			return
		}
		t.Errorf("%s: other rows; columns that differ: %s", table, strings.Join(differ, ", "))
	}
}
