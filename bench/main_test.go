package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongCommandLines(t *testing.T) {
	for name, test := range map[string]struct{ args, want string }{
		"no part":         {"", "name parts"},
		"unknown part":    {"etl nonsense", "name parts"},
		"a part twice":    {"etl etl", "name parts"},
		"unknown scale":   {"etl --scale huge", "--scale is small or full"},
		"no rounds":       {"etl --rounds 0", "at least 1"},
		"part after flag": {"etl --rounds 1 queries", "flags come after the parts"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), strings.Fields(test.args))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
		})
	}
}

// TestThePageHasEverySection: without its marks a part would measure for hours and
// then not find where to write.
func TestThePageHasEverySection(t *testing.T) {
	page := readPage(t)
	for _, p := range parts() {
		for _, mark := range []string{": begin -->", ": end -->"} {
			if n := strings.Count(page, "<!-- bench "+p.name+mark); n != 1 {
				t.Errorf("%d times <!-- bench %s%s, want once", n, p.name, mark)
			}
		}
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
