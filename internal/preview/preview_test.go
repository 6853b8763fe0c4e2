package preview_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/internal/preview"
)

// echoBinary is the plugin of the host's tests, built once for all tests.
var echoBinary string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "auditlake-preview")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	echoBinary = filepath.Join(dir, "gpx_echo")
	if runtime.GOOS == "windows" {
		echoBinary += ".exe"
	}
	build := exec.Command("go", "build", "-o", echoBinary, "../host/testdata/echo")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the echo plugin:", err)
		return 1
	}
	return m.Run()
}

// folders are what a build leaves, in short.
func folders(t *testing.T) preview.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"page/index.html":         "<title>the page</title>",
		"page/public/assets/a.js": "let a",
		"plugin/module.js":        "define()",
		"plugin/plugin.json":      `{"id":"p"}`,
		"dashboards/b.json":       `{"uid":"two","title":"Second","tags":["x"],"panels":[1]}`,
		"dashboards/a.json":       `{"uid":"one","title":"First","description":"of all"}`,
		"secret.txt":              "not to be served",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return preview.Config{
		Page: filepath.Join(dir, "page"), Plugin: filepath.Join(dir, "plugin"), Dashboards: filepath.Join(dir, "dashboards"),
		Sources: []backend.DataSourceInstanceSettings{
			{UID: "lake", Name: "Lake", JSONData: []byte(`{"lake":"a"}`), DecryptedSecureJSONData: map[string]string{"secretKey": "hush", "other": "o"}},
			{UID: "past", Name: "Past", JSONData: []byte(`{"lake":"b"}`)},
		},
	}
}

// site is a preview over the echo plugin.
type site struct {
	t   *testing.T
	url string
}

func newSite(t *testing.T) site {
	t.Helper()
	h, err := host.Start(t.Context(), host.Config{Binary: echoBinary})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	c := folders(t)
	c.Host = h
	s, err := preview.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return site{t, server.URL}
}

