//go:build interop

package interop_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/internal/oddities"
	"github.com/auditlake/auditlake/pkg/lake"
)

var rebuildEvents = flag.Int("rebuild-events", 100, "events a day, for 30 days, of the lake that Spark rebuilds")

// TestSparkRebuildsGold has Spark run, twice, what auditlake rebuild prints, and
// compares all rows of all gold tables with those that Auditlake has made itself:
// the same columns with the same values in every row, lineage included, since silver
// is the same.
func TestSparkRebuildsGold(t *testing.T) {
	source, dir, into := filepath.Join(t.TempDir(), "delivered"), filepath.Join(t.TempDir(), "lake"), filepath.Join(t.TempDir(), "into")
	auditlake(t, "generate", "--out", source, "--scenario", "detections", "--start", "2024-03-01", "--days", "30",
		"--events-per-day", strconv.Itoa(*rebuildEvents), "--truth", "basic")
	odd := filepath.Join(source, filepath.FromSlash(oddities.Key))
	if err := os.MkdirAll(filepath.Dir(odd), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(odd, []byte(oddities.Lines()), 0o644); err != nil {
		t.Fatal(err)
	}
	auditlake(t, "etl", "--quiet", "--source", source, "--lake", dir)
	script := filepath.Join(t.TempDir(), "rebuild.sql")
	if err := os.WriteFile(script, auditlake(t, "rebuild", "--lake", dir, "--into", into, "--target", "spark"), 0o644); err != nil {
		t.Fatal(err)
	}
	step(t, "Spark", func() { spark(t, "readers/rebuild.py", script, t.TempDir()) })

	want, got := openLake(t, dir), openLake(t, into)
	names, err := want.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, name := range names {
		w := digestOf(t, viewOf(t, want, name), exact)
		compare(t, name, w, digestOf(t, viewOf(t, got, name), exact))
		rows += w.Rows
	}
	t.Logf("%d tables, %d rows", len(names), rows)
	const count = "SELECT count(*) AS n FROM clusters WHERE isInteractive"
	out := string(auditlake(t, "query", "--lake", into, "--sql", count, "--format", "csv"))
	mine := string(auditlake(t, "query", "--lake", dir, "--sql", count, "--format", "csv"))
	if out != mine || !strings.HasPrefix(out, "n\n") {
		t.Errorf("interactive clusters: %q, want %q", out, mine)
	}
}

func viewOf(t *testing.T, l *lake.Lake, table string) *lake.View {
	t.Helper()
	v, err := l.Table(table).View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
