package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/auditlake/auditlake/internal/host"
)

// echoBinary is the plugin in testdata/echo, built once for all tests.
var echoBinary string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "auditlake-host")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	echoBinary = filepath.Join(dir, "gpx_echo")
	if runtime.GOOS == "windows" {
		echoBinary += ".exe"
	}
	build := exec.Command("go", "build", "-o", echoBinary, "./testdata/echo")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the echo plugin:", err)
		return 1
	}
	return m.Run()
}

func config() host.Config {
	return host.Config{
		Binary: echoBinary,
		Settings: backend.DataSourceInstanceSettings{
			UID:                     "lake",
			JSONData:                []byte(`{"region":"eu-central-1"}`),
			DecryptedSecureJSONData: map[string]string{"secretKey": "hush"},
		},
		User:          &backend.User{Login: "ada", Role: "Viewer"},
		GrafanaConfig: map[string]string{"GF_APP_URL": "http://localhost:3000/"},
	}
}

func start(t *testing.T, c host.Config) *host.Host {
	t.Helper()
	h, err := host.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

var timeRange = backend.TimeRange{
	From: time.Date(2019, 12, 28, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2019, 12, 29, 0, 0, 0, 0, time.UTC),
}

func query(refID, queryType string) backend.DataQuery {
	return backend.DataQuery{RefID: refID, QueryType: queryType, TimeRange: timeRange, JSON: []byte(`{"named":"x"}`)}
}

func get(t *testing.T, h *host.Host, path string) string {
	t.Helper()
	code, body, err := h.Resource(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if code != http.StatusOK {
		t.Fatalf("GET %s: status %d", path, code)
	}
	return string(body)
}

func TestQuery(t *testing.T) {
	h := start(t, config())
	for name, opts := range map[string][]host.Option{
		"arrow": nil,
		"json":  {host.JSONFrames()},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := h.Query(t.Context(), []backend.DataQuery{query("A", "echo"), query("B", "fail")}, opts...)
			if err != nil {
				t.Fatal(err)
			}
			checkFrame(t, res.Responses["A"])

			failed := res.Responses["B"]
			if failed.Error == nil || failed.Error.Error() != "no such table" {
				t.Errorf("error of B: %v", failed.Error)
			}
			if failed.Status != backend.StatusBadRequest || failed.ErrorSource != backend.ErrorSourceDownstream {
				t.Errorf("B: status %d, source %q", failed.Status, failed.ErrorSource)
			}
		})
	}
}

func checkFrame(t *testing.T, res backend.DataResponse) {
	t.Helper()
	if res.Error != nil || len(res.Frames) != 1 {
		t.Fatalf("A: error %v, %d frames", res.Error, len(res.Frames))
	}
	one, text := 1.5, "text"
	want := data.NewFrame("echo",
		data.NewField("time", nil, []time.Time{timeRange.From, timeRange.To}),
		data.NewField("value", data.Labels{"workspace": "4711"}, []*float64{&one, nil}),
		data.NewField("text", nil, []*string{nil, &text}),
	)
	frame := res.Frames[0]
	if diff := cmp.Diff(want.Fields, frame.Fields, data.FrameTestCompareOptions()...); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	meta := frame.Meta
	if meta.Type != data.FrameTypeTimeSeriesMulti || meta.TypeVersion != (data.FrameTypeVersion{0, 1}) {
		t.Errorf("type %s %v", meta.Type, meta.TypeVersion)
	}
	if meta.ExecutedQueryString != `{"named":"x"}` {
		t.Errorf("executed query %q", meta.ExecutedQueryString)
	}
	if len(meta.Notices) != 1 || meta.Notices[0].Text != "truncated" {
		t.Errorf("notices %v", meta.Notices)
	}
}

func TestWhatAQueryCarries(t *testing.T) {
	h := start(t, config())
	tests := map[string]struct {
		opts                       []host.Option
		user, fromAlert, dashboard string
	}{
		"user of the configuration": {nil, "ada", "", ""},
		"another user":              {[]host.Option{host.As(&backend.User{Login: "grace"})}, "grace", "", ""},
		"no user":                   {[]host.Option{host.As(nil)}, "nobody", "", ""},
		"alert":                     {[]host.Option{host.FromAlert()}, "nobody", "true", ""},
		"header of the browser":     {[]host.Option{host.Header("X-Dashboard-Uid", "d1")}, "ada", "", "d1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res, err := h.Query(t.Context(), []backend.DataQuery{query("A", "echo")}, test.opts...)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{
				"user": test.user, "fromAlert": test.fromAlert, "dashboard": test.dashboard,
				"appURL": "http://localhost:3000/", "plugin": host.PluginID,
			}
			if diff := cmp.Diff(want, res.Responses["A"].Frames[0].Meta.Custom); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	h := start(t, config())

	res, err := h.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != backend.HealthStatusOk || res.Message != "hello ada" || string(res.JSONDetails) != `{"tables":3}` {
		t.Errorf("health %+v", res)
	}

	res, err = h.Health(t.Context(), host.As(nil))
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != backend.HealthStatusError || res.Message != "who asks?" {
		t.Errorf("health without a user %+v", res)
	}
}

func TestResource(t *testing.T) {
	h := start(t, config())
	tests := map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"method, URL and body arrive":   {http.MethodPost, "echo?limit=3", "body", http.StatusTeapot, "POST echo?limit=3 body"},
		"settings arrive":               {http.MethodGet, "settings", "", http.StatusOK, `{"region":"eu-central-1"}`},
		"secrets arrive":                {http.MethodGet, "secret", "", http.StatusOK, "hush"},
		"an answer in parts is joined":  {http.MethodGet, "parts", "", http.StatusOK, "one two"},
		"an unknown path has no answer": {http.MethodGet, "nothing", "", http.StatusNotFound, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, body, err := h.Resource(t.Context(), test.method, test.path, []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if status != test.status || string(body) != test.want {
				t.Errorf("answer %d %q, want %d %q", status, body, test.status, test.want)
			}
		})
	}
}

