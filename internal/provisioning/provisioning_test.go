package provisioning_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/provisioning"
	"github.com/auditlake/auditlake/pkg/plugin"
)

// repository is the root of the module.
func repository() fs.FS { return os.DirFS("../..") }

func shipped(t *testing.T) *provisioning.Set {
	t.Helper()
	set, err := provisioning.Read(sub(t))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func sub(t *testing.T) fs.FS {
	t.Helper()
	root, err := fs.Sub(repository(), "provisioning")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func text(t *testing.T, name string) string {
	t.Helper()
	body, err := fs.ReadFile(repository(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestEveryFileHasTheDocumentedForm(t *testing.T) {
	set := shipped(t)
	for _, problem := range set.Problems() {
		t.Error(problem)
	}
	var rules []string
	for _, g := range set.Groups {
		if strings.HasPrefix(g.Name, provisioning.CatalogGroup) {
			continue
		}
		for _, r := range g.Rules {
			state := " runs"
			if r.IsPaused {
				state = " is paused"
			}
			rules = append(rules, r.UID+state)
		}
	}
	if diff := cmp.Diff([]string{
		"auditlake-stale runs", "auditlake-cluster-spike runs", "auditlake-failed-logins is paused", "auditlake-no-autotermination is paused",
	}, rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if len(set.Datasources) != 1 || len(set.Providers) != 1 || len(set.Dashboards) != 8 {
		t.Errorf("%d data sources, %d providers, %d dashboards", len(set.Datasources), len(set.Providers), len(set.Dashboards))
	}
	if provisioning.PluginID != plugin.ID {
		t.Errorf("the plugin is %s", plugin.ID)
	}
}

// TestTheRuleThatKeepsTheETLAlive: the runner inside the plugin ends when nobody
// asks, so one rule asks often whatever it finds.
func TestTheRuleThatKeepsTheETLAlive(t *testing.T) {
	for _, g := range shipped(t).Groups {
		for _, r := range g.Rules {
			if r.UID == "auditlake-stale" {
				if r.IsPaused || r.NoDataState != "Alerting" || r.ExecErrState != "Alerting" || g.Interval.Minutes() > 5 {
					t.Errorf("every %s, paused %v, %s without data, %s on an error", g.Interval, r.IsPaused, r.NoDataState, r.ExecErrState)
				}
				return
			}
		}
	}
	t.Error("there is no such rule")
}

// TestDashboardsAndRulesShareAFolder: rules name a folder only by its title.
func TestDashboardsAndRulesShareAFolder(t *testing.T) {
	set := shipped(t)
	for _, g := range set.Groups {
		if p := set.Providers[0]; g.Folder != p.Folder || p.FolderUID != "" {
			t.Errorf("rules of %s are in folder %q, dashboards in %q with uid %q", g.Name, g.Folder, p.Folder, p.FolderUID)
		}
	}
}

func TestEveryRuleHasAChapterInTheRunbook(t *testing.T) {
	chapters := chaptersOf(t, "docs/runbook.md")
	for _, g := range shipped(t).Groups {
		for _, r := range g.Rules {
			page, chapter, _ := strings.Cut(r.Annotations["runbook_url"], "#")
			if !strings.HasSuffix(page, "/docs/runbook.md") || !chapters[chapter] {
				t.Errorf("%s: no chapter %q in %s", r.Title, chapter, page)
			}
		}
	}
}

// chaptersOf are the anchors of a page.
func chaptersOf(t *testing.T, page string) map[string]bool {
	t.Helper()
	chapters := map[string]bool{}
	for line := range strings.Lines(text(t, page)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			chapters[strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "-")] = true
		}
	}
	return chapters
}

func TestEveryDashboardHasAChapter(t *testing.T) {
	chapters := chaptersOf(t, "docs/dashboards.md")
	for _, d := range shipped(t).Dashboards {
		for _, address := range d.Outside() {
			page, chapter, _ := strings.Cut(address, "#")
			if !strings.HasSuffix(page, "/docs/dashboards.md") || !chapters[chapter] {
				t.Errorf("%s: no chapter %q in %s", d.File, chapter, page)
			}
		}
		if len(d.Outside()) == 0 {
			t.Errorf("%s: nothing leads to its documentation", d.File)
		}
	}
}

func TestThePluginBringsTheSameDashboards(t *testing.T) {
	var manifest struct {
		Includes []struct{ Type, Name, Path string } `json:"includes"`
	}
	if err := json.Unmarshal([]byte(text(t, "src/plugin.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	var included, provisioned []string
	for _, i := range manifest.Includes {
		included = append(included, i.Type+" "+i.Name+" "+i.Path)
	}
	for _, d := range shipped(t).Dashboards {
		provisioned = append(provisioned, "dashboard "+d.Title+" dashboards/"+path.Base(d.File))
	}
	slices.Sort(included)
	slices.Sort(provisioned)
	if diff := cmp.Diff(provisioned, included); diff != "" {
		t.Errorf("dashboards (-provisioned +included):\n%s", diff)
	}
}

// TestWhatIsWrongIsFound changes one thing at a time in the shipped files.
func TestWhatIsWrongIsFound(t *testing.T) {
	const (
		datasource = "datasources/auditlake.yaml"
		provider   = "dashboards/dashboards.yaml"
		dashboard  = "dashboards/databricks-audit.json"
		cluster    = "dashboards/clusters.json"
		rules      = "alerting/rules.yaml"
	)
	for name, tc := range map[string]struct {
		file, old, new string
		want           string
	}{
		"a misspelt key of a data source":     {datasource, "editable:", "Editable:", "field Editable not found"},
		"an unknown setting":                  {datasource, "schedule: 1m", "shedule: 1m", `is "shedule"`},
		"a secret in the file":                {datasource, "$AUDITLAKE_S3_SECRET_KEY", "testsecret", "instead of taken from the environment"},
		"another API version":                 {datasource, "apiVersion: 1", "apiVersion: 2", "apiVersion is 2"},
		"a second document":                   {datasource, "apiVersion: 1", "apiVersion: 1\n---\napiVersion: 1", "more than one document"},
		"a provider of another type":          {provider, "type: file", "type: git", `type is "git"`},
		"a misspelt key of a dashboard":       {dashboard, `"schemaVersion"`, `"schemaversion2"`, `unknown field "schemaversion2"`},
		"inputs, which provisioning ignores":  {dashboard, `"schemaVersion"`, `"__inputs": [], "schemaVersion"`, `unknown field "__inputs"`},
		"an old schema":                       {dashboard, `"schemaVersion": 42`, `"schemaVersion": 36`, "want 42"},
		"a data source of one Grafana only":   {dashboard, `"uid": "${datasource}"`, `"uid": "auditlake"`, "want ${datasource}"},
		"a variable for another data source":  {dashboard, `"query": "auditlake-databricks-datasource"`, `"query": "prometheus"`, "no variable ${datasource}"},
		"a variable that is not there":        {cluster, `"job_id": "${job}"`, `"job_id": "${jobid}"`, "no variable jobid"},
		"an unknown query":                    {cluster, `"named": "clusters_by_job"`, `"named": "clusters_by_jobs"`, "did you mean clusters_by_job"},
		"an unknown parameter":                {dashboard, `"limit": "20"`, `"limits": "20"`, "did you mean limit"},
		"a panel over another":                {cluster, "\"y\": 0,\n        \"w\": 16", "\"y\": 0,\n        \"w\": 17", "it lies over"},
		"a hole between panels":               {cluster, "\"y\": 0,\n        \"w\": 16", "\"y\": 0,\n        \"w\": 15", "there is a hole in line 0 from column 15 on"},
		"a panel beyond the edge":             {dashboard, "\"w\": 24,\n        \"h\": 1\n", "\"w\": 25,\n        \"h\": 1\n", "24 columns"},
		"the same id twice":                   {cluster, `"id": 7,`, `"id": 6,`, `id "6" is there twice`},
		"no description":                      {cluster, `"description": "The jobs that created the most clusters. Click a job to see its runs and owner.",`, "", "description is missing"},
		"no unit":                             {dashboard, `"unit": "s",`, "", "no unit"},
		"an option of another visualisation":  {dashboard, `"justifyMode": "center"`, `"cellHeight": "sm"`, "options: json: unknown field"},
		"nothing said about no value":         {dashboard, `"noValue": "no events",`, "", "where there is no value"},
		"a legend in no order":                {"dashboards/jobs.json", `"sortBy": "Total",`, "", "in no order"},
		"SQL that is none":                    {"dashboards/pipeline.json", `"sql": "select count(*)`, `"sql": "select count(*`, "query A"},
		"a filter on no column":               {cluster, `"key": "actor"`, `"key": "actors"`, "no column actors"},
		"a variable nobody uses":              {cluster, `"${user}"`, `"${workspace}"`, "no panel uses it"},
		"a variable without All":              {cluster, `"$__all"`, `""`, "All is offered"},
		"an All that loses events":            {cluster, `"allValue": ".*"`, `"allValue": ".+"`, "keeps every event"},
		"a variable that asks for nothing":    {cluster, `"sql": "select cast(`, `"sql": "choose cast(`, "variable workspace: query"},
		"options that are never new":          {cluster, `"refresh": 2`, `"refresh": 1`, "are not asked for"},
		"a link to no dashboard":              {cluster, `/d/auditlake-jobs?`, `/d/auditlake-job?`, "leads to no dashboard"},
		"a link that sets what is not there":  {cluster, `&var-job=`, `&var-jobs=`, "sets jobs, which"},
		"a link that takes what is not there": {dashboard, `/d/auditlake-clusters?`, `/d/auditlake-pipeline?`, "sets workspace, which"},
		"a link with a value as it is":        {cluster, `${__value.raw:percentencode}`, `${__value.raw}`, "not encoded"},
		"a link about another field":          {cluster, `${__data.fields.user:percentencode}`, `${__data.fields.usr:percentencode}`, "neither a variable nor a field"},
		"a link that loses the time range":    {cluster, `&${__url_time_range}`, ``, "loses ${__url_time_range}"},
		"links that lose the variables":       {cluster, `"includeVars": true`, `"includeVars": false`, "does not take time and variables"},
		"a tag that no other dashboard has":   {cluster, "\"tags\": [\n        \"auditlake\"", "\"tags\": [\n        \"clusters\"", "does not take time and variables"},
		"a misspelt key of a rule":            {rules, "noDataState: Alerting", "nodataState: Alerting", "field nodataState not found"},
		"a misspelt key of a model":           {rules, "named: data_freshness", "name: data_freshness", "field name not found"},
		"a misspelt key of an expression":     {rules, "reducer: last", "reduce: last", "field reduce not found"},
		"an uid that is too long":             {rules, "uid: auditlake-stale", "uid: auditlake-stale-auditlake-stale-auditlake", "Grafana takes 40"},
		"two rules with one uid":              {rules, "uid: auditlake-failed-logins", "uid: auditlake-stale", "is there twice"},
		"a data source that is not there":     {rules, "datasourceUid: auditlake\n", "datasourceUid: other\n", `with the uid "other"`},
		"a condition that is not there":       {rules, "condition: C", "condition: X", "condition X is no refId"},
		"a condition that is no threshold":    {rules, "condition: C", "condition: B", "condition B is no threshold"},
		"an expression before its query":      {rules, "expression: A", "expression: C", "does not come before it"},
		"a query no rule can be set on":       {rules, "named: failed_logins_by_user\n              params: { limit: \"100\" }", "named: clusters_without_autotermination\n              params: {}", "no rule can be set on"},
		"an empty time range":                 {rules, "{ from: 3600, to: 0 }", "{ from: 0, to: 0 }", "is empty"},
		"an interval Grafana does not have":   {rules, "interval: 5m", "interval: 15s", "no multiple of 10s"},
		"an interval that is none":            {rules, "interval: 5m", "interval: often", "cannot unmarshal"},
		"a state that is none":                {rules, "noDataState: Alerting", "noDataState: Alarm", "noDataState is"},
		"a label that Grafana would expand":   {rules, "product: auditlake", "product: $labels.x", "expanded from the environment"},
		"an annotation about another refId":   {rules, "$values.E", "$values.F", "not the value of an expression"},
		"an annotation about an answer":       {rules, "$values.E", "$values.D", "not the value of an expression"},
		"a panel that is not there":           {rules, `__panelId__: "1"`, `__panelId__: "99"`, "no panel 99"},
		"a severity nobody routes":            {rules, "severity: critical", "severity: high", "label severity"},
		"an evaluator with too many limits":   {rules, "params: [7200]", "params: [7200, 1]", "has 2 params"},
		"a pending period that is left away":  {rules, "        for: 5m\n", "", "for is missing"},
		"no word on what to do":               {rules, "runbook_url:", "runbook:", "annotation runbook_url is missing"},
		"a reducer Grafana does not have":     {rules, "reducer: last", "reducer: total", "reducer"},
		"an expression Grafana does not have": {rules, "type: threshold", "type: thresholds", "expression type"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for _, file := range filesAbout(t, tc.file) {
				body := text(t, "provisioning/"+file)
				if file == tc.file {
					if !strings.Contains(body, tc.old) {
						t.Fatalf("%s does not have %q", file, tc.old)
					}
					replaced := 1
					if tc.old == `"${user}"` { // one use is enough
						replaced = -1
					}
					body = strings.Replace(body, tc.old, tc.new, replaced)
				}
				files[file] = &fstest.MapFile{Data: []byte(body)}
			}
			set, err := provisioning.Read(files)
			found := set.Problems()
			if err != nil {
				found = append(found, err.Error())
			}
			if !strings.Contains(strings.Join(found, "\n"), tc.want) {
				t.Errorf("%q is not in what is found:\n%s", tc.want, strings.Join(found, "\n"))
			}
		})
	}
}

// filesAbout are the paths of the files that one is judged with: one of each kind,
// and all dashboards where it is one, which lead to each other.
func filesAbout(t *testing.T, file string) []string {
	t.Helper()
	names := []string{"datasources/auditlake.yaml", "dashboards/dashboards.yaml", "dashboards/databricks-audit.json", "alerting/rules.yaml"}
	if path.Dir(file) != "dashboards" {
		return names
	}
	all, err := fs.Glob(sub(t), "dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	return append(names, all...)
}

func TestAFileOfAnotherKindIsAnError(t *testing.T) {
	_, err := provisioning.Read(fstest.MapFS{"plugins/app.yaml": {Data: []byte("apiVersion: 1\n")}})
	if err == nil || !strings.Contains(err.Error(), "plugins/app.yaml: no kind of provisioning file") {
		t.Errorf("error %v", err)
	}
}
