package etl_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/bench/etl"
	"github.com/auditlake/auditlake/bench/measure"
)

var update = flag.Bool("update", false, "rewrite testdata/section.md")

// TestSection has the text made of figures, and none without.
func TestSection(t *testing.T) {
	root := t.TempDir()
	if _, err := etl.Section(root); !errors.Is(err, measure.ErrNoResult) {
		t.Errorf("without figures the error is %v", err)
	}
	figures, err := os.ReadFile("testdata/figures.json")
	if err != nil {
		t.Fatal(err)
	}
	results := filepath.Join(root, "bench", "results")
	if err := os.MkdirAll(results, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(results, "etl.json"), figures, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := etl.Section(root)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/section.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/section.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("section (-want +got):\n%s", diff)
	}
}
