//go:build interop

package etl_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/bench/etl"
	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/internal/engines"
)

// TestSmallScale has every side but Spark, which alone takes minutes, make its
// tables of 20 MB. Run itself fails if these are not the same.
func TestSmallScale(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	o := measure.Options{
		Root: root, Scratch: t.TempDir(), Rounds: 1, Scale: measure.Small, Times: 1,
		Sides: []string{"auditlake", "fastest", "notebook"}, Log: &log,
	}
	err = etl.Run(t.Context(), o)
	if errors.Is(err, engines.ErrLacking) && os.Getenv("INTEROP_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for _, side := range []string{"| Auditlake |", "| DuckDB, fastest formulation |", "| DuckDB, shape of the notebook |"} {
		if n := strings.Count(log.String(), side); n == 0 {
			t.Errorf("no row %q in:\n%s", side, log.String())
		}
	}
	if _, err := os.Stat(filepath.Join(o.Scratch, "etl.json")); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(o.Scratch, "etl-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
