package plugin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/store"
)

const patToken = "dapi-planted-token"

// workspace is a Databricks that knows every user, and counts its requests.
func workspace(t *testing.T) (host string, requests *atomic.Int64) {
	t.Helper()
	requests = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+patToken {
			http.Error(w, "not "+r.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		if id, one := strings.CutPrefix(r.URL.Path, "/api/2.0/preview/scim/v2/Users/"); one {
			_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "userName": "u" + id + "@x"})
			return
		}
		_, _ = w.Write([]byte(`{"totalResults":1,"startIndex":1,"itemsPerPage":1,"Resources":[{"id":"1"}]}`))
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

// asking is settings that ask a host with a token.
func asking(t *testing.T, jsonData map[string]any, token string) backend.DataSourceInstanceSettings {
	t.Helper()
	s := settings(t, jsonData)
	s.DecryptedSecureJSONData["databricksToken"] = token
	return s
}

func TestSettingsOfDatabricks(t *testing.T) {
	secrets := map[string]string{"databricksToken": patToken, "databricksClientSecret": "dose-planted"}
	for name, test := range map[string]struct {
		jsonData map[string]any
		secrets  map[string]string
		want     plugin.Databricks
		problem  string
	}{
		"off":              {},
		"off with secrets": {map[string]any{"databricksAuth": "oauth", "databricksClientId": "c"}, secrets, plugin.Databricks{}, ""},
		"a token": {
			map[string]any{"databricksHost": "dbc-1.cloud.databricks.com/"},
			secrets,
			plugin.Databricks{Host: "https://dbc-1.cloud.databricks.com", Token: patToken},
			"",
		},
		"a service principal of an account": {
			map[string]any{
				"databricksHost": "https://accounts.cloud.databricks.com", "databricksAccountId": "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d",
				"databricksAuth": "OAuth", "databricksClientId": "c", "databricksListAll": "true",
			},
			secrets,
			plugin.Databricks{
				Host: "https://accounts.cloud.databricks.com", AccountID: "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d",
				ClientID: "c", ClientSecret: "dose-planted", ListAll: true,
			},
			"",
		},
		"no token":          {map[string]any{"databricksHost": "h"}, nil, plugin.Databricks{}, "databricksToken: enter a personal access token"},
		"no secret":         {map[string]any{"databricksHost": "h", "databricksAuth": "oauth", "databricksClientId": "c"}, nil, plugin.Databricks{}, "databricksClientId: enter"},
		"no way to sign in": {map[string]any{"databricksHost": "h", "databricksAuth": "basic"}, secrets, plugin.Databricks{}, "databricksAuth: write pat or oauth"},
		"in the clear":      {map[string]any{"databricksHost": "http://dbc-1.cloud.databricks.com"}, secrets, plugin.Databricks{}, "databricksHost: the host has to begin with https://"},
		"a path":            {map[string]any{"databricksHost": "https://h/api"}, secrets, plugin.Databricks{}, "databricksHost: write the host alone"},
		"an odd account":    {map[string]any{"databricksHost": "h", "databricksAccountId": "a/b"}, secrets, plugin.Databricks{}, "databricksAccountId: "},
	} {
		t.Run(name, func(t *testing.T) {
			given := map[string]any{"lake": "s3://lake"}
			for k, v := range test.jsonData {
				given[k] = v
			}
			s := settings(t, given)
			for k, v := range test.secrets {
				s.DecryptedSecureJSONData[k] = v
			}
			got, err := plugin.ParseSettings(t.Context(), s, plugin.Admin{})
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("err = %v, want %q", err, test.problem)
				}
				if err != nil && strings.Contains(err.Error(), "planted") {
					t.Errorf("a secret is in %v", err)
				}
				return
			}
			if err != nil || got.Databricks != test.want {
				t.Errorf("got %+v, %v, want %+v", got.Databricks, err, test.want)
			}
			if got.Databricks.Asks() && (strings.Contains(got.Fingerprint(), "planted") || got.Conceal("a "+patToken+" b") == "a "+patToken+" b" && got.Databricks.Token != "") {
				t.Error("the token shows")
			}
		})
	}
}

