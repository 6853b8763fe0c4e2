//go:build interop

package interop_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestEveryReaderSeesTheSameRowsAfterMaintenance compares as
// TestEveryReaderSeesTheSameRows does, when a lake has been through all that is
// done to one in its life.
func TestEveryReaderSeesTheSameRowsAfterMaintenance(t *testing.T) {
	filled, source := lakeInSteps(t)
	dir := filepath.Join(scratch, "maintained")
	if err := os.CopyFS(dir, os.DirFS(filled)); err != nil {
		t.Fatal(err)
	}
	step(t, "maintenance", func() { maintain(t, dir, source) })
	compareReaders(t, dir)
}

// maintain takes a lake through maintenance and checks that each step does
// something, and what it does to the rows.
func maintain(t *testing.T, dir, source string) {
	t.Helper()
	before := ownDigests(t, dir)
	same := func(after string) {
		t.Helper()
		if diff := cmp.Diff(before, ownDigests(t, dir)); diff != "" {
			t.Fatalf("%s changed rows (-before +after):\n%s", after, diff)
		}
	}
	fewer := func(what, suffix string, do func()) {
		t.Helper()
		had := len(filesIn(t, dir, suffix))
		do()
		if has := len(filesIn(t, dir, suffix)); has >= had {
			t.Errorf("%s: there were %d files *%s, and there are %d", what, had, suffix, has)
		}
	}

	auditlake(t, "optimize", "--quiet", "--lake", dir, "--min-files", "2")
	same("optimize")

	horizon := time.Date(2019, 12, 22, 0, 0, 0, 0, time.UTC)
	days := strconv.Itoa(int(time.Since(horizon) / (24 * time.Hour)))
	auditlake(t, "retain", "--quiet", "--lake", dir, "--silver-days", days, "--gold-days", days, "--bronze-days", days)
	retained := ownDigests(t, dir)
	for _, name := range []string{lake.Bronze, lake.Silver, "gold/clusters"} {
		if retained[name].Rows == 0 || retained[name].Rows >= before[name].Rows {
			t.Errorf("retention left %d of %d rows of %s", retained[name].Rows, before[name].Rows, name)
		}
	}
	before = retained

	fewer("vacuum", ".parquet", func() {
		auditlake(t, "vacuum", "--quiet", "--lake", dir, "--retention", "1ms", "--force")
	})
	same("vacuum")

	later := lakeAt(t, dir, 60*24*time.Hour)
	for _, table := range tablesOf(t, dir) {
		log := later.Table(filepath.Base(table.Path)).Log()
		snap, err := log.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Checkpoint(t.Context(), snap); err != nil {
			t.Fatal(err)
		}
	}
	same("a checkpoint of every table")

	fewer("log clean-up", ".json", func() {
		if _, err := etl.Maintain(t.Context(), later, etl.MaintainOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	same("log clean-up")

	auditlake(t, "replay", "--quiet", "--lake", dir)
	replayed := ownDigests(t, dir)
	for name, want := range before {
		if replayed[name].Rows != want.Rows && name != lake.Runs {
			t.Errorf("replay: %s has %d rows, and had %d", name, replayed[name].Rows, want.Rows)
		}
	}
	auditlake(t, "etl", "--quiet", "--sweep", "--source", source, "--lake", dir)
	auditlake(t, "verify", "--lake", dir)
}

// lakeAt is a lake that can be written, seen some time from now.
func lakeAt(t *testing.T, dir string, from time.Duration) *lake.Lake {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return lake.New(s, lake.Options{Now: func() time.Time { return time.Now().Add(from) }})
}

// ownDigests is what Auditlake itself reads of every table.
func ownDigests(t *testing.T, dir string) map[string]digest {
	t.Helper()
	out := map[string]digest{}
	l := openLake(t, dir)
	for _, table := range tablesOf(t, dir) {
		view, err := l.Table(filepath.Base(table.Path)).View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out[table.Name] = digestOf(t, view, exact)
	}
	return out
}
