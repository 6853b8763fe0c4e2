package plugin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// coordinator answers every statement with one row of texts and numbers, and remembers the
// statements. What is asked of its tables has an answer of its own.
type coordinator struct {
	url string

	mu    sync.Mutex
	asked []string // guarded by mu
}

func startTrino(t *testing.T) *coordinator {
	t.Helper()
	c := &coordinator{}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *coordinator) statements() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

func (c *coordinator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const column = `{"name":%q,"type":%q,"typeSignature":{"rawType":%q,"arguments":[]}}`
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		c.asked = append(c.asked, string(body))
		c.mu.Unlock()
		_, _ = fmt.Fprintf(w, `{"id":"q%d","nextUri":"%s/v1/statement/%d","stats":{"state":"QUEUED"}}`, len(c.asked), c.url, len(c.asked)-1)
		return
	}
	var n int
	_, _ = fmt.Sscanf(r.URL.Path, "/v1/statement/%d", &n)
	statement := c.statements()[n]
	columns, row := fmt.Sprintf(column+","+column, "creator", "varchar", "varchar", "num_clusters", "bigint", "bigint"), `["on trino",7]`
	if strings.HasPrefix(statement, "SHOW TABLES") {
		columns, row = fmt.Sprintf(column, "Table", "varchar", "varchar"), `["silver"],["bronze"]`
	}
	_, _ = fmt.Fprintf(w, `{"id":"q%d","columns":[%s],"data":[%s],"stats":{"state":"FINISHED","totalSplits":9,"processedRows":11,"physicalInputBytes":13,"cpuTimeMillis":17}}`,
		n+1, columns, row)
}

