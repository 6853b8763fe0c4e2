package query_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// TestSemanticsAreHeld: docs/semantics.md lists every function with what holds
// it, and the tests that it names are there.
func TestSemanticsAreHeld(t *testing.T) {
	text, err := os.ReadFile("../../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	held := regexp.MustCompile(`\[(Test\w+|[a-z]+: [^\]]+)\]`)
	for _, f := range query.Functions() {
		_, row, _ := strings.Cut(string(text), "`"+f.String()+"`")
		if row, _, _ = strings.Cut(row, "\n"); !held.MatchString(row) {
			t.Errorf("%s has no row in docs/semantics.md: its rule, and in brackets the query of exec/testdata that holds it", f)
		}
	}
	known := map[string]bool{}
	for _, pattern := range []string{"*_test.go", "exec/*_test.go", "trino/*_test.go", "../../interop/*_test.go", "exec/testdata/*.test"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
				known[m[1]] = true
			}
			if file, ok := strings.CutSuffix(filepath.Base(name), ".test"); ok {
				for _, b := range querytest.Blocks(string(source)) {
					if what, ok := strings.CutPrefix(b.Head, "query "); ok {
						known[file+": "+what] = true
					}
				}
			}
		}
	}
	named := held.FindAllStringSubmatch(string(text), -1)
	for _, m := range named {
		if !known[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
	}
	if len(named) < 60 {
		t.Errorf("%d tests are named: the rest is not read", len(named))
	}
}
