package queries_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/queries"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

func small(t *testing.T, sides ...string) *queries.Figures {
	t.Helper()
	return measured(t, queries.Questions, 12, sides...)
}

func measured(t *testing.T, questions func(queries.Subject) ([]queries.Question, error), want int, sides ...string) *queries.Figures {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	f, err := queries.Measure(t.Context(), measure.Options{
		Root: root, Scratch: t.TempDir(), Rounds: 1, Scale: measure.Small, Times: 1, Sides: sides, Log: t.Output(),
	}, questions)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Questions) != want {
		t.Errorf("%d questions", len(f.Questions))
	}
	return f
}

// TestTheExecutorAlone asks all questions of a small lake.
func TestTheExecutorAlone(t *testing.T) {
	for _, q := range small(t, queries.Auditlake).Questions {
		if q.Rows == 0 || q.Warm[queries.Auditlake].Millis.Median <= 0 || q.Cold[queries.Auditlake].Bytes.Median <= 0 {
			t.Errorf("%s: %+v", q.Name, q)
		}
		if len(q.Warm) != 1 || len(q.Cold) != 1 {
			t.Errorf("%s: other sides were taken: %+v", q.Name, q)
		}
	}
}

// TestStatementsAlone asks all statements of a small lake; both engines are asked.
func TestStatementsAlone(t *testing.T) {
	asked := map[string]int{}
	f := measured(t, queries.Statements, 18, queries.Auditlake)
	for _, q := range f.Questions {
		if q.Rows == 0 || q.Warm[queries.Auditlake].Millis.Median <= 0 {
			t.Errorf("%s: %+v", q.Name, q)
		}
		asked[q.Engine]++
	}
	if asked[sqlite.Plan] < 12 || asked[sqlite.SQLite] < 6 {
		t.Errorf("asked %v", asked)
	}
	if text := f.TextSection(); !strings.Contains(text, "Become plans") || !strings.Contains(text, "Answered on SQLite") {
		t.Error(text)
	}
}