// askModel asks one query about all of time, as somebody of a role.
func askModel(t *testing.T, d *plugin.Datasource, role string, model map[string]any) backend.DataResponse {
	t.Helper()
	raw, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.QueryData(t.Context(), &backend.QueryDataRequest{
		PluginContext: backend.PluginContext{User: &backend.User{Role: role}},
		Queries: []backend.DataQuery{{RefID: "A", JSON: raw, Interval: time.Hour, TimeRange: backend.TimeRange{
			From: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Responses["A"]
}

type aboutEngine struct {
	Engine, EngineReason, Cache string
	Trino                       *struct {
		QueryID, URL        string
		Splits, Bytes, Rows int64
	}
}

func aboutOf(t *testing.T, res backend.DataResponse) (about aboutEngine) {
	t.Helper()
	if res.Error != nil {
		t.Fatal(res.Error)
	}
	raw, err := json.Marshal(res.Frames[0].Meta.Custom)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		t.Fatal(err)
	}
	return about
}

func creators(engine string) map[string]any {
	return map[string]any{"queryType": "named", "named": "clusters_by_creator", "engine": engine}
}

func TestAPlanGoesToTrinoAndSaysSo(t *testing.T) {
	w, c := filled(t), startTrino(t)
	d := newDatasource(t, map[string]any{"lake": w.folder, "trinoUrl": c.url, "trinoUser": "grafana", "engine": "trino"})
	res := askModel(t, d, "Viewer", creators(""))
	about := aboutOf(t, res)
	if about.Engine != "trino" || about.Trino == nil || about.Trino.QueryID != "q1" || about.Trino.Splits != 9 || about.Trino.Bytes != 13 ||
		about.Trino.URL != c.url+"/ui/query.html?q1" {
		t.Errorf("meta %+v", about)
	}
	if got := picture(res.Frames); !strings.Contains(got, "on trino") {
		t.Errorf("frames %s", got)
	}
	statement := c.statements()[0]
	if !strings.Contains(statement, `"delta"."auditlake"."clusters" FOR VERSION AS OF `) || !strings.Contains(res.Frames[0].Meta.ExecutedQueryString, statement) {
		t.Errorf("statement %s\nexecuted %s", statement, res.Frames[0].Meta.ExecutedQueryString)
	}
	stats := map[string]float64{}
	for _, s := range res.Frames[0].Meta.Stats {
		stats[s.DisplayName] = s.Value
	}
	if stats["Splits"] != 9 || stats["Bytes fetched"] != 13 || stats["Rows scanned"] != 11 || stats["CPU time on the cluster"] != 17 {
		t.Errorf("stats %v", stats)
	}

	// The same again is a kept answer, but none for the other engine.
	if got := aboutOf(t, askModel(t, d, "Viewer", creators(""))); got.Cache != "hit" || got.Trino == nil {
		t.Errorf("again: %+v", got)
	}
	if got := aboutOf(t, askModel(t, d, "Viewer", creators("embedded"))); got.Cache != "miss" || got.Engine != "embedded" || got.Trino != nil {
		t.Errorf("embedded: %+v", got)
	}
	if n := len(c.statements()); n != 1 {
		t.Errorf("%d statements", n)
	}
}

func TestTheScopeIsInTheStatement(t *testing.T) {
	w, c := filled(t), startTrino(t)
	d := newDatasource(t, map[string]any{"lake": w.folder, "trinoUrl": c.url, "trinoUser": "grafana", "engine": "trino", "workspaces": []int{1, 77}})
	if about := aboutOf(t, askModel(t, d, "Viewer", creators(""))); about.Engine != "trino" {
		t.Errorf("meta %+v", about)
	}
	if s := c.statements()[0]; !strings.Contains(s, `WHERE "workspaceId" IN (BIGINT '1', BIGINT '77'))`) {
		t.Error(s)
	}
	for _, lines := range []string{"select raw from bronze", "select email from identities"} {
		about := aboutOf(t, askModel(t, d, "Viewer", map[string]any{"queryType": "sql", "sql": lines}))
		if about.Engine != "plan" || !strings.Contains(about.EngineReason, "read by the embedded engine alone") {
			t.Errorf("%s: %+v", lines, about)
		}
	}
}

func TestWhatIsHiddenStaysHere(t *testing.T) {
	w, c := filled(t), startTrino(t)
	d := newDatasource(t, map[string]any{"lake": w.folder, "trinoUrl": c.url, "trinoUser": "grafana", "engine": "trino"})
	ask := map[string]any{"queryType": "sql", "sql": "select requestParams.commandText as creator, 1 as num_clusters from silver"}
	if about := aboutOf(t, askModel(t, d, "Viewer", ask)); about.Engine != "plan" || !strings.Contains(about.EngineReason, "something of requestParams is hidden") {
		t.Errorf("a viewer: %+v", about)
	}
	if about := aboutOf(t, askModel(t, d, "Admin", ask)); about.Engine != "trino" {
		t.Errorf("an administrator: %+v", about)
	}
}

func TestWhoAnswersIsAMatterOfTheSettings(t *testing.T) {
	w, c := filled(t), startTrino(t)
	with := func(more map[string]any) *plugin.Datasource {
		more["lake"] = w.folder
		return newDatasource(t, more)
	}
	little := with(map[string]any{"trinoUrl": c.url, "trinoUser": "grafana"})
	much := with(map[string]any{"trinoUrl": c.url, "trinoUser": "grafana", "trinoAboveMiB": 0, "engine": "auto"})
	off := with(map[string]any{"trinoUrl": c.url, "trinoUser": "grafana", "engine": "embedded"})
	for name, test := range map[string]struct {
		d            *plugin.Datasource
		engine, want string
		reason       string
	}{
		"little to read":        {little, "", "embedded", "Trino is asked above 4096 MiB"},
		"little, but asked for": {little, "trino", "trino", "says so"},
		"much to read":          {much, "", "trino", "Trino is asked above 0 MiB"},
		"switched off":          {off, "", "", ""},
		"none, and auto":        {with(map[string]any{}), "auto", "", ""},
	} {
		about := aboutOf(t, askModel(t, test.d, "Viewer", creators(test.engine)))
		if about.Engine != test.want || !strings.Contains(about.EngineReason, test.reason) {
			t.Errorf("%s: %+v", name, about)
		}
	}
	for engine, want := range map[string]string{"trino": "asks no Trino", "spark": "an engine is embedded, trino or auto"} {
		if res := askModel(t, off, "Viewer", creators(engine)); res.Status != backend.StatusBadRequest || !strings.Contains(res.Error.Error(), want) {
			t.Errorf("%s: %v", engine, res.Error)
		}
	}
}

func TestSQLOfTrino(t *testing.T) {
	w, c := filled(t), startTrino(t)
	with := func(more map[string]any) *plugin.Datasource {
		for key, value := range map[string]any{"lake": w.folder, "trinoUrl": c.url, "trinoUser": "grafana"} {
			more[key] = value
		}
		return newDatasource(t, more)
	}
	d := with(map[string]any{})
	ask := map[string]any{
		"queryType": "sql", "dialect": "trino", "format": "table", "sql": "SELECT creator, count(*) FROM clusters WHERE $__timeFilter(date_time) GROUP BY 1;",
		"adhocFilters": []map[string]string{{"key": "email", "operator": "=", "value": "x"}},
	}
	res := askModel(t, d, "Admin", ask)
	about := aboutOf(t, res)
	const want = "SELECT creator, count(*) FROM clusters WHERE (date_time >= TIMESTAMP '2000-01-01 00:00:00.000 UTC' AND date_time < TIMESTAMP '2040-01-01 00:00:00.000 UTC') GROUP BY 1"
	if diff := cmp.Diff([]string{want}, c.statements()); diff != "" || res.Frames[0].Meta.ExecutedQueryString != want || about.Engine != "trino" {
		t.Errorf("%s\n%+v", diff, about)
	}
	if n := res.Frames[0].Meta.Notices; len(n) != 1 || n[0].Severity != data.NoticeSeverityWarning || !strings.Contains(n[0].Text, "do not narrow SQL that is written for Trino") {
		t.Errorf("notices %v", n)
	}
	ask["format"] = "numeric"
	if res := askModel(t, d, "Admin", ask); res.Error != nil || res.Frames[0].Meta.Type != data.FrameTypeNumericLong {
		t.Errorf("numbers: %v", res.Error)
	}
	asked := len(c.statements())
	for name, test := range map[string]struct {
		d      *plugin.Datasource
		role   string
		sql    string
		status backend.Status
		want   string
	}{
		"a role that sees less":   {d, "Viewer", "SELECT 1", backend.StatusForbidden, "hidden from this role"},
		"some workspaces":         {with(map[string]any{"workspaces": []int{1}}), "Admin", "SELECT 1", backend.StatusForbidden, "would show all workspaces"},
		"no Trino":                {with(map[string]any{"engine": "embedded"}), "Admin", "SELECT 1", backend.StatusBadRequest, "asks no Trino"},
		"a statement that writes": {d, "Admin", "DELETE FROM silver", backend.StatusBadRequest, "begin with SELECT"},
		"a macro that is none":    {d, "Admin", "SELECT $__timeFitler(x)", backend.StatusBadRequest, "there is no macro"},
	} {
		res := askModel(t, test.d, test.role, map[string]any{"queryType": "sql", "dialect": "trino", "sql": test.sql})
		if res.Status != test.status || res.Error == nil || !strings.Contains(res.Error.Error(), test.want) {
			t.Errorf("%s: %d %v", name, res.Status, res.Error)
		}
	}
	if n := len(c.statements()) - asked; n != 0 {
		t.Errorf("%d of them were run", n)
	}
	nothing := with(map[string]any{"redactCommandText": false})
	if res := askModel(t, nothing, "Viewer", map[string]any{"queryType": "sql", "dialect": "trino", "sql": "SELECT 1"}); res.Error != nil {
		t.Errorf("where nothing is hidden: %v", res.Error)
	}
}

func TestHealthOfATrino(t *testing.T) {
	w, c := filled(t), startTrino(t)
	jsonData := map[string]any{"lake": w.folder, "trinoUrl": c.url, "trinoUser": "grafana", "trinoSchema": "audit"}
	res, parts := checkHealth(t, newDatasource(t, jsonData), "Viewer")
	p := parts["trino"]
	if !p.OK || !strings.Contains(p.Message, "2 of the lake's tables in delta.audit") || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "does not know accounts, ") {
		t.Errorf("%s\n%+v", res.Message, p)
	}
	jsonData["trinoUrl"] = "http://127.0.0.1:1"
	res, parts = checkHealth(t, newDatasource(t, jsonData), "Viewer")
	if p := parts["trino"]; p.OK || res.Status != backend.HealthStatusError || !strings.Contains(p.Message, "127.0.0.1:1") || !strings.Contains(p.Message, "check its URL") {
		t.Errorf("%+v", p)
	}
}

func TestSettingsOfATrino(t *testing.T) {
	parse := func(secrets map[string]string, jsonData map[string]any) (plugin.Trino, error) {
		jsonData["lake"] = "s3://lake"
		s := settings(t, jsonData)
		s.DecryptedSecureJSONData = secrets
		got, err := plugin.ParseSettings(t.Context(), s, plugin.Admin{})
		return got.Trino, err
	}
	got, err := parse(map[string]string{"trinoPassword": "hunter22"}, map[string]any{
		"trinoUrl": "https://trino:8443", "trinoUser": "grafana", "trinoCatalog": "lake", "trinoAboveMiB": "100", "trinoTimeout": "1h", "maxTrinoQueries": 2,
		"trinoSessionProperties": "query_max_run_time=10m\n\n query_priority = 2 ", "trinoClientTags": "a, b",
	})
	want := plugin.Trino{
		Engine: routing.Auto, Above: 100 << 20, Queries: 2, Timeout: time.Hour,
		Config: trino.Config{
			URL: "https://trino:8443", Catalog: "lake", Schema: "auditlake", User: "grafana", Password: "hunter22", Source: "auditlake",
			SessionProperties: map[string]string{"query_max_run_time": "10m", "query_priority": "2"}, ClientTags: []string{"a", "b"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	got, err = parse(map[string]string{"trinoToken": "hunter22"}, map[string]any{
		"trinoUrl": "http://localhost:8080", "trinoSessionProperties": map[string]any{"query_priority": 2, "spill_enabled": true, "x.y": "z"},
	})
	if diff := cmp.Diff(map[string]string{"query_priority": "2", "spill_enabled": "true", "x.y": "z"}, got.Config.SessionProperties); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for name, test := range map[string]struct {
		secrets  map[string]string
		jsonData map[string]any
		want     string
	}{
		"an engine without a cluster": {nil, map[string]any{"engine": "trino"}, "trinoUrl: enter the URL"},
		"an engine that is none":      {nil, map[string]any{"engine": "spark"}, "engine: an engine is embedded, trino or auto"},
		"a password in the URL":       {nil, map[string]any{"trinoUrl": "https://u:hunter22@t", "trinoUser": "u"}, "without user"},
		"a password over http":        {map[string]string{"trinoPassword": "hunter22"}, map[string]any{"trinoUrl": "http://t", "trinoUser": "u"}, "not sent over http"},
		"password and token":          {map[string]string{"trinoPassword": "hunter22", "trinoToken": "hunter22"}, map[string]any{"trinoUrl": "https://t", "trinoUser": "u"}, "not both"},
		"no certificate":              {map[string]string{"trinoCACert": "hunter22"}, map[string]any{"trinoUrl": "https://t", "trinoUser": "u"}, "trinoCACert: "},
		"a line without a value":      {nil, map[string]any{"trinoUrl": "https://t", "trinoUser": "u", "trinoSessionProperties": "a"}, "write a line for each property"},
		"a blank in a value":          {nil, map[string]any{"trinoUrl": "https://t", "trinoUser": "u", "trinoSessionProperties": "a=b c"}, "printable"},
	} {
		_, err := parse(test.secrets, test.jsonData)
		if _, ok := errors.AsType[*plugin.SettingsError](err); !ok || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
