package delta_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// fixtures is a folder with tables of delta-io/delta and delta-kernel-rs. They
// are kept outside the repository; AUDITLAKE_FIXTURES says where.
func fixtures() string { return filepath.Join(os.Getenv("AUDITLAKE_FIXTURES"), "delta-fixtures") }

var update = flag.Bool("update", false, "rewrite the golden files of this package")

// TestGolden loads every table of the fixtures and compares what it finds, or
// why it refuses, with testdata/golden.txt: version, live files, reason. The
// numbers were checked against the reference reader in the fixtures' SOURCES.md.
func TestGolden(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(fixtures(), "*", "*"))
	if err != nil || len(dirs) == 0 {
		t.Skip("the Delta fixture tables are not at hand: AUDITLAKE_FIXTURES names no folder that has delta-fixtures")
	}
	var got strings.Builder
	for _, dir := range dirs {
		name := strings.TrimPrefix(filepath.ToSlash(dir), filepath.ToSlash(fixtures())+"/")
		if _, err := os.Stat(filepath.Join(dir, "delta")); err == nil {
			dir = filepath.Join(dir, "delta")
		}
		s, err := store.OpenLocal(dir)
		if err != nil {
			t.Fatal(err)
		}
		var warnings int
		l := delta.Open(s, "", delta.Options{OnWarning: func(error) { warnings++ }})
		snap, err := l.Snapshot(t.Context())
		if err != nil {
			reason := strings.ReplaceAll(err.Error(), l.String(), "<root>")
			reason = strings.ReplaceAll(reason, "\n", "; ")
			fmt.Fprintf(&got, "%s | %s\n", name, reason)
			continue
		}
		state := "writable"
		if err := snap.Writable(); err != nil {
			state = err.Error()
		}
		rows := int64(0)
		for a := range snap.Files() {
			rows += max(snap.Bounds(a).Rows(), 0)
		}
		fmt.Fprintf(&got, "%s | version %d, files %d, rows by stats %d, warnings %d | %s\n", name, snap.Version(), snap.NumFiles(), rows, warnings, state)
	}
	if *update {
		if err := os.WriteFile("testdata/golden.txt", []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}
