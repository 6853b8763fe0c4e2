package provisioning_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/provisioning"
	"github.com/auditlake/auditlake/pkg/plugin"
)

func dockerfile(t *testing.T, text string) provisioning.Dockerfile {
	t.Helper()
	d, err := provisioning.ReadDockerfile(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compose(t *testing.T) provisioning.Compose {
	t.Helper()
	c, err := provisioning.ReadCompose([]byte(text(t, "docker-compose.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposeAndDockerfileFitTogether(t *testing.T) {
	file := dockerfile(t, text(t, "Dockerfile"))
	for _, problem := range append(file.Problems(repository(), text(t, ".dockerignore")), compose(t).Problems(file)...) {
		t.Error(problem)
	}
}

// TestTheContainersAgree: what one of them says about another is not checked by
// either.
func TestTheContainersAgree(t *testing.T) {
	services, set, file := compose(t).Services, shipped(t), dockerfile(t, text(t, "Dockerfile"))
	grafana := services["grafana"]
	source := set.Datasources[0]
	for _, name := range source.Variables() {
		if grafana.Environment[name] == "" {
			t.Errorf("the data source takes %s from an environment that does not have it", name)
		}
	}
	if got := grafana.Environment["GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS"]; got != provisioning.PluginID {
		t.Errorf("Grafana may load %q", got)
	}
	if got := grafana.Environment["GF_AUTH_ANONYMOUS_ENABLED"]; got != "false" {
		t.Errorf("anonymous access is %q", got)
	}

	to := map[string]string{}
	for _, c := range file.Stage("grafana").Copies {
		to[c.Sources[0]] = c.To
	}
	if want := set.Providers[0].Options.Path; to["provisioning"]+"/dashboards" != want {
		t.Errorf("dashboards are copied to %s, Grafana looks in %s", to["provisioning"], want)
	}
	if !strings.HasSuffix(to["/src/dist"], "/"+provisioning.PluginID+"/") {
		t.Errorf("the plugin is copied to %s", to["/src/dist"])
	}

	logs, ok := source.JSONData["sources"].([]any)
	if !ok || len(logs) != 1 {
		t.Fatalf("sources are %v", source.JSONData["sources"])
	}
	out := services["generator"].Command[slices.Index(services["generator"].Command, "--out")+1]
	if url, _, _ := strings.Cut(out, "?"); url != logs[0] {
		t.Errorf("logs are delivered to %s and read from %s", url, logs[0])
	}
	if !strings.Contains(out, "endpoint="+grafana.Environment["AUDITLAKE_S3_ENDPOINT"]) {
		t.Errorf("logs are delivered to %s, and Grafana reads at %s", out, grafana.Environment["AUDITLAKE_S3_ENDPOINT"])
	}
	buckets := services["s3"].Command
	for _, url := range []any{logs[0], source.JSONData["lake"]} {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(url.(string), "s3://"), "/")
		if !slices.Contains(buckets, bucket) {
			t.Errorf("there is no bucket for %s", url)
		}
	}
	server := text(t, "integration/s3server/s3server.go")
	for _, key := range []string{"AUDITLAKE_S3_ACCESS_KEY", "AUDITLAKE_S3_SECRET_KEY"} {
		if !strings.Contains(server, `"`+grafana.Environment[key]+`"`) {
			t.Errorf("%s is not that of the server", key)
		}
	}
	if got := file.Stage("s3").Entrypoint; !slices.Contains(got, "0.0.0.0:9000") || got[len(got)-1] != "/data" {
		t.Errorf("the S3 server is started as %q", got)
	}
}

// TestThePluginTakesTheDataSource gives the plugin what Grafana makes of the file
// in the environment of the compose file.
func TestThePluginTakesTheDataSource(t *testing.T) {
	environment := compose(t).Services["grafana"].Environment
	expand := func(value any) any {
		if text, ok := value.(string); ok {
			return os.Expand(text, func(name string) string { return environment[name] })
		}
		return value
	}
	source := shipped(t).Datasources[0]
	settings, secrets := map[string]any{}, map[string]string{}
	for key, value := range source.JSONData {
		settings[key] = expand(value)
	}
	for key, value := range source.SecureJSONData {
		secrets[key] = fmt.Sprint(expand(value))
	}
	body, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	d := newShell(t, plugin.Admin{}).New(t.Context(), backend.DataSourceInstanceSettings{UID: source.UID, JSONData: body, DecryptedSecureJSONData: secrets})
	t.Cleanup(d.Dispose)
	// Settings that are refused are said before a query is begun, and this one ends
	// before it asks the store, which is not there.
	over, cancel := context.WithCancel(t.Context())
	cancel()
	res, err := d.QueryData(over, &backend.QueryDataRequest{Queries: []backend.DataQuery{{
		RefID: "A", JSON: []byte(`{"queryType":"named","named":"clusters_created"}`),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Responses["A"]; got.Status != statusCancelled {
		t.Errorf("the query ends with %d %v, want that it was cancelled", got.Status, got.Error)
	}
}

// statusCancelled is what a query ends with that nobody waits for.
const statusCancelled = 499

func TestTheWorkflowRunsWhatIsThere(t *testing.T) {
	workflow := text(t, ".github/workflows/compose.yml")
	const check = ".ci/compose"
	if !strings.Contains(workflow, "run: "+check+"\n") {
		t.Errorf("the workflow does not run %s", check)
	}
	info, err := fs.Stat(repository(), check)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode()&0o100 == 0 {
		t.Errorf("%s cannot be executed", check)
	}
	script := text(t, check)
	set := shipped(t)
	wanted := []string{set.Datasources[0].UID, "/api/health", "/api/ds/query"}
	for _, d := range set.Dashboards {
		wanted = append(wanted, d.UID)
	}
	for _, want := range wanted {
		if !strings.Contains(script, want) {
			t.Errorf("%s does not ask about %s", check, want)
		}
	}
}

func TestWhatDoesNotFitIsFound(t *testing.T) {
	for name, tc := range map[string]struct {
		file, old, new string
		want           string
	}{
		"a target that is not there":        {"docker-compose.yaml", "target: generator", "target: generate", `no target "generate"`},
		"a misspelt key":                    {"docker-compose.yaml", "healthcheck:", "healthCheck:", "field healthCheck not found"},
		"a port for everybody":              {"docker-compose.yaml", "127.0.0.1:3000:3000", "3000:3000", "open to other machines"},
		"a volume that is not declared":     {"docker-compose.yaml", "s3-data:/data", "data:/data", "not declared"},
		"a host that is no service":         {"docker-compose.yaml", "http://s3:9000&", "http://minio:9000&", "no service minio"},
		"an argument nobody takes":          {"docker-compose.yaml", "GRAFANA_VERSION: $", "GRAFANA: $", "no argument GRAFANA"},
		"a variable that may be empty":      {"docker-compose.yaml", "${GRAFANA_VERSION:-13.1.1}", "${GRAFANA_VERSION}", "has no default"},
		"a health check that is cut short":  {"docker-compose.yaml", "      retries: 30\n", "", "not complete"},
		"a file that is not there":          {"Dockerfile", "COPY cmd cmd", "COPY cmds cmds", "does not have"},
		"a file that is left out":           {".dockerignore", "docs", "cmd", "leaves out"},
		"a folder that is left out":         {".dockerignore", "**/node_modules", "**/dashboards", "leaves out"},
		"a part of mage's files":            {"Dockerfile", "Magefile*.go", "Magefile.go", "does not copy Magefile*.go"},
		"a stage that is not there":         {"Dockerfile", "--from=auditlake", "--from=cli", "no earlier stage"},
		"a base that is not there":          {"Dockerfile", "FROM backend AS plugin", "FROM back AS plugin", "no earlier stage"},
		"an argument that is not declared":  {"Dockerfile", "ARG TARGETARCH\n", "", "TARGETARCH is not declared"},
		"files without a folder":            {"Dockerfile", "COPY go.mod go.sum ./", "COPY go.mod go.sum here", "no folder"},
		"a shell around the program":        {"Dockerfile", `CMD ["logs", "lake"]`, "CMD logs lake", "no list of strings"},
		"an instruction that is no such":    {"Dockerfile", "WORKDIR /src", "WORKDIRR /src", "not known"},
		"an image without a default of its": {"Dockerfile", "ARG GO_VERSION=1.26", "ARG GO_VERSION", "has no default"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := func(file string) string {
				body := text(t, file)
				if file != tc.file {
					return body
				}
				if !strings.Contains(body, tc.old) {
					t.Fatalf("%s does not have %q", file, tc.old)
				}
				return strings.Replace(body, tc.old, tc.new, 1)
			}
			var found []string
			file, err := provisioning.ReadDockerfile(changed("Dockerfile"))
			if err != nil {
				found = append(found, err.Error())
			}
			services, err := provisioning.ReadCompose([]byte(changed("docker-compose.yaml")))
			if err != nil {
				found = append(found, err.Error())
			}
			found = append(found, file.Problems(repository(), changed(".dockerignore"))...)
			found = append(found, services.Problems(file)...)
			if !strings.Contains(strings.Join(found, "\n"), tc.want) {
				t.Errorf("%q is not in what is found:\n%s", tc.want, strings.Join(found, "\n"))
			}
		})
	}
}
