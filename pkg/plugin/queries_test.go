package plugin_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
)

// own is a query of a user's own.
func own(name string) map[string]any {
	return map[string]any{
		"name": name, "title": "Mine", "description": "What is mine.", "group": "Overview", "visualization": "table",
		"sql": "select count(*) as n from bronze",
	}
}

// TestQueriesOfTheUsersOwn: of the administrator's folder and of the settings, beside
// the shipped ones; what is wrong is said by the health check and takes nothing with it.
func TestQueriesOfTheUsersOwn(t *testing.T) {
	w := filled(t)
	folder := t.TempDir()
	file := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "title: Theirs\ndescription: What is theirs.\ngroup: Overview\nvisualization: table\n"
	file("theirs", "name: theirs\n"+head+"sql: |\n  select count(*) as n from bronze\n")
	file("broken", "name: broken\n"+head+"sql: |\n  select count(*) as n\n  form bronze\n")
	wrong := own("wrong")
	wrong["sql"] = "select"

	shell := newShell(t, plugin.Admin{AllowLocalFolders: true, QueriesFolder: folder})
	d := shell.New(t.Context(), settings(t, map[string]any{
		"lake": w.folder, "queries": []any{own("mine"), own("job_owner"), own("theirs"), wrong},
	}))
	res, parts := checkHealth(t, d, "Admin")
	if res.Status != backend.HealthStatusOk {
		t.Errorf("health %s: %s", res.Status, res.Message)
	}
	part := parts["queries"]
	slices.Sort(part.Warnings)
	want := []string{
		`Query left out: broken.yaml:8:3: "form" stands where FROM belongs.`,
		`Query left out: queries, entry 2: there is a query job_owner already, in queries/clusters/job_owner.yaml: choose another name.`,
		`Query left out: queries, entry 3: there is a query theirs already, in theirs.yaml: choose another name.`,
		`Query left out: queries, entry 4: sql, line 1, column 7: the end stands where an expression belongs.`,
	}
	if !slices.Equal(part.Warnings, want) || part.Message != "2 named queries of your own." || !part.OK {
		t.Errorf("%+v", part)
	}

	for name, answered := range map[string]bool{"mine": true, "theirs": true, "wrong": false, "broken": false} {
		got := ask(t, d, nil, namedQuery("A", name, nil))["A"]
		if (got.Error == nil) != answered {
			t.Errorf("%s: %v", name, got.Error)
		}
	}
	var catalog []struct {
		Name string
		Own  bool
	}
	err := d.CallResource(t.Context(), &backend.CallResourceRequest{Path: "named-queries", URL: "named-queries", Method: "GET"},
		backend.CallResourceResponseSenderFunc(func(res *backend.CallResourceResponse) error { return json.Unmarshal(res.Body, &catalog) }))
	if err != nil {
		t.Fatal(err)
	}
	var mine []string
	for _, q := range catalog {
		if q.Own {
			mine = append(mine, q.Name)
		}
	}
	if got := strings.Join(mine, " "); got != "mine theirs" {
		t.Errorf("of the user's own: %s", got)
	}
}

func TestQueriesThatAreNoList(t *testing.T) {
	d := newDatasource(t, map[string]any{"lake": "/lake", "queries": own("mine")})
	res, _ := checkHealth(t, d, "Admin")
	if want := "queries: write a list of at most 200 queries, each with the keys of a query file"; !strings.Contains(res.Message, want) {
		t.Errorf("%s", res.Message)
	}
}
