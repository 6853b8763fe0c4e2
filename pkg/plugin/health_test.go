package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/store"
)

// checkHealth is the check of a data source, asked for by someone of a role.
func checkHealth(t *testing.T, d *plugin.Datasource, role string) (*backend.CheckHealthResult, map[string]plugin.Part) {
	t.Helper()
	t.Cleanup(d.Dispose)
	res, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{
		PluginContext: backend.PluginContext{User: &backend.User{Role: role}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var details struct {
		Parts          []plugin.Part
		VerboseMessage string
	}
	if err := json.Unmarshal(res.JSONDetails, &details); err != nil {
		t.Fatal(err)
	}
	parts := map[string]plugin.Part{}
	for _, p := range details.Parts {
		parts[p.Name] = p
		for _, text := range append([]string{p.Message}, p.Warnings...) {
			if !strings.Contains(details.VerboseMessage, text) {
				t.Errorf("the details do not say %q: %s", text, details.VerboseMessage)
			}
		}
	}
	return res, parts
}

// newShell is a shell that has nothing under way when the test ends.
func newShell(t *testing.T, admin plugin.Admin) *plugin.Shell {
	t.Helper()
	shell := plugin.NewShell(admin, "test", prometheus.NewRegistry())
	t.Cleanup(func() {
		if err := shell.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return shell
}

func newDatasource(t *testing.T, jsonData map[string]any, keys ...string) *plugin.Datasource {
	t.Helper()
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	return shell.New(t.Context(), settings(t, jsonData, keys...))
}

// filled is a source and a lake with a few days in it.
func filled(t *testing.T) *world {
	t.Helper()
	w := &world{delivery: filepath.Join(t.TempDir(), "delivery"), folder: filepath.Join(t.TempDir(), "lake")}
	if err := w.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestHealthTellsWhatThereIs(t *testing.T) {
	w := filled(t)
	source, err := store.OpenLocal(w.delivery)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Put(t.Context(), "0/notes.txt", nil); err != nil {
		t.Fatal(err)
	}
	d := newDatasource(t, map[string]any{"sources": []string{w.delivery}, "lake": w.folder, "bronzeRetentionDays": 36_500})
	res, parts := checkHealth(t, d, "Viewer")
	if res.Status != backend.HealthStatusOk {
		t.Errorf("health %s: %s", res.Status, res.Message)
	}
	for name, want := range map[string][]string{
		"settings": {"the ETL is to run every 15m."},
		"source":   {"Source " + w.delivery + ": can be listed and read, and has deliveries of 5 workspaces from 2019-12-27 until 2019-12-29."},
		"lake": {
			fmt.Sprintf("%d delivered lines and %d events", w.truth.Layers.Bronze, w.truth.Layers.Silver),
			"the newest event is of 2019-12-30 00:00:", "the newest lines came in less than a minute ago", "a run of the ETL ended less than a minute ago.",
		},
		"writes":   {"Writing to " + w.folder + ": works, with conditional writes."},
		"schedule": {"The ETL "}, // is at work, or waits: it began with this check
	} {
		for _, want := range want {
			if p := parts[name]; !p.OK || !strings.Contains(p.Message, want) {
				t.Errorf("%s: %+v does not say %q", name, p, want)
			}
		}
	}
	tables := -2 // _auditlake and gold are none
	for _, folder := range []string{w.folder, filepath.Join(w.folder, "gold")} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		tables += len(entries)
	}
	want := fmt.Sprintf("Auditlake is ready: 1 source with deliveries until 2019-12-29, lake with %d tables, last run less than a minute ago. "+
		"Warning: silver is kept for ever and bronze for 36500 days: rows of silver that are older cannot be rebuilt. 2 more warnings: see State.", tables)
	if res.Message != want {
		t.Errorf("message %s\nwant    %s", res.Message, want)
	}
	if p := parts["source"]; len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "Source "+w.delivery+": has other objects among the delivered files, 2 of the first ") ||
		!strings.Contains(p.Warnings[0], "such as 0/notes.txt") {
		t.Errorf("source %+v", p)
	}
	root, err := store.OpenLocal(w.folder)
	if err != nil {
		t.Fatal(err)
	}
	for o, err := range root.List(t.Context(), "_auditlake/.", "") {
		t.Errorf("left behind: %s, %v", o.Key, err)
	}
}

// until is the check of a data source once its message has some words.
func until(t *testing.T, d *plugin.Datasource, words string) (message string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		res, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{})
		if err != nil || res.Status != backend.HealthStatusOk {
			t.Fatalf("%v %v", res, err)
		}
		if message = res.Message; strings.Contains(message, words) {
			return message
		}
	}
	t.Errorf("%s: never said %q", message, words)
	return message
}

// TestHealthOfAnEmptyLake: it is fine, and says what comes next or that nothing does.
func TestHealthOfAnEmptyLake(t *testing.T) {
	empty := t.TempDir()
	d := newDatasource(t, map[string]any{"sources": []string{empty}, "lake": filepath.Join(t.TempDir(), "lake")})
	t.Cleanup(d.Dispose)
	message := until(t, d, "the first run comes in 1") // that at once finds nothing
	if !strings.HasPrefix(message, "Auditlake works, and has nothing to show yet: 1 source without deliveries, lake without tables, the first run comes in 14m. Warning: Source "+empty+": is empty: check the path") {
		t.Errorf("message %s", message)
	}

	folder := filepath.Join(t.TempDir(), "lake")
	res, _ := checkHealth(t, newDatasource(t, map[string]any{"lake": folder}), "Viewer")
	want := "Auditlake works, and has nothing to show yet: lake without tables. Warning: Lake " + folder +
		": has no tables, and this data source does not fill it: check the path, enter a source and a schedule, or run auditlake etl."
	if res.Message != want || res.Status != backend.HealthStatusOk {
		t.Errorf("message %s\nwant    %s", res.Message, want)
	}
}

func TestHealthTellsWhereDeliveriesAre(t *testing.T) {
	root := t.TempDir()
	source, err := store.OpenLocal(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"notes.txt", "a/b/workspaceId=7/date=2024-03-04/x.json"} {
		if _, err := source.Put(t.Context(), key, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	jsonData := map[string]any{"sources": []string{root + "/"}, "lake": t.TempDir(), "schedule": "off"}
	_, parts := checkHealth(t, newDatasource(t, jsonData), "Viewer")
	if p := parts["source"]; !p.OK || !strings.HasSuffix(p.Message, "of 1 workspace from 2024-03-04 until 2024-03-04.") || len(p.Warnings) != 1 ||
		!strings.Contains(p.Warnings[0], "has its deliveries further down: write "+root+"/a/b, so that") {
		t.Errorf("source %+v", p)
	}
	jsonData["workspaces"] = []int{1}
	_, parts = checkHealth(t, newDatasource(t, jsonData), "Viewer")
	if p := parts["source"]; !p.OK || strings.Contains(fmt.Sprint(p), "a/b") || strings.Contains(fmt.Sprint(p), "2024") {
		t.Errorf("source of a scope %+v", p)
	}
}

func TestHealthWritesOnlyWhereTheETLDoes(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "lake")
	for name, jsonData := range map[string]map[string]any{
		"no sources":  {"lake": folder},
		"no schedule": {"lake": folder, "sources": []string{t.TempDir()}, "schedule": "off"},
	} {
		res, parts := checkHealth(t, newDatasource(t, jsonData), "Admin")
		if _, writes := parts["writes"]; writes || res.Status != backend.HealthStatusOk {
			t.Errorf("%s: %s %+v", name, res.Message, parts["writes"])
		}
		if text := parts["settings"].Message + parts["lake"].Message; !strings.Contains(text, "this data source reads the lake and leaves filling it to others.") || !strings.Contains(text, "has no tables yet") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestHealthKeepsTotalsFromWhoSeesSomeWorkspaces(t *testing.T) {
	w := filled(t)
	jsonData := map[string]any{"sources": []string{w.delivery}, "lake": w.folder, "workspaces": []int{1}}
	events := fmt.Sprint(w.truth.Layers.Silver)
	for role, told := range map[string]bool{"Admin": true, "Editor": false, "Viewer": false} {
		res, _ := checkHealth(t, newDatasource(t, jsonData), role)
		text := res.Message + string(res.JSONDetails)
		if res.Status != backend.HealthStatusOk || strings.Contains(text, events+" events") != told || strings.Contains(text, "newest event") != told ||
			strings.Contains(text, "readme.txt") != told || strings.Contains(text, "until 2019-12-29") != told {
			t.Errorf("%s: %s", role, text)
		}
	}
	res, err := newDatasource(t, jsonData).CheckHealth(t.Context(), &backend.CheckHealthRequest{})
	if err != nil || strings.Contains(res.Message+string(res.JSONDetails), events) {
		t.Errorf("without a user: %s, %v", res.JSONDetails, err)
	}
}

// runETL is a run over the folder of a source, which must be there.
func runETL(t *testing.T, w *world, folder string) error {
	t.Helper()
	root, err := store.OpenLocal(w.folder)
	if err != nil {
		t.Fatal(err)
	}
	source, err := store.Open(t.Context(), folder, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	r, err := etl.NewRunner(lake.New(root, lake.Options{}), etl.Options{Sources: []etl.Source{etl.SourceOf(source)}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Run(t.Context())
	return err
}

func TestHealthNamesAFailedRun(t *testing.T) {
	w := filled(t)
	if err := runETL(t, w, filepath.Join(t.TempDir(), "broken bucket")); err == nil {
		t.Fatal("the run did not fail")
	}
	d := func(jsonData map[string]any) *plugin.Datasource {
		jsonData["lake"] = w.folder
		return newDatasource(t, jsonData)
	}
	res, _ := checkHealth(t, d(map[string]any{}), "Viewer")
	if res.Status != backend.HealthStatusOk || !strings.Contains(res.Message, "Warning: Lake "+w.folder+": was not brought up to date by the last run, which failed") ||
		!strings.Contains(res.Message, "broken bucket") {
		t.Errorf("health %s: %s", res.Status, res.Message)
	}
	res, _ = checkHealth(t, d(map[string]any{"workspaces": []int{1}}), "Viewer")
	if !strings.Contains(res.Message, "the last run, which failed") || strings.Contains(res.Message, "broken bucket") {
		t.Errorf("health of a scope: %s", res.Message)
	}

	// A run that finds nothing new is not in the table, but it went well.
	if err := runETL(t, w, w.delivery); err != nil {
		t.Fatal(err)
	}
	res, _ = checkHealth(t, d(map[string]any{}), "Viewer")
	if strings.Contains(res.Message, "failed") {
		t.Errorf("health after a good run: %s", res.Message)
	}
}

func TestHealthOfASecondWriter(t *testing.T) {
	w := filled(t)
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	at := func(uid string) *plugin.Datasource {
		s := settings(t, map[string]any{"sources": []string{w.delivery}, "lake": w.folder})
		s.UID = uid
		return shell.New(t.Context(), s)
	}
	if res, _ := checkHealth(t, at("first"), "Viewer"); res.Status != backend.HealthStatusOk {
		t.Errorf("health of the first: %s", res.Message)
	}
	res, parts := checkHealth(t, at("second"), "Viewer")
	if res.Status != backend.HealthStatusError || !strings.Contains(res.Message, "data source first of organization") ||
		!strings.Contains(res.Message, "schedule of one of them to off") || !parts["lake"].OK {
		t.Errorf("health of the second: %s", res.Message)
	}
}

// bucket is a small S3: it keeps objects, honours If-None-Match, and says no to
// what deny names.
type bucket struct {
	deny func(r *http.Request) bool
	// careless takes every write; behind is how far its clock is.
	careless bool
	behind   time.Duration

	mu      sync.Mutex
	objects map[string]string // guarded by mu; by path
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deny != nil && b.deny(r) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
		return
	}
	body, there := b.objects[r.URL.Path]
	w.Header().Set("Last-Modified", time.Now().Add(-b.behind).UTC().Format(http.TimeFormat))
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, body))
	switch {
	case r.URL.Query().Get("list-type") != "":
		b.list(w, r)
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") != "" && !b.careless:
		w.WriteHeader(http.StatusPreconditionFailed)
		_, _ = io.WriteString(w, "<Error><Code>PreconditionFailed</Code></Error>")
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		b.objects[r.URL.Path] = string(body)
	case r.Method == http.MethodDelete:
		delete(b.objects, r.URL.Path)
	case !there:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body))
	}
}

func (b *bucket) list(w io.Writer, r *http.Request) {
	_, _ = io.WriteString(w, "<ListBucketResult>")
	for path, body := range b.objects {
		key, _ := strings.CutPrefix(path, strings.TrimSuffix(r.URL.Path, "/")+"/")
		if strings.HasPrefix(key, r.URL.Query().Get("prefix")) && key != path {
			_, _ = fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size></Contents>", key, len(body))
		}
	}
	_, _ = io.WriteString(w, "</ListBucketResult>")
}

// inBuckets is the check of a data source whose source and lake lie in b.
func inBuckets(t *testing.T, b *bucket) (*backend.CheckHealthResult, map[string]plugin.Part) {
	t.Helper()
	b.objects = map[string]string{"/logs/delivery/workspaceId=1/date=2019-12-28/a.json": "{}"}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return checkHealth(t, newDatasource(t, map[string]any{
		"sources": []string{"s3://logs/delivery"}, "lake": "s3://lake/root", "authType": "keys", "endpoint": server.URL, "pathStyle": true,
	}, accessKey, secretKey), "Admin")
}

func TestHealthNamesThePermissionThatIsMissing(t *testing.T) {
	in := func(bucket string, methods ...string) func(*http.Request) bool {
		return func(r *http.Request) bool {
			for _, m := range methods {
				list := r.URL.Query().Get("list-type") != ""
				if strings.HasPrefix(r.URL.Path, "/"+bucket) && (m == "LIST" && list || m == r.Method && !list) {
					return true
				}
			}
			return false
		}
	}
	for name, test := range map[string]struct {
		deny func(*http.Request) bool
		part string
		want string
	}{
		"list the source": {in("logs", "LIST"), "source", "allow s3:ListBucket on arn:aws:s3:::logs"},
		"read the source": {in("logs", "GET"), "source", "allow s3:GetObject on arn:aws:s3:::logs/delivery/*"},
		"list the lake":   {in("lake", "LIST"), "lake", "allow s3:ListBucket on arn:aws:s3:::lake"},
		"write the lake":  {in("lake", "PUT"), "writes", "allow s3:PutObject on arn:aws:s3:::lake/root/*"},
		"delete in it":    {in("lake", "DELETE", "POST"), "writes", "allow s3:DeleteObject on arn:aws:s3:::lake/root/*"},
	} {
		t.Run(name, func(t *testing.T) {
			res, parts := inBuckets(t, &bucket{deny: test.deny})
			for partName, p := range parts {
				if p.OK != (partName != test.part) {
					t.Errorf("%s: %+v", partName, p)
				}
			}
			if res.Status != backend.HealthStatusError || !strings.Contains(res.Message, test.want) {
				t.Errorf("health %s does not say %q: %s", res.Status, test.want, res.Message)
			}
		})
	}
}

func TestHealthOfABucketThatAllowsAll(t *testing.T) {
	res, parts := inBuckets(t, &bucket{})
	if res.Status != backend.HealthStatusOk || !strings.Contains(parts["source"].Message, "s3://logs/delivery at http") {
		t.Errorf("health %s: %s", res.Status, res.Message)
	}
	if strings.Contains(res.Message, "Warning") {
		t.Errorf("a warning without cause: %s", res.Message)
	}
}

func TestHealthRefusesAStoreWithoutConditionalWrites(t *testing.T) {
	res, parts := inBuckets(t, &bucket{careless: true})
	if p := parts["writes"]; p.OK || !strings.Contains(p.Message, "cannot hold a lake that is written to") || res.Status != backend.HealthStatusError {
		t.Errorf("writes %+v", p)
	}
}

func TestHealthComparesClocks(t *testing.T) {
	res, parts := inBuckets(t, &bucket{behind: 6 * time.Minute})
	if p := parts["writes"]; !p.OK || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "are 6m") {
		t.Errorf("writes %+v", p)
	}
	if !strings.Contains(res.Message, " Warning: Writing to s3://lake/root at http") {
		t.Errorf("message %s", res.Message)
	}
	if _, parts = inBuckets(t, &bucket{behind: 4 * time.Minute}); len(parts["writes"].Warnings) != 0 {
		t.Errorf("writes %+v", parts["writes"])
	}
}

func TestHealthLeadsToTheCredentials(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	for name, jsonData := range map[string]map[string]any{
		"default": {}, "a profile": {"authType": "credentials", "profile": "team"},
	} {
		jsonData["lake"], jsonData["endpoint"] = "s3://lake", "http://127.0.0.1:9"
		res, _ := checkHealth(t, newDatasource(t, jsonData), "Admin")
		for _, want := range []string{"forward_settings_to_plugins of the section [aws]", "forward_host_env_vars of the section [plugins]"} {
			if res.Status != backend.HealthStatusError || !strings.Contains(res.Message, want) {
				t.Errorf("%s: %s does not say %q", name, res.Message, want)
			}
		}
	}
}
