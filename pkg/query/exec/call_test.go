package exec_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// TestCostlyExpressionsEnd: one chunk can take minutes, of which a query that is
// to end does not do the rest.
func TestCostlyExpressionsEnd(t *testing.T) {
	b := columnar.NewBatch(columnar.Schema{{Name: "s", Type: columnar.Of(columnar.String)}})
	for i := range 2000 {
		b.Columns[0].AppendString(strings.Repeat("ab", 8000+i))
		b.Len++
	}
	b.Columns[0].AppendString(strings.Repeat("ab", 1<<20))
	b.Len++
	lake := &querytest.Lake{}
	lake.Add("t", b)
	costly := "'" + strings.Repeat("(.*a|b|ab)", 60) + strings.Repeat("(ab?){20}", 40) + "c'"
	for name, plan := range map[string]string{
		"match":                  "aggregate count() as n\n  filter s matches " + costly + "\n    scan t",
		"match, a long text":     "aggregate count() as n\n  filter length(s) > 100000 and s matches " + costly + "\n    scan t",
		"like":                   "aggregate count() as n\n  filter s like '" + strings.Repeat("%a_%_b", 100) + "'\n    scan t",
		"regexp_extract":         "project regexp_extract(s, " + costly + ") as x\n  scan t",
		"in a window, a sort":    "window lag(regexp_extract(s, " + costly + ")) as x by s\n  project s\n    scan t",
		"in an aggregate, a key": "aggregate count() as n by s matches " + costly + " as m\n  scan t",
	} {
		for _, plain := range []bool{false, true} {
			l := *lake
			l.Plain = plain
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			start := time.Now()
			_, err := exec.Run(ctx, &l, mustPlan(t, plan), exec.Options{})
			took := time.Since(start)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, plain %v: error is %v", name, plain, err)
			}
			t.Logf("%s, plain %v: ended after %v", name, plain, took)
			if took > 10*time.Second { // 0.1 s on an idle machine; to the end it takes minutes
				t.Errorf("%s, plain %v: it took %v to end", name, plain, took)
			}
		}
	}
}
