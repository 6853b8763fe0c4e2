package plugin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
)

const noteEvents = `
actionName string | date_time timestamp  | email string | workspaceId long | requestParams.notebookId string | requestParams.Path string | requestParams.commandText string
run               | 2019-12-27T10:00:00Z | ann          | 1                | 7                               | /a%b                      | SELECT 1
run               | 2019-12-28T10:00:00Z | ann          | 1                | 8                               | /aXb                      | SELECT 1
open              | 2019-12-28T11:00:00Z | bob          | 2                | 8                               | null                      | SELECT 2`

// resource calls a resource as somebody of the role; "" is nobody.
func resource(t *testing.T, d *plugin.Datasource, role, path string) (status int, body []byte) {
	t.Helper()
	req := &backend.CallResourceRequest{Method: http.MethodGet, Path: strings.SplitN(path, "?", 2)[0], URL: path}
	if role != "" {
		req.PluginContext.User = &backend.User{Login: "somebody", Role: role}
	}
	err := d.CallResource(backend.WithUser(t.Context(), req.PluginContext.User), req, backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
		status, body = r.Status, append(body, r.Body...)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// options are what a resource offers to choose from.
func options(t *testing.T, d *plugin.Datasource, role, path string) (values []string) {
	t.Helper()
	status, body := resource(t, d, role, path)
	var list []struct{ Text, Value string }
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %v %s", path, status, err, body)
	}
	values = []string{}
	for _, o := range list {
		if o.Text != o.Value {
			t.Errorf("%s: %s is shown as %s", path, o.Value, o.Text)
		}
		values = append(values, o.Value)
	}
	return values
}

func TestFilterKeys(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents, "notebook": noteEvents, "silver": accountEvents, "runs": someRuns}))
	all := options(t, d, "", "filter-keys")
	for _, key := range []string{"actionName", "response.statusCode", "date_time", "jobId", "runId", "autoterminationMinutes"} {
		if !slices.Contains(all, key) {
			t.Errorf("%s is not among all keys", key)
		}
	}
	for _, key := range []string{"requestParams", "raw", "startedAt"} {
		if slices.Contains(all, key) {
			t.Errorf("%s is among all keys", key)
		}
	}
	params := all[len(all)-3:]
	if diff := cmp.Diff([]string{"requestParams.commandText", "requestParams.notebookId", "requestParams.Path"}, params); diff != "" {
		t.Errorf("request parameters (-want +got):\n%s", diff)
	}
	notes := options(t, d, "", "filter-keys?table=notebook")
	if slices.Contains(notes, "jobId") || !slices.Contains(notes, "email") || !slices.Contains(notes, "requestParams.Path") {
		t.Errorf("of one table: %s", notes)
	}
	if jobs := options(t, d, "", "filter-keys?table=jobs"); !slices.Contains(jobs, "runId") || slices.Contains(jobs, "creator") {
		t.Errorf("of a table that there is not yet: %s", jobs)
	}
	// All that is offered can be asked for.
	for _, key := range all {
		if status, body := resource(t, d, "", "filter-values?"+url.Values{"key": {key}}.Encode()); status != http.StatusOK {
			t.Errorf("values of %s: %d %s", key, status, body)
		}
	}
}

func TestFilterValues(t *testing.T) {
	d := plugin.NewWith(memory(t, map[string]string{"clusters": clusterEvents, "notebook": noteEvents, "silver": noteEvents}),
		`"redactCommandText": true, "unredactedRole": "Admin", "workspaces": ["1", "2", "9007199254740993"],`)
	filters := url.QueryEscape(`[{"key":"email","operator":"=","value":"ann"}]`)
	for path, want := range map[string][]string{
		"filter-values?key=email":                                                      {"ann", "bob"},
		"filter-values?key=user_identity.email&prefix=b":                               {"bob"},
		"filter-values?key=email&limit=1":                                              {"ann"},
		"filter-values?key=workspaceId":                                                {"1", "2"},
		"filter-values?key=date_time&prefix=2019-12-28T11":                             {"2019-12-28T11:00:00Z"},
		"filter-values?key=email&from=1577523600000&to=1577530800000":                  {"ann"},
		"filter-values?key=requestParams.notebookId&table=notebook":                    {"8", "7"},
		"filter-values?key=requestParams.path&table=notebook&prefix=%2Fa%25":           {"/a%b"},
		"filter-values?key=requestParams.notebookId&table=notebook&filters=" + filters: {"7", "8"},
		"filter-values?key=requestParams.nothing&table=notebook":                       {},
		"filter-values?key=jobId&table=notebook":                                       {},
		"filter-values?key=email&table=nothing":                                        {},
		"filter-values?key=creator":                                                    {"JOB_LAUNCHER", "user"},
		"filter-values?key=requestParams.commandText&table=notebook":                   {"[redacted]"},
	} {
		if diff := cmp.Diff(want, options(t, d, "Viewer", path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if diff := cmp.Diff([]string{"SELECT 1", "SELECT 2"}, options(t, d, "Admin", "filter-values?key=requestParams.commandText&table=notebook")); diff != "" {
		t.Errorf("for an administrator (-want +got):\n%s", diff)
	}
	for path, want := range map[string]string{
		"filter-keys?table=runs":                 "filters are about events, and the rows of runs are none",
		"filter-values":                          "the parameter key is missing",
		"filter-values?key=emial":                "did you mean email?",
		"filter-values?key=email&table=bronze":   "the rows of bronze are none",
		"filter-values?key=email&limit=0":        "limit is a whole number",
		"filter-values?key=email&from=yesterday": "from is a whole number",
		"filter-values?key=email&filters=x":      "filters is JSON like",
		"filter-values?key=email&filters=" + url.QueryEscape(`[{"key":"emial","operator":"=","value":"x"}]`): "did you mean email?",
	} {
		if status, body := resource(t, d, "", path); status != http.StatusBadRequest || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
