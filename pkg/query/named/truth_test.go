package named_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestNewQueriesAgreeWithTheTruth: what sums up panels of which the generator knows
// the rows.
func TestNewQueriesAgreeWithTheTruth(t *testing.T) {
	dir := t.TempDir()
	start := time.Date(2019, 12, 26, 0, 0, 0, 0, time.UTC)
	truth, err := generate.Write(t.Context(), generate.Config{Seed: 3, Start: start, Days: 4, EventsPerDay: 3000, Scenario: generate.Article}, time.Time{}, generate.Folder(dir))
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
	ask := func(name string, r query.TimeRange) string {
		t.Helper()
		plan, err := named.Build(name, nil, r)
		if err != nil {
			t.Fatal(err)
		}
		return answer(t, query.OfLake(l), plan)
	}

	created := 0
	for _, day := range truth.Panels.ClustersCreatedPerDay {
		created += day.NumClusters
	}
	if got, want := ask("clusters_created", query.TimeRange{}), fmt.Sprint(created); got != want {
		t.Errorf("clusters created: %s, the truth is %s", got, want)
	}

	endless := map[string]int{}
	for _, c := range truth.Panels.ClustersWithoutAutotermination {
		endless[cmp.Or(string(c.Email), "null")]++
	}
	var rows []string
	for email, n := range endless {
		rows = append(rows, fmt.Sprintf("%s %d", email, n))
	}
	got := strings.Split(ask("autotermination_off", query.TimeRange{}), "; ")
	slices.Sort(rows)
	slices.Sort(got)
	if !slices.Equal(rows, got) {
		t.Errorf("autotermination off: %q, the truth is %q", got, rows)
	}

	// The article's day is a spike: 714 clusters, 640 of them by one job.
	day := query.TimeRange{From: christmas.From, To: christmas.To}
	if got := ask("cluster_spike", day); got != "714" || truth.Article == nil || truth.Article.Created != 714 {
		t.Errorf("cluster spike is %s", got)
	}
	if got := ask("job_spike", day); !strings.HasPrefix(got, truth.Article.TopJob+" ") {
		t.Errorf("job spikes are %s, the truth is %+v", got, truth.Article)
	}
	quarantined := int64(0)
	for _, row := range strings.Split(ask("lines_quarantined", query.TimeRange{}), "; ") {
		var n int64
		if _, err := fmt.Sscan(row[strings.LastIndex(row, " "):], &n); err != nil {
			t.Fatal(err)
		}
		quarantined += n
	}
	if quarantined != truth.Layers.Quarantine {
		t.Errorf("%d lines in quarantine, the truth is %d", quarantined, truth.Layers.Quarantine)
	}
}

// answer is the rows of a plan as text.
func answer(t *testing.T, catalog query.Catalog, p query.Plan) string {
	t.Helper()
	got, err := exec.Run(t.Context(), catalog, p, exec.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	lines := strings.Split(strings.TrimSpace(querytest.Format(got.Batch)), "\n")[1:]
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(strings.ReplaceAll(l, "|", " ")), " ")
	}
	return strings.Join(lines, "; ")
}
