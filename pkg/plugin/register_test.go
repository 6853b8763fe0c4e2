package plugin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestSettingsOfRegistration(t *testing.T) {
	for name, test := range map[string]struct {
		jsonData map[string]any
		want     plugin.Register
		problem  string
	}{
		"off":                   {},
		"Trino's keys alone":    {map[string]any{"trinoUrl": "https://trino:8443"}, plugin.Register{}, ""},
		"Glue":                  {map[string]any{"register": []string{"glue"}}, plugin.Register{GlueDatabase: "auditlake"}, ""},
		"a database of its own": {map[string]any{"register": "Glue", "glueDatabase": "audit"}, plugin.Register{GlueDatabase: "audit"}, ""},
		"nothing of an engine":  {map[string]any{"register": []string{"hive"}}, plugin.Register{}, "register: write trino, glue or both"},
		"Trino without a place": {map[string]any{"register": []string{"trino"}}, plugin.Register{}, "trinoUrl: enter the coordinator"},
		"a token over http":     {map[string]any{"register": []string{"trino"}, "trinoUrl": "http://trino:8080"}, plugin.Register{}, "trinoUrl: write a URL with https"},
		"Glue for a folder":     {map[string]any{"register": []string{"glue"}, "lake": "/lake"}, plugin.Register{}, "Glue does not know folders of a machine"},
		"a URL with a password": {map[string]any{"register": []string{"trino"}, "trinoUrl": "https://me:planted@trino"}, plugin.Register{}, "trinoUrl: write the URL of the coordinator without user"},
		"both, and a token":     {map[string]any{"register": "trino, glue", "trinoUrl": "https://trino:8443", "trinoSchema": "audit"}, plugin.Register{GlueDatabase: "auditlake", Trino: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			given := map[string]any{"lake": "s3://lake"}
			maps.Copy(given, test.jsonData)
			s := settings(t, given)
			s.DecryptedSecureJSONData["trinoToken"] = "planted-token"
			got, err := plugin.ParseSettings(t.Context(), s, plugin.Admin{AllowLocalFolders: true})
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) || strings.Contains(err.Error(), "planted") {
					t.Errorf("err = %v, want %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Register); diff != "" {
				t.Errorf("register (-want +got):\n%s", diff)
			}
			if at := got.Trino.Config; got.Register.Trino && (at.URL != "https://trino:8443" || at.Catalog != "delta" || at.Schema != "audit" || at.Token != "planted-token") {
				t.Errorf("registered at %+v", at)
			}
			if got.Register.Trino && (strings.Contains(got.Fingerprint(), "planted") || got.Conceal("planted-token") == "planted-token") {
				t.Error("the token shows")
			}
		})
	}
}

// someTrino is a Trino as far as registering goes. Its answers come at once.
type someTrino struct {
	mu         sync.Mutex // guards what follows
	tables     map[string]string
	statements int
	refuses    bool
}

func (s *someTrino) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	statement, rows := string(body), [][]any{}
	s.statements++
	quoted := strings.Split(statement, "'")
	switch {
	case s.refuses:
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"errorName": "PERMISSION_DENIED", "message": "Access Denied"}})
		return
	case strings.HasPrefix(statement, "SELECT"):
		for name := range s.tables {
			rows = append(rows, []any{name})
		}
	case strings.HasPrefix(statement, "SHOW CREATE"):
		name := strings.Trim(path.Ext(statement), `."`)
		rows = append(rows, []any{fmt.Sprintf("CREATE TABLE t (\n   x bigint\n)\nWITH (\n   location = '%s'\n)", s.tables[name])})
	case strings.HasPrefix(statement, "CALL"):
		s.tables[quoted[3]] = quoted[5]
	}
	columns := []map[string]any{{"name": "x", "type": "varchar", "typeSignature": map[string]any{"rawType": "varchar", "arguments": []any{}}}}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "q", "columns": columns, "data": rows})
}

func (s *someTrino) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.tables))
}

func TestARunRegistersWhatIsNew(t *testing.T) {
	trino := &someTrino{tables: map[string]string{}}
	server := httptest.NewServer(trino)
	t.Cleanup(server.Close)
	source, folder := t.TempDir(), t.TempDir()
	logs, err := store.OpenLocal(source)
	if err != nil {
		t.Fatal(err)
	}
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	owner := supervisor.Owner{Org: 1, UID: "lake"}
	s := settings(t, map[string]any{"lake": folder, "sources": []string{source}, "register": []string{"trino"}, "trinoUrl": server.URL, "engine": "embedded"})
	parsed, err := plugin.ParseSettings(t.Context(), s, plugin.Admin{AllowLocalFolders: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := shell.OpenPipeline(t.Context(), parsed, owner)
	if err != nil {
		t.Fatal(err)
	}
	run := func(service string) {
		t.Helper()
		if service != "" {
			line := fmt.Sprintf(`{"timestamp":1577527200000,"serviceName":%q,"actionName":"a","requestParams":{"k":"v"}}`, service)
			if _, err := logs.Put(t.Context(), "workspaceId=1/date=2019-12-28/"+service+".json", []byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Do(t.Context(), supervisor.Task{Kind: supervisor.Run}, func(etl.Progress) {}); err != nil {
			t.Fatalf("the run: %v", err)
		}
	}
	expect := func(when string, want ...string) {
		t.Helper()
		layers := []string{"bronze", "runs", "silver"}
		got := slices.DeleteFunc(trino.names(), func(name string) bool { return name == "identities" || name == "quarantine" })
		want = append(want, layers...)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, tables in Trino (-want +got):\n%s", when, diff)
		}
	}
	run("clusters")
	expect("after the first run", "clusters")
	if at := trino.tables["clusters"]; !strings.HasPrefix(at, "local:///") || !strings.HasSuffix(at, "/gold/clusters") {
		t.Errorf("clusters is at %s", at)
	}
	before := trino.statements
	run("")
	if trino.statements != before {
		t.Errorf("%d statements after a run that made nothing new", trino.statements-before)
	}
	run("jobs")
	expect("after another service", "clusters", "jobs")

	trino.refuses = true
	run("secrets")
	if text, _ := shell.RegisterError(owner); !strings.Contains(text, "Trino: ") || !strings.Contains(text, "Access Denied") {
		t.Errorf("the status says %q", text)
	}
	trino.refuses = false
	run("") // makes up for it
	expect("after a failure", "clusters", "jobs", "secrets")
	if text, tried := shell.RegisterError(owner); text != "" || !tried {
		t.Errorf("the status says %q, %v", text, tried)
	}
}

func TestHealthOfRegistration(t *testing.T) {
	trino := &someTrino{tables: map[string]string{}, refuses: true}
	server := httptest.NewServer(trino)
	t.Cleanup(server.Close)
	source, folder := unknownOwner(t)
	given := map[string]any{"lake": folder, "sources": []string{source}, "register": []string{"trino"}, "trinoUrl": server.URL, "engine": "embedded"}
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	runPipeline(t, settings(t, given), shell, supervisor.Owner{UID: "lake"})

	res, parts := checkHealth(t, shell.New(t.Context(), settings(t, given)), "Admin")
	p := parts["register"]
	if res.Status != backend.HealthStatusOk || !p.OK || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "Access Denied") {
		t.Errorf("health %s: %s, %+v", res.Status, res.Message, p)
	}
	given["register"], given["schedule"] = []string{}, "off"
	if _, parts := checkHealth(t, shell.New(t.Context(), settings(t, given)), "Admin"); parts["register"].Name != "" {
		t.Errorf("a part about nothing: %+v", parts["register"])
	}
}