// ask gives the status and the body. headers are name, value, ….
func (s site) ask(method, path, body string, headers ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (s site) get(path string) string {
	s.t.Helper()
	status, text := s.ask(http.MethodGet, path, "")
	if status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	return text
}

func TestQueriesAreAnsweredAsGrafanaDoes(t *testing.T) {
	s := newSite(t)
	body := `{"from":"1577491200000","to":"1577577600000","queries":[
		{"refId":"A","datasource":{"uid":"lake"},"queryType":"x","intervalMs":60000,"maxDataPoints":100,"named":"n"},
		{"refId":"B","datasource":{"uid":"past"},"queryType":"fail"},
		{"refId":"C","datasource":{"uid":"__expr__"}}]}`
	status, text := s.ask(http.MethodPost, "/api/ds/query", body, "X-Dashboard-Uid", "d1")
	if status != http.StatusMultiStatus {
		t.Errorf("status %d, want 207 for one query that failed", status)
	}
	var got struct {
		Results map[string]struct {
			Status int
			Error  string
			Frames []struct {
				Schema struct {
					Meta struct {
						ExecutedQueryString string
						Custom              map[string]any
					}
				}
				Data struct{ Values [][]any }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	a := got.Results["A"]
	if a.Status != 200 || len(a.Frames) != 1 {
		t.Fatalf("A: %s", text)
	}
	if diff := cmp.Diff([]any{float64(1577491200000), float64(1577577600000)}, a.Frames[0].Data.Values[0]); diff != "" {
		t.Errorf("range (-want +got):\n%s", diff)
	}
	meta := a.Frames[0].Schema.Meta
	if meta.Custom["user"] != "admin" || meta.Custom["dashboard"] != "d1" || !strings.Contains(meta.ExecutedQueryString, `"named":"n"`) {
		t.Errorf("A was asked as %v", meta)
	}
	if b := got.Results["B"]; b.Status != 400 || b.Error != "no such table" {
		t.Errorf("B: %+v", b)
	}
	if c := got.Results["C"]; c.Status != 404 || !strings.Contains(c.Error, "__expr__") {
		t.Errorf("C: %+v", c)
	}
}

func TestQueriesThatAreNone(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string]string{
		`{`:                          "read the queries",
		`{"from":"now-1h","to":"0"}`: "read from",
		`{"from":"0","to":""}`:       "read to",
		`{"from":"0","to":"1","queries":["what"]}`: "read query 1",
	} {
		if status, text := s.ask(http.MethodPost, "/api/ds/query", body); status != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want %q", body, status, text, want)
		}
	}
}

func TestSettingsAreSavedInMemory(t *testing.T) {
	s := newSite(t)
	if text := s.get("/api/datasources/uid/lake"); strings.Contains(text, "hush") || !strings.Contains(text, `"secretKey":true`) {
		t.Errorf("settings tell %s", text)
	}
	before := s.version("lake")
	save := `{"name":"New","jsonData":{"lake":"c"},"secureJsonData":{"added":"x"},"secureJsonFields":{"secretKey":true,"other":false}}`
	if status, text := s.ask(http.MethodPut, "/api/datasources/uid/lake", save, "X-Preview-Role", "Viewer"); status != http.StatusForbidden {
		t.Errorf("a viewer saves: %d %s", status, text)
	}
	status, text := s.ask(http.MethodPut, "/api/datasources/uid/lake", save)
	if status != http.StatusOK || !strings.Contains(text, `"name":"New"`) {
		t.Fatalf("save: %d %s", status, text)
	}
	if after := s.version("lake"); before <= 0 || after <= before {
		t.Errorf("version %d after the save, %d before", after, before)
	}
	const resources = "/api/datasources/uid/lake/resources/"
	if got := s.get(resources + "settings"); got != `{"lake":"c"}` {
		t.Errorf("the plugin has %s", got)
	}
	if got := s.get(resources + "secret"); got != "hush" {
		t.Errorf("the secret that was not touched is %q", got)
	}
	if got := s.get("/api/datasources/uid/lake"); !strings.Contains(got, `"secureJsonFields":{"added":true,"secretKey":true}`) {
		t.Errorf("secrets afterwards: %s", got)
	}
	if got := s.get("/api/datasources/uid/past/resources/settings"); got != `{"lake":"b"}` {
		t.Errorf("the other data source has %s", got)
	}
}

// version is that of a data source as it was last saved.
func (s site) version(uid string) int64 {
	s.t.Helper()
	var source struct{ Version int64 }
	if err := json.Unmarshal([]byte(s.get("/api/datasources/uid/"+uid)), &source); err != nil {
		s.t.Fatal(err)
	}
	return source.Version
}

func TestResourcesHealthAndStream(t *testing.T) {
	s := newSite(t)
	status, text := s.ask(http.MethodPost, "/api/datasources/uid/lake/resources/echo?a=b", "body")
	if status != http.StatusTeapot || text != "POST echo?a=b body" {
		t.Errorf("resource: %d %q", status, text)
	}
	status, text = s.ask(http.MethodGet, "/api/datasources/uid/lake/health", "", "X-Preview-Role", "Editor")
	if status != http.StatusOK || text != `{"details":{"tables":3},"message":"hello editor","status":"OK"}` {
		t.Errorf("health: %d %s", status, text)
	}
	if got := s.get("/api/live/ds/lake/count"); strings.Count(got, "data: ") != 3 {
		t.Errorf("stream: %q", got)
	}
	if got := s.get("/api/live/ds/lake/else"); !strings.HasPrefix(got, "event: refused\n") {
		t.Errorf("a stream that is none: %q", got)
	}
	if status, text := s.ask(http.MethodGet, "/api/datasources/uid/nobody/health", ""); status != http.StatusNotFound {
		t.Errorf("no data source: %d %s", status, text)
	}
}

func TestDashboardsAndFiles(t *testing.T) {
	s := newSite(t)
	want := `[{"uid":"one","title":"First","description":"of all","tags":null},{"uid":"two","title":"Second","description":"","tags":["x"]}]`
	if diff := cmp.Diff(want, s.get("/api/search")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if got := s.get("/api/dashboards/uid/two"); !strings.Contains(got, `"panels":[1]`) {
		t.Errorf("dashboard: %s", got)
	}
	if status, _ := s.ask(http.MethodGet, "/api/dashboards/uid/three", ""); status != http.StatusNotFound {
		t.Errorf("a dashboard that is none: %d", status)
	}
	for path, want := range map[string]string{
		"/":                     "the page",
		"/d/one/first?from=now": "the page",
		"/public/assets/a.js":   "let a",
		"/public/plugins/auditlake-databricks-datasource/module.js": "define()",
		"/public/build/img/icons/unicons/none.svg":                  "<svg",
		"/api/frontend/settings":                                    `"defaultDatasource":"Lake"`,
	} {
		if got := s.get(path); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"/public/../../secret.txt", "/public/%2e%2e/%2e%2e/secret.txt", "/public/plugins/auditlake-databricks-datasource/..%2f..%2fsecret.txt"} {
		if _, text := s.ask(http.MethodGet, path, ""); strings.Contains(text, "not to be served") {
			t.Errorf("%s is served", path)
		}
	}
	if status, _ := s.ask(http.MethodGet, "/api/alerts", ""); status != http.StatusNotFound {
		t.Errorf("what Grafana has and the preview does not: %d", status)
	}
}

func TestOthersAreRefused(t *testing.T) {
	s := newSite(t)
	own := s.url
	for name, tc := range map[string]struct {
		headers []string
		want    int
	}{
		"the page itself":                {[]string{"Origin", own}, http.StatusOK},
		"another name for this machine":  {[]string{"Host", "evil.example"}, http.StatusForbidden},
		"a page of another site":         {[]string{"Origin", "http://evil.example"}, http.StatusForbidden},
		"another server of this machine": {[]string{"Origin", "http://127.0.0.1:1"}, http.StatusForbidden},
		"an image on a page elsewhere":   {[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, http.StatusForbidden},
		"a link on a page elsewhere":     {[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, http.StatusOK},
	} {
		if status, text := s.ask(http.MethodGet, "/api/search", "", tc.headers...); status != tc.want {
			t.Errorf("%s: %d, want %d: %s", name, status, tc.want, text)
		}
	}
}

func TestListenIsForThisMachineAlone(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "example.com:80", "127.0.0.1"} {
		if l, err := preview.Listen(address); err == nil {
			_ = l.Close()
			t.Errorf("%s is taken", address)
		}
	}
	first, err := preview.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	second, err := preview.Listen(first.Addr().String())
	if err != nil {
		t.Fatalf("with the port taken: %v", err)
	}
	defer func() { _ = second.Close() }()
	if name, _, _ := net.SplitHostPort(second.Addr().String()); name != "127.0.0.1" || second.Addr().String() == first.Addr().String() {
		t.Errorf("listens at %s beside %s", second.Addr(), first.Addr())
	}
}

func TestNothingBuilt(t *testing.T) {
	c := folders(t)
	c.Page = t.TempDir()
	if _, err := preview.New(c); err == nil || !strings.Contains(err.Error(), "go tool mage demo") {
		t.Errorf("error %v does not say what to do", err)
	}
}

func TestRunServesUntilTheEnd(t *testing.T) {
	c := folders(t)
	ctx, cancel := context.WithCancel(t.Context())
	var log bytes.Buffer
	show := preview.Show{
		Binary: echoBinary, Page: c.Page, Plugin: c.Plugin, Dashboards: c.Dashboards, Address: "127.0.0.1:0", Log: &log,
		Sources: []preview.Local{{UID: "lake", Name: "Lake", Lake: "here", Logs: []string{"there"}, Schedule: "off"}},
	}
	var settings string
	show.Ready = func(url string) error {
		go func() {
			defer cancel()
			_, settings = site{t, strings.TrimSuffix(url, "/")}.ask(http.MethodGet, "/api/datasources/uid/lake/resources/settings", "")
		}()
		return nil
	}
	if err := show.Run(ctx); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(map[string]any{"lake": filepath.Join(dir, "here"), "sources": []string{filepath.Join(dir, "there")}, "schedule": "off"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}
