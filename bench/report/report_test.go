package report_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/report"
)

const page = `# Page

<!-- bench etl: begin -->

old

<!-- bench etl: end -->

By hand.

<!-- bench queries: begin --><!-- bench queries: end -->
`

func TestASectionIsReplacedAndTheRestStays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ name, section string }{{"etl", "new\n"}, {"queries", "\nfast"}, {"etl", "newer"}} {
		if err := report.Put(file, part.name, part.section); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const want = `# Page

<!-- bench etl: begin -->

newer

<!-- bench etl: end -->

By hand.

<!-- bench queries: begin -->

fast

<!-- bench queries: end -->
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

func TestAPageWithoutMarks(t *testing.T) {
	for name, text := range map[string]string{
		"none":       "# Page\n",
		"begin only": "<!-- bench etl: begin -->\n",
		"wrong way":  "<!-- bench etl: end -->\n<!-- bench etl: begin -->\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := report.Replace(text, "etl", "new"); !errors.Is(err, report.ErrNoMarks) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestTable(t *testing.T) {
	got := report.Table([]string{"side", "MB/s"}, [][]string{
		{"one", report.Spread(measure.Summarize([]float64{1, 3, 2}), 1)},
		{"two", report.Spread(measure.Summarize([]float64{1.26}), 1)},
		{"three", report.Spread(measure.Summary{}, 1)},
	})
	const want = `| side | MB/s |
| :-- | --: |
| one | 2.0 (1.0 to 3.0) |
| two | 1.3 |
| three | - |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestCircumstances(t *testing.T) {
	got := report.Circumstances(measure.Taken{
		At: time.Date(2026, 1, 2, 23, 0, 0, 0, time.UTC), Commit: "abc", Rounds: 5, Scale: measure.Full, Times: 10,
		Machine: measure.Machine{CPU: "Some CPU", Cores: 2, MemoryBytes: 8 << 30, OS: "Some OS", Versions: map[string]string{"Go": "1.26"}},
	})
	const want = "Taken 2026-01-02 at commit abc; 5 rounds, full scale, 10 times. Some CPU, 2 cores, 8 GiB of memory, Some OS; Go 1.26."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
