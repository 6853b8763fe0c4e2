package plugin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/store"
)

// call asks a data source for a resource, in the name of someone of a role.
func call(t *testing.T, d *plugin.Datasource, path, role string) (status int, body string) {
	t.Helper()
	t.Cleanup(d.Dispose)
	resource, _, _ := strings.Cut(path, "?")
	user := &backend.User{Role: role}
	err := d.CallResource(backend.WithUser(t.Context(), user), &backend.CallResourceRequest{
		PluginContext: backend.PluginContext{User: user}, Method: http.MethodGet, Path: resource, URL: path,
	}, backend.CallResourceResponseSenderFunc(func(res *backend.CallResourceResponse) error {
		status, body = res.Status, body+string(res.Body)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// sourceInfo is a source in the answer.
type sourceInfo struct {
	URL                 string
	OK                  bool
	Message             string
	Warnings            []string
	Workspaces          []string
	FirstDate, LastDate string
	Keys, Files         int
	Bytes               int64
	Unrecognised        int
	Examples            []string
	Complete            bool
	Suggestions         []string
}

func lookAtSources(t *testing.T, d *plugin.Datasource) (sources []sourceInfo, landed *etl.Landed) {
	t.Helper()
	status, body := call(t, d, "sources", "Admin")
	var answer struct {
		Sources []sourceInfo
		Landed  *etl.Landed
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v: %s", status, err, body)
	}
	return answer.Sources, answer.Landed
}

// folderOf is a new folder with objects of two bytes.
func folderOf(t *testing.T, keys ...string) string {
	t.Helper()
	folder := t.TempDir()
	s, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if _, err := s.Put(t.Context(), key, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestSourcesTellWhatIsThere(t *testing.T) {
	here := folderOf(t, "workspaceId=0/date=2024-03-04/a.json", "workspaceId=9007199254740993/date=2024-03-05/b.json", "workspaceId=0/date=2024-03-04/notes.txt")
	below := folderOf(t, "a/b/date=2024-03-06/c.json", "readme.txt")
	empty := folderOf(t)
	d := newDatasource(t, map[string]any{"sources": []string{here, "file://" + below + "/", empty}, "lake": t.TempDir(), "schedule": "off"})
	sources, landed := lookAtSources(t, d)
	none := []string{}
	want := []sourceInfo{
		{
			URL: here, OK: true, Message: "It can be listed and read, and has deliveries of 2 workspaces from 2024-03-04 until 2024-03-05.",
			Warnings:   []string{"It has other objects among the delivered files, 1 of the first 3, such as workspaceId=0/date=2024-03-04/notes.txt: the ETL leaves them out."},
			Workspaces: []string{"0", "9007199254740993"}, FirstDate: "2024-03-04", LastDate: "2024-03-05",
			Keys: 3, Files: 2, Bytes: 4, Unrecognised: 1, Examples: []string{"workspaceId=0/date=2024-03-04/notes.txt"}, Complete: true, Suggestions: none,
		},
		{
			URL: "file://" + below + "/", OK: true, Message: "It can be listed and read, and has deliveries from 2024-03-06 until 2024-03-06.",
			Warnings:   []string{"It has its deliveries further down: write file://" + below + "/a/b, so that runs list nothing else."},
			Workspaces: none, FirstDate: "2024-03-06", LastDate: "2024-03-06",
			Keys: 2, Files: 1, Bytes: 2, Unrecognised: 1, Examples: []string{"readme.txt"}, Complete: true, Suggestions: []string{"file://" + below + "/a/b"},
		},
		{
			URL: empty, OK: true, Message: "It can be listed, and nothing has been delivered to it yet.",
			Warnings:   []string{"It is empty: check the path, and that Databricks has an audit log delivery to it."},
			Workspaces: none, Examples: none, Complete: true, Suggestions: none,
		},
	}
	if diff := cmp.Diff(want, sources); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(&etl.Landed{}, landed); diff != "" {
		t.Errorf("landed: -want +got\n%s", diff)
	}
}

func TestSourcesTellWhatTheLakeHas(t *testing.T) {
	w := filled(t)
	_, landed := lookAtSources(t, newDatasource(t, map[string]any{"sources": []string{w.delivery}, "lake": w.folder, "schedule": "off"}))
	want := &etl.Landed{Files: landed.Files, Bytes: landed.Bytes, Lines: w.truth.Layers.Bronze, FirstDate: "2019-12-27", LastDate: "2019-12-29"}
	if diff := cmp.Diff(want, landed); diff != "" || landed.Files == 0 || landed.Bytes == 0 {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestSourcesAreForAdministrators(t *testing.T) {
	folder := folderOf(t, "workspaceId=0/date=2024-03-04/a.json")
	d := newDatasource(t, map[string]any{"sources": []string{folder}, "lake": t.TempDir(), "schedule": "off"})
	for _, role := range []string{"Viewer", "Editor", "None", ""} {
		if status, body := call(t, d, "sources", role); status != http.StatusForbidden || strings.Contains(body, "2024") || strings.Contains(body, folder) {
			t.Errorf("%q: %d %s", role, status, body)
		}
	}
}

// TestSourcesListNoOtherPlace: what is asked for is what is configured, whatever else
// a request names, and folders need the administrator.
func TestSourcesListNoOtherPlace(t *testing.T) {
	outside := folderOf(t, "workspaceId=0/date=2024-03-04/secret.json")
	if err := os.Mkdir(filepath.Join(outside, "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(outside, "inner")
	d := newDatasource(t, map[string]any{"sources": []string{inner}, "lake": t.TempDir(), "schedule": "off"})
	status, body := call(t, d, "sources?url="+outside+"&prefix=../", "Admin")
	if status != http.StatusOK || !strings.Contains(body, `"url":"`+inner+`"`) || strings.Contains(body, "2024") {
		t.Errorf("%d %s", status, body)
	}
	d = newShell(t, plugin.Admin{}).New(t.Context(), settings(t, map[string]any{"sources": []string{outside}, "lake": "s3://lake"}))
	if status, body = call(t, d, "sources", "Admin"); status != http.StatusBadRequest || !strings.Contains(body, "local folders are not allowed") || strings.Contains(body, "2024") {
		t.Errorf("%d %s", status, body)
	}
}

// TestSourcesStayInTheirPrefix: of a bucket nothing is asked for beside the source.
func TestSourcesStayInTheirPrefix(t *testing.T) {
	b := &bucket{objects: map[string]string{
		"/logs/delivery/workspaceId=1/date=2024-03-04/a.json": "{}", "/logs/other/workspaceId=2/date=2024-03-05/b.json": "{}",
	}}
	b.deny = func(r *http.Request) bool {
		at := r.URL.Path
		if r.URL.Query().Get("list-type") != "" {
			at = strings.TrimSuffix(at, "/") + "/" + r.URL.Query().Get("prefix")
		}
		if !strings.HasPrefix(at, "/logs/delivery/") && !strings.HasPrefix(at, "/lake/root/") {
			t.Errorf("asked for %s", r.URL)
		}
		return false
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	jsonData := map[string]any{"sources": []string{"s3://logs/delivery?region=eu-central-1"}, "lake": "s3://lake/root", "authType": "keys", "endpoint": server.URL, "pathStyle": true}
	sources, _ := lookAtSources(t, newDatasource(t, jsonData, accessKey, secretKey))
	if s := sources[0]; !s.OK || s.URL != "s3://logs/delivery?region=eu-central-1" || !cmp.Equal(s.Workspaces, []string{"1"}) || s.LastDate != "2024-03-04" {
		t.Errorf("%+v", s)
	}

	b.deny = func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/logs") }
	sources, _ = lookAtSources(t, newDatasource(t, jsonData, accessKey, secretKey))
	if s := sources[0]; s.OK || !strings.Contains(s.Message, "allow s3:ListBucket on arn:aws:s3:::logs") {
		t.Errorf("%+v", s)
	}
}
