//go:build interop

package queries_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/bench/queries"
	"github.com/auditlake/auditlake/internal/engines"
)

// TestDuckDBGivesTheSameAnswers: Measure fails if a side gives another answer.
func TestDuckDBGivesTheSameAnswers(t *testing.T) {
	_, err := engines.New("../..", t.Logf).Node(t.Context())
	if errors.Is(err, engines.ErrLacking) && os.Getenv("INTEROP_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	f := small(t)
	for _, q := range f.Questions {
		if len(q.Warm) != 4 || len(q.Cold) != 2 {
			t.Errorf("%s: some side was not taken: %+v", q.Name, q)
		}
		if w := q.Warm[queries.DuckDBFiles]; w.Millis.Median <= 0 || w.CPUMillis.Median <= 0 {
			t.Errorf("%s: %+v", q.Name, w)
		}
	}
	if text := f.Section(); !strings.Contains(text, "warm over its own tables **") {
		t.Error(text)
	}
}

// TestDuckDBAnswersStatementsTheSame: as above, from text.
func TestDuckDBAnswersStatementsTheSame(t *testing.T) {
	_, err := engines.New("../..", t.Logf).Node(t.Context())
	if errors.Is(err, engines.ErrLacking) && os.Getenv("INTEROP_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range measured(t, queries.Statements, 18, queries.Auditlake, queries.DuckDBFiles).Questions {
		if len(q.Warm) != 2 {
			t.Errorf("%s: some side was not taken: %+v", q.Name, q)
		}
	}
}
