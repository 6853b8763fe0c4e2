package queries_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/queries"
)

// TestASmallMeasurement asks all questions of a small lake, on every side there is.
func TestASmallMeasurement(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	o := measure.Options{Root: root, Scratch: t.TempDir(), Rounds: 1, Scale: measure.Small, Times: 1, Log: t.Output()}
	if _, err := os.Stat(filepath.Join(root, "interop", "node_modules", "@duckdb")); err != nil {
		t.Log("DuckDB is not installed: only the embedded executor is asked")
		o.Sides = []string{queries.Auditlake}
	}
	f, err := queries.Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Questions) != 12 {
		t.Errorf("%d questions", len(f.Questions))
	}
	for _, q := range f.Questions {
		if q.Rows == 0 || q.Warm[queries.Auditlake].Millis.Median <= 0 || q.Cold[queries.Auditlake].Bytes.Median <= 0 {
			t.Errorf("%s: %+v", q.Name, q)
		}
	}
}