func TestAnotherTokenStartsTheETLAnew(t *testing.T) {
	of := func(token, host string) string {
		s, err := plugin.ParseSettings(t.Context(), asking(t, map[string]any{"lake": "s3://lake", "sources": []string{"s3://logs"}, "databricksHost": host}, token), plugin.Admin{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Fingerprint()
	}
	seen := map[string]bool{}
	for _, f := range []string{of("a", "h"), of("b", "h"), of("a", "g"), of("a", "")} {
		if seen[f] {
			t.Error("two settings have one fingerprint")
		}
		seen[f] = true
	}
	if of("a", "") != of("b", "") {
		t.Error("a token that is not used changes the fingerprint")
	}
}

// unknownOwner is a source with one event that names user 4711, and an empty lake.
func unknownOwner(t *testing.T) (source, folder string) {
	t.Helper()
	source, folder = t.TempDir(), t.TempDir()
	s, err := store.OpenLocal(source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "workspaceId=1/date=2019-12-28/a.json",
		[]byte(`{"timestamp":1577527200000,"serviceName":"clusters","actionName":"startResult","requestParams":{"clusterOwnerUserId":"4711"}}`)); err != nil {
		t.Fatal(err)
	}
	return source, folder
}

func runPipeline(t *testing.T, s backend.DataSourceInstanceSettings, shell *plugin.Shell, owner supervisor.Owner) {
	t.Helper()
	parsed, err := plugin.ParseSettings(t.Context(), s, plugin.Admin{AllowLocalFolders: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := shell.OpenPipeline(t.Context(), parsed, owner)
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Do(t.Context(), supervisor.Task{Kind: supervisor.Run}, func(etl.Progress) {})
	if err != nil {
		t.Fatalf("the run: %v", err)
	}
	if sum, ok := result.(etl.Summary); !ok || sum.Bronze > 1 {
		t.Errorf("the run came to %+v", result)
	}
}

// nameOf is what the lake in a folder calls a principal.
func nameOf(t *testing.T, folder, id string) string {
	t.Helper()
	root, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	table := lake.New(root, lake.Options{}).Table(lake.Identities)
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known, err := identity.Read(t.Context(), table, snap)
	if err != nil {
		t.Fatal(err)
	}
	return known[id].Name()
}

func TestARunAsksWhoIDsBelongTo(t *testing.T) {
	host, requests := workspace(t)
	source, folder := unknownOwner(t)
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	owner := supervisor.Owner{Org: 1, UID: "lake"}
	s := asking(t, map[string]any{"lake": folder, "sources": []string{source}, "databricksHost": host}, patToken)
	runPipeline(t, s, shell, owner)
	if got := nameOf(t, folder, "4711"); got != "u4711@x" || requests.Load() != 1 {
		t.Errorf("4711 is %q after %d requests, want u4711@x after 1", got, requests.Load())
	}
	runPipeline(t, s, shell, owner)
	if requests.Load() != 1 {
		t.Errorf("%d requests, want that nobody is asked again", requests.Load())
	}
	if last := shell.Identified(owner); last.Error != "" {
		t.Errorf("the status says %+v", last)
	}
}

func TestADatabricksThatRefusesFailsNoRun(t *testing.T) {
	host, _ := workspace(t)
	source, folder := unknownOwner(t)
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	owner := supervisor.Owner{Org: 1, UID: "lake"}
	runPipeline(t, asking(t, map[string]any{"lake": folder, "sources": []string{source}, "databricksHost": host}, "dapi-planted-wrong"), shell, owner)
	last := shell.Identified(owner)
	if !strings.Contains(last.Error, "does not accept the credentials") || strings.Contains(last.Error, "planted") {
		t.Errorf("the status says %+v", last)
	}
	if got := nameOf(t, folder, "4711"); got != "" {
		t.Errorf("4711 is %q", got)
	}
}

func TestHealthOfIdentities(t *testing.T) {
	host, _ := workspace(t)
	for name, test := range map[string]struct{ host, token, message, warning string }{
		"works":         {host, patToken, "Identities from " + host + ": Databricks answers", ""},
		"a wrong token": {host, "dapi-planted-wrong", "stay ids.", "Identities from " + host + ": databricks does not accept the credentials"},
		"nobody there":  {"http://127.0.0.1:1", patToken, "stay ids.", "Identities from http://127.0.0.1:1: databricks cannot be reached"},
		"off":           {"", patToken, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
			d := shell.New(t.Context(), asking(t, map[string]any{"lake": t.TempDir(), "databricksHost": test.host}, test.token))
			res, parts := checkHealth(t, d, "Admin")
			p, ok := parts["identities"]
			if res.Status != backend.HealthStatusOk || ok != (test.host != "") {
				t.Fatalf("health %s: %s", res.Status, res.Message)
			}
			if !strings.Contains(p.Message, test.message) || (len(p.Warnings) > 0) != (test.warning != "") {
				t.Errorf("the part says %+v", p)
			}
			if test.warning != "" && !strings.HasPrefix(p.Warnings[0], test.warning) {
				t.Errorf("warning %q, want %q", p.Warnings[0], test.warning)
			}
			if strings.Contains(res.Message+string(res.JSONDetails), "planted") {
				t.Errorf("a secret is in %s", res.Message)
			}
		})
	}
}