func TestStream(t *testing.T) {
	h := start(t, config())

	var packets []string
	err := h.Stream(t.Context(), "count", nil, func(packet []byte) error {
		packets = append(packets, string(packet))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`{"n":1}`, `{"n":2}`, `{"n":3}`}, packets); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}

	enough := errors.New("enough")
	if err := h.Stream(t.Context(), "count", nil, func([]byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a receiver that fails: %v", err)
	}
	if err := h.Stream(t.Context(), "unknown", nil, nil); !errors.Is(err, host.ErrSubscriptionRefused) {
		t.Errorf("unknown path: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	h := start(t, config())
	get(t, h, "settings")

	text, err := h.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(`grafana_plugin_request_total{endpoint="callResource"`)) {
		t.Errorf("the resource call is not counted:\n%s", text)
	}
}

func TestUpdateSettings(t *testing.T) {
	c := config()
	h := start(t, c)
	get(t, h, "settings")

	// As saved in the same millisecond.
	c.Settings.JSONData = []byte(`{"region":"eu-west-1"}`)
	h.UpdateSettings(c.Settings)

	if got := get(t, h, "settings"); got != `{"region":"eu-west-1"}` {
		t.Errorf("settings of the instance: %s", got)
	}
}

func TestEnvironmentIsNotInherited(t *testing.T) {
	t.Setenv("AWS_PROFILE", "of-the-host")
	c := config()
	c.Env = []string{"GF_PLUGIN_INTERVAL=5m"}
	h := start(t, c)

	var environ []string
	if err := json.Unmarshal([]byte(get(t, h, "environ")), &environ); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		names[name] = true
	}
	if !names["GF_PLUGIN_INTERVAL"] {
		t.Errorf("what was given is missing: %v", environ)
	}
	for _, name := range []string{"AWS_PROFILE", "HOME", "PATH"} {
		if names[name] {
			t.Errorf("%s was inherited", name)
		}
	}
}

func TestCancelReachesTheHandler(t *testing.T) {
	h := start(t, config())
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := h.Query(ctx, []backend.DataQuery{query("A", "block")})
		answered <- err
	}()

	get(t, h, "begun")
	cancel()
	if err := <-answered; status.Code(err) != codes.Canceled {
		t.Errorf("the caller sees %v", err)
	}
	get(t, h, "canceled") // answers when the handler's context has ended
}

func TestPanicLeavesThePluginRunning(t *testing.T) {
	h := start(t, config())

	if _, err := h.Query(t.Context(), []backend.DataQuery{query("A", "panic")}); status.Code(err) != codes.Unknown {
		t.Errorf("the caller sees %v", err)
	}
	get(t, h, "settings")
}

func TestCloseLetsThePluginFinish(t *testing.T) {
	stopped := filepath.Join(t.TempDir(), "stopped")
	c := config()
	c.Env = []string{"GF_PLUGIN_STOPPED_FILE=" + stopped}
	h := start(t, c)

	for range 2 {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !h.Exited() {
		t.Error("the process still runs")
	}
	if _, err := os.Stat(stopped); err != nil {
		t.Errorf("code behind Manage did not run: %v", err)
	}
	if _, err := h.Health(t.Context()); status.Code(err) == codes.OK {
		t.Error("a closed host answers")
	}
}

func TestKillAndRestart(t *testing.T) {
	stopped := filepath.Join(t.TempDir(), "stopped")
	c := config()
	c.Env = []string{"GF_PLUGIN_STOPPED_FILE=" + stopped}
	h := start(t, c)
	answered := make(chan error, 1)
	go func() {
		_, err := h.Query(t.Context(), []backend.DataQuery{query("A", "block")})
		answered <- err
	}()
	get(t, h, "begun")

	if err := h.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; status.Code(err) != codes.Unavailable {
		t.Errorf("the query under way ends with %v", err)
	}
	if !h.Exited() {
		t.Error("the process still runs")
	}
	if _, err := os.Stat(stopped); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a killed plugin ran on: %v", err)
	}

	again := start(t, c)
	if again.PID() == h.PID() {
		t.Errorf("pid %d twice", h.PID())
	}
	get(t, again, "settings")
}

func TestLogIsForwarded(t *testing.T) {
	var output bytes.Buffer
	c := config()
	c.LogOutput = &output
	h := start(t, c)
	if _, err := h.Query(t.Context(), []backend.DataQuery{query("A", "echo")}); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil { // after it nothing more is written
		t.Fatal(err)
	}
	if !strings.Contains(output.String(), "Echoing") {
		t.Errorf("log:\n%s", &output)
	}
}

func TestStartFails(t *testing.T) {
	t.Run("no such binary", func(t *testing.T) {
		c := config()
		c.Binary = filepath.Join(t.TempDir(), "gpx_none")
		if _, err := host.Start(t.Context(), c); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("not a plugin", func(t *testing.T) {
		c := config()
		c.Binary = "/bin/true"
		if runtime.GOOS == "windows" {
			t.Skip("needs a program that ends at once")
		}
		if _, err := host.Start(t.Context(), c); err == nil {
			t.Error("no error")
		}
	})
	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := host.Start(ctx, config()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}
