package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/internal/truthtest"
)

// TestEtlAsksDatabricks: the answer is in the table, and what is wrong with Databricks
// is a warning.
func TestEtlAsksDatabricks(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"userName":"ann@example.com"}`, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
	}))
	defer host.Close()
	logs, lake := t.TempDir(), t.TempDir()
	folder := filepath.Join(logs, "workspaceId=1", "date=2024-03-10")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	event := `{"timestamp":1710028800000,"serviceName":"clusters","actionName":"startResult","requestParams":{"clusterOwnerUserId":"4711"}}`
	if err := os.WriteFile(filepath.Join(folder, "a.json"), []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"etl", "--quiet", "--source", logs, "--lake", lake, "--databricks-host", host.URL}

	t.Setenv("DATABRICKS_TOKEN", "")
	if _, err := truthtest.Run(t, args...); err == nil || !strings.Contains(err.Error(), "DATABRICKS_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	if _, err := truthtest.Run(t, "etl", "--source", logs, "--lake", lake, "--databricks-list-all"); err == nil || !strings.Contains(err.Error(), "--databricks-host") {
		t.Errorf("without a host: %v", err)
	}
	t.Setenv("DATABRICKS_TOKEN", "wrong")
	truthtest.MustRun(t, args...)
	who := func() string {
		return truthtest.MustRun(t, "query", "--lake", lake, "--named", "who_is", "--param", "who=4711", "--format", "json")
	}
	if got := who(); !strings.Contains(got, `"email":null`) {
		t.Errorf("with a wrong token: %s", got)
	}
	t.Setenv("DATABRICKS_TOKEN", "right")
	if out := truthtest.MustRun(t, args...); !strings.Contains(out, "Databricks was asked who 1 ids are, and knows 1.") {
		t.Errorf("the run says %s", out)
	}
	if got := who(); !strings.Contains(got, `"email":"ann@example.com"`) || !strings.Contains(got, `"source":"scim"`) {
		t.Errorf("with a token: %s", got)
	}
}
