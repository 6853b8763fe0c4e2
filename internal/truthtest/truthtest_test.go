package truthtest_test

import (
	"flag"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/truthtest"
)

var eventsPerDay = flag.Int("events", 500, "events a day of the sources; integration has 2,000")

// deliver brings a source up to a moment and returns the truth about it.
func deliver(t *testing.T, dir string, cfg generate.Config, until time.Time) *generate.Truth {
	t.Helper()
	truth, err := generate.Write(t.Context(), cfg, until, generate.Folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// TestArticle is the article's month, read in one run. The demo does and proves the
// same with 300,000 events.
func TestArticle(t *testing.T) {
	logs, lake := t.TempDir(), t.TempDir()
	truth := deliver(t, logs, generate.Config{
		Seed: 1, Start: time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC), Days: 30, EventsPerDay: *eventsPerDay, Scenario: generate.Article,
	}, time.Time{})
	if a := truth.Article; a == nil || a.Created != 714 || a.ByJobLauncher != 709 || a.TopJob != "31303" {
		t.Fatalf("the article's day is %+v", a)
	}
	truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", lake)
	truthtest.Check(t, lake, truth)
	truthtest.MustRun(t, "verify", "--lake", lake, "--source", logs)
	for _, one := range []string{"", " AND (SELECT true)"} { // as a plan, and on SQLite
		text := "SELECT count(*) AS n FROM clusters WHERE actionName = 'create' AND date = '2019-12-28'" + one
		if out := truthtest.MustRun(t, "query", "--lake", lake, "--format", "csv", "--sql", text); out != "n\n714\n" {
			t.Errorf("%s is\n%s", text, out)
		}
	}
}

// TestDetections is the month of stories, each query of the catalog over all of
// it, in the middle and at the end.
func TestDetections(t *testing.T) {
	logs, lake := t.TempDir(), t.TempDir()
	truth := deliver(t, logs, generate.Config{
		Seed: 2, Start: time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC), Days: 30, EventsPerDay: *eventsPerDay, Scenario: generate.Detections,
	}, time.Time{})
	truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", lake)
	truthtest.Check(t, lake, truth)
}

// TestAsItIsDelivered runs the ETL between deliveries, so that files are
// overwritten and come late after they were read; the numbers are exact at every
// stop.
func TestAsItIsDelivered(t *testing.T) {
	logs, lake := t.TempDir(), t.TempDir()
	start := time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)
	cfg := generate.Config{Seed: 7, Start: start, Days: 4, EventsPerDay: *eventsPerDay}
	for stop := start.Add(13 * time.Hour); stop.Before(start.AddDate(0, 0, 6)); stop = stop.Add(23*time.Hour + 7*time.Minute) {
		truth := deliver(t, logs, cfg, stop)
		truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", lake)
		truthtest.Check(t, lake, truth)
		if t.Failed() {
			t.Fatalf("first seen at %s", stop)
		}
	}
	truthtest.MustRun(t, "verify", "--lake", lake, "--source", logs)
}
