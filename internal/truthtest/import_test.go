package truthtest_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/truthtest"
)

// article are the statements of the article over its day.
var article = []string{
	"SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' GROUP BY 1 ORDER BY 1",
	"SELECT requestParams.cluster_creator, actionName, count(*) FROM clusters WHERE date = '2019-12-28' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
	`SELECT split(requestParams.cluster_name, "-")[1] AS jobId, count(*) FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' GROUP BY 1 ORDER BY 2 DESC, 1`,
	`SELECT requestParams.user_id FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' AND split(requestParams.cluster_name, "-")[1] = '31303' LIMIT 1`,
	"SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS null GROUP BY 1 ORDER BY 1",
	"SELECT email, requestParams.cluster_name FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS NULL ORDER BY 1, 2",
}

// TestHistoryAnswersTheSame imports the article's month from the silver table of a lake, whole and
// up to a time: the whole answers as what was delivered does, and the part has what was before.
func TestHistoryAnswersTheSame(t *testing.T) {
	logs, whole := t.TempDir(), t.TempDir()
	truth := deliver(t, logs, generate.Config{
		Seed: 1, Start: time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC), Days: 30, EventsPerDay: *eventsPerDay * 2 / 5, Scenario: generate.Article,
	}, time.Time{})
	if truth.Article == nil || truth.Article.Created != 714 {
		t.Fatalf("the article's day is %+v", truth.Article)
	}
	truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", whole)

	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	const half = "2019-12-28T12:00:00Z"
	silver := filepath.Join(whole, "silver")
	truthtest.MustRun(t, "import", "--quiet", "--table", silver, "--everything", "--out", at("everything"))
	truthtest.MustRun(t, "etl", "--quiet", "--source", at("everything"), "--lake", at("one"))
	truthtest.MustRun(t, "verify", "--source", at("everything"), "--lake", at("one"))

	truthtest.MustRun(t, "import", "--quiet", "--table", silver, "--before", half, "--out", at("before"))
	truthtest.MustRun(t, "etl", "--quiet", "--source", at("before"), "--lake", at("half"))
	count := "SELECT count(*) AS n FROM silver WHERE date_time "
	if before, want := truthtest.MustRun(t, "query", "--lake", at("half"), "--format", "csv", "--sql", count+"IS NOT NULL"),
		truthtest.MustRun(t, "query", "--lake", whole, "--format", "csv", "--sql", count+"< TIMESTAMP '2019-12-28 12:00:00'"); before != want {
		t.Errorf("before %s there are %s events, imported were %s", half, want, before)
	}
	for _, text := range article {
		want := truthtest.MustRun(t, "query", "--lake", whole, "--format", "csv", "--sql", text)
		if got := truthtest.MustRun(t, "query", "--lake", at("one"), "--format", "csv", "--sql", text); got != want {
			t.Errorf("%s\nis over what was delivered\n%s\nand over what was imported\n%s", text, want, got)
		}
	}
}
