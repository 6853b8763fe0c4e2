package queries_test

import (
	"path/filepath"
	"testing"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/queries"
)

func small(t *testing.T, sides ...string) *queries.Figures {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	f, err := queries.Measure(t.Context(), measure.Options{
		Root: root, Scratch: t.TempDir(), Rounds: 1, Scale: measure.Small, Times: 1, Sides: sides, Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Questions) != 12 {
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
