package sqlite_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
	"github.com/auditlake/auditlake/pkg/store"
)

// article is a lake of the article's logs.
func article(t *testing.T) query.Catalog {
	t.Helper()
	dir := t.TempDir()
	start := time.Date(2019, 12, 26, 0, 0, 0, 0, time.UTC)
	_, err := generate.Write(t.Context(), generate.Config{Seed: 1, Start: start, Days: 4, EventsPerDay: 10_000, Scenario: generate.Article}, time.Time{}, generate.Folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	source, err := store.OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := lake.New(store.NewMemory("lake"), lake.Options{Engine: "auditlake/test", Now: func() time.Time { return start.AddDate(0, 0, 9) }})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(source)}, Engine: "auditlake/test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return query.OfLake(l)
}

// The article's statements have its answers, whichever way they go.
func TestArticle(t *testing.T) {
	l := article(t)
	both := func(text string) string {
		t.Helper()
		route, err := sqlite.Choose(t.Context(), l, sqlite.Question{Text: text})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if route.Engine != sqlite.Plan {
			t.Errorf("%s\nis answered by %s", text, route.Engine)
		}
		plan, err := route.Run(t.Context(), exec.Options{})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		made, err := ask(t.Context(), l, text, sqlite.Options{})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if diff := cmp.Diff(querytest.Format(plan.Batch), querytest.Format(made.Batch)); diff != "" {
			t.Errorf("%s\n(-plan +sqlite):\n%s", text, diff)
		}
		if made.Stats.Scan.Rows > plan.Stats.Scan.Rows || made.Stats.Scan.FilesPruned < plan.Stats.Scan.FilesPruned {
			t.Errorf("%s\nreads %+v, and as a plan %+v", text, made.Stats.Scan, plan.Stats.Scan)
		}
		return querytest.Format(made.Batch)
	}
	both("SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' GROUP BY 1 ORDER BY 1")
	for text, want := range map[string]string{
		"SELECT count(*) AS n FROM clusters WHERE actionName = 'create' AND date = '2019-12-28'":                                                                                                                                "n long\n714\n",
		"SELECT requestParams.cluster_creator, actionName, count(*) FROM clusters WHERE date = '2019-12-28' AND requestParams.cluster_creator = 'JOB_LAUNCHER' AND actionName = 'create' GROUP BY 1, 2 ORDER BY 3 DESC":         "cluster_creator string | actionName string | count long\nJOB_LAUNCHER           | create            | 709\n",
		"SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS null AND date = '2019-12-28' GROUP BY 1 ORDER BY 1": "date date  | num_clusters long\n2019-12-28 | 5\n",
		"SELECT jobId FROM (SELECT split(requestParams.cluster_name, \"-\")[1] AS jobId, count(*) AS n FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' GROUP BY 1) ORDER BY n DESC LIMIT 1":                   "jobId string\n31303\n",
	} {
		if got := both(text); got != want {
			t.Errorf("%s\n%s", text, cmp.Diff(want, got))
		}
	}
	both("SELECT requestParams.cluster_creator, actionName, count(*) FROM clusters WHERE date = '2019-12-28' GROUP BY 1, 2 ORDER BY 3 DESC")
	both("SELECT split(requestParams.cluster_name, \"-\")[1] AS jobId, count(*) FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' GROUP BY 1 ORDER BY 2 DESC")
	both("SELECT requestParams.user_id FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' AND split(requestParams.cluster_name, \"-\")[1] = '31303' LIMIT 1")
	both("SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS null GROUP BY 1 ORDER BY 1")
	both("SELECT email, requestParams.cluster_name FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS NULL ORDER BY 1, 2")
}
