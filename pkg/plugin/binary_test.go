package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// The tests in this file go through the real binary, as Grafana starts it.

// world is what all of them look at; nothing changes it.
type world struct {
	binary           string
	delivery, folder string // of the source and the lake
	truth            *generate.Truth
}

// theWorld is made by the first test that needs it.
var theWorld = sync.OnceValues(newWorld)

// worldDir is removed when all tests are done.
var worldDir string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "auditlake-plugin")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	worldDir = dir
	defer os.RemoveAll(dir)
	return m.Run()
}

func newWorld() (*world, error) {
	w := &world{
		binary:   filepath.Join(worldDir, "gpx_auditlake"),
		delivery: filepath.Join(worldDir, "delivery"),
		folder:   filepath.Join(worldDir, "lake"),
	}
	if runtime.GOOS == "windows" {
		w.binary += ".exe"
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", w.binary, "..") // to link is half of it without names for debuggers
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return w, w.fill(context.Background())
}

// fill delivers the article's days and brings them into the lake.
func (w *world) fill(ctx context.Context) error {
	source, err := store.OpenLocal(w.delivery)
	if err != nil {
		return err
	}
	root, err := store.OpenLocal(w.folder)
	if err != nil {
		return err
	}
	w.truth, err = generate.Write(ctx, generate.Config{
		Seed: 1, Scenario: generate.Article, EventsPerDay: 300, Days: 3,
		Start: time.Date(2019, 12, 27, 0, 0, 0, 0, time.UTC),
	}, time.Time{}, func(key string, body []byte) error {
		_, err := source.Put(ctx, key, body)
		return err
	})
	if err != nil {
		return err
	}
	r, err := etl.NewRunner(lake.New(root, lake.Options{}), etl.Options{Sources: []etl.Source{etl.SourceOf(source)}})
	if err != nil {
		return err
	}
	_, err = r.Run(ctx)
	return err
}

func theRealThing(t *testing.T) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: builds and starts the plugin")
	}
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// admin is who may change the lake.
var admin = &backend.User{Login: "root", Role: "Admin"}

// allowed is the environment of a plugin whose administrator allows folders.
var allowed = []string{"GF_PLUGIN_ALLOW_LOCAL_FOLDERS=true"}

// started is a running plugin, which is searched for planted secrets at its end.
type started struct {
	*host.Host
	t       *testing.T
	log     *bytes.Buffer // whole once the plugin has stopped
	mu      sync.Mutex
	answers bytes.Buffer // guarded by mu
}

func start(t *testing.T, w *world, env []string, s backend.DataSourceInstanceSettings) *started {
	t.Helper()
	log := &bytes.Buffer{}
	h, err := host.Start(t.Context(), host.Config{
		Binary: w.binary, Env: env, Settings: s, LogOutput: log,
		User: &backend.User{Login: "ada", Role: "Viewer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := &started{Host: h, t: t, log: log}
	t.Cleanup(func() {
		if err := h.Close(); err != nil { // after it nothing more is logged
			t.Error(err)
		}
		for name, text := range map[string]string{"log": log.String(), "answers": out.answers.String()} {
			for _, secret := range []string{accessKey, secretKey} {
				if strings.Contains(text, secret) {
					t.Errorf("a secret is in the %s:\n%s", name, text)
				}
			}
		}
	})
	return out
}

// keep remembers an answer for the search.
func (s *started) keep(answer any) {
	s.t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers.Write(raw)
}

func (s *started) ask(queries []backend.DataQuery, opts ...host.Option) backend.Responses {
	s.t.Helper()
	res, err := s.Query(s.t.Context(), queries, opts...)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	s.keep(res)
	return res.Responses
}

func (s *started) health() *backend.CheckHealthResult {
	s.t.Helper()
	res, err := s.Health(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.keep(res.Message + string(res.JSONDetails))
	return res
}

func (s *started) get(path string, opts ...host.Option) (int, []byte) {
	s.t.Helper()
	return s.call(http.MethodGet, path, opts)
}

func (s *started) post(path string, opts ...host.Option) (int, []byte) {
	s.t.Helper()
	return s.call(http.MethodPost, path, opts)
}

func (s *started) call(method, path string, opts []host.Option) (int, []byte) {
	s.t.Helper()
	code, body, err := s.Resource(s.t.Context(), method, path, nil, opts...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.keep(string(body))
	return code, body
}

func (w *world) settings(t *testing.T) backend.DataSourceInstanceSettings {
	t.Helper()
	return settings(t, map[string]any{
		"sources": []string{w.delivery}, "lake": w.folder, "schedule": "off", "authType": "keys",
	}, accessKey, secretKey)
}

// everyQuery is the catalog; refIDs are the names.
func (w *world) everyQuery() (queries []backend.DataQuery) {
	for _, n := range named.All() {
		params := map[string]string{}
		switch n.Name {
		case "job_owner":
			params["job_id"] = string(w.truth.Panels.JobOwner.JobID)
		case "who_is":
			params["who"] = w.truth.Article.Owner
		}
		q := namedQuery(n.Name, n.Name, params)
		q.TimeRange = backend.TimeRange{From: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
		queries = append(queries, q)
	}
	return queries
}

// rows undoes what frames do to rows: the truth is the CLI's, which prints them.
func rows(t *testing.T, frames data.Frames) []map[string]any {
	t.Helper()
	out := []map[string]any{}
	for _, f := range frames {
		for i := range f.Rows() {
			row := map[string]any{}
			for _, field := range f.Fields {
				for name, value := range field.Labels {
					row[name] = value
				}
				row[field.Name] = value(field, i)
			}
			out = append(out, row)
		}
	}
	if at := frames[0].Fields; frames[0].Meta.Type == data.FrameTypeTimeSeriesMulti && len(at) > 0 {
		slices.SortStableFunc(out, func(a, b map[string]any) int { return strings.Compare(a[at[0].Name].(string), b[at[0].Name].(string)) })
	}
	return out
}

func value(field *data.Field, i int) any {
	v, ok := field.ConcreteAt(i)
	if !ok {
		return nil
	}
	switch v := v.(type) {
	case time.Time:
		if field.Name == "date" {
			return v.UTC().Format(time.DateOnly)
		}
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	case int64:
		return float64(v)
	}
	return v
}

// panels is the truth by name of the query.
func (w *world) panels(t *testing.T) map[string]any {
	t.Helper()
	raw, err := json.Marshal(w.truth.Panels)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	out["job_owner"] = out["job_owner"].(map[string]any)["rows"]
	return out
}

func TestTheArticlesPanels(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	want := w.panels(t)
	for format, opts := range map[string][]host.Option{"arrow": nil, "json": {host.JSONFrames()}} {
		t.Run(format, func(t *testing.T) {
			res := h.ask(w.everyQuery(), opts...)
			if len(res) != len(named.All()) || len(want) != 9 {
				t.Fatalf("%d answers, of which the truth has %d", len(res), len(want))
			}
			for name, got := range res {
				if got.Error != nil {
					t.Errorf("%s: %v", name, got.Error)
					continue
				}
				meta := got.Frames[0].Meta
				if meta.TypeVersion != (data.FrameTypeVersion{0, 1}) || meta.ExecutedQueryString == "" || len(meta.Stats) == 0 {
					t.Errorf("%s: meta %+v", name, meta)
				}
				for _, notice := range meta.Notices {
					if want[name] != nil || !strings.Contains(notice.Text, "does not exist yet") {
						t.Errorf("%s: notice %q", name, notice.Text)
					}
				}
				if want[name] == nil {
					continue // pkg/query tests the answer
				}
				plain := []any{}
				for _, row := range rows(t, got.Frames) {
					plain = append(plain, any(row))
				}
				if diff := cmp.Diff(want[name], any(plain)); diff != "" {
					t.Errorf("%s (-truth +frames):\n%s", name, diff)
				}
			}
		})
	}
}

func TestTheArticlesNumbers(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	queries := w.everyQuery()
	for i := range queries {
		queries[i].TimeRange = backend.TimeRange{From: bothDays.From.AddDate(0, 0, 1), To: bothDays.To} // 2019-12-28
	}
	res := h.ask(queries, host.FromAlert())
	if got := rows(t, res["clusters_created_per_day"].Frames)[0]["num_clusters"]; got != 714.0 {
		t.Errorf("%v clusters were created", got)
	}
	if got := rows(t, res["clusters_by_creator"].Frames)[0]; got["creator"] != "JOB_LAUNCHER" || got["num_clusters"] != 709.0 {
		t.Errorf("the most by %v", got)
	}
	if got := rows(t, res["clusters_without_autotermination_per_day"].Frames)[0]["num_clusters"]; got != 5.0 {
		t.Errorf("%v clusters have no autotermination", got)
	}
	if got := rows(t, res["clusters_by_job"].Frames)[0]["jobId"]; got != "31303" {
		t.Errorf("the most for job %v", got)
	}
	if got := res["job_owner"]; got.Status != backend.StatusBadRequest {
		t.Errorf("a table for an alert rule: %d %v", got.Status, got.Error)
	}
	if got := rows(t, h.ask(queries)["job_owner"].Frames)[0]["userId"]; got != w.truth.Article.Owner {
		t.Errorf("the owner is %v, not %s", got, w.truth.Article.Owner)
	}
}

func TestErrorsAreEachQuerysOwn(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	res := h.ask([]backend.DataQuery{
		namedQuery("A", "clusters_by_creator", nil),
		namedQuery("B", "clusters", nil),
		{RefID: "C", JSON: []byte(`{"queryType":"sql"}`)},
	})
	if got := res["A"]; got.Error != nil || got.Status != backend.StatusOK {
		t.Errorf("A: %+v", got)
	}
	for _, refID := range []string{"B", "C"} {
		if got := res[refID]; got.Error == nil || got.Status != backend.StatusBadRequest || got.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%s: %d %s %v", refID, got.Status, got.ErrorSource, got.Error)
		}
	}
}

func TestManyPanelsAtOnce(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	var panels sync.WaitGroup
	for i := range 16 {
		panels.Go(func() {
			opts := [][]host.Option{nil, {host.JSONFrames()}}[i%2]
			for name, got := range h.ask(w.everyQuery(), opts...) {
				if got.Error != nil {
					t.Errorf("%s: %v", name, got.Error)
				}
			}
		})
	}
	panels.Wait()
}

func TestSettingsThatChange(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, nil, w.settings(t)) // nobody allowed folders
	res := h.ask(w.everyQuery())
	for name, got := range res {
		if got.Error == nil || got.Status != backend.StatusBadRequest || got.ErrorSource != backend.ErrorSourceDownstream ||
			!strings.Contains(got.Error.Error(), "allow_local_folders = true") {
			t.Errorf("%s: %d %s %v", name, got.Status, got.ErrorSource, got.Error)
		}
	}
	if got := h.health(); got.Status != backend.HealthStatusError || !strings.Contains(got.Message, "[plugin.auditlake-databricks-datasource]") {
		t.Errorf("health %s: %s", got.Status, got.Message)
	}
	if code, body := h.get("status"); code != http.StatusBadRequest || !strings.Contains(string(body), "allow_local_folders") {
		t.Errorf("status %d %s", code, body)
	}
	if code, _ := h.get("named-queries"); code != http.StatusOK {
		t.Errorf("the catalog needs no lake: %d", code)
	}

	h = start(t, w, allowed, settings(t, map[string]any{"lake": filepath.Join(t.TempDir(), "later")}))
	for name, got := range h.ask(w.everyQuery()) {
		// A count of nothing is a row.
		none := map[string]int{"clusters_created": 1, "cluster_spike": 1, "cluster_spike_details": 1, "active_users": 1, "layer_counts": 3}
		if got.Error != nil || got.Frames[0].Meta.Type == "" || got.Frames[0].Rows() != none[name] {
			t.Errorf("%s without a lake: %+v", name, got)
			continue
		}
		if notices := got.Frames[0].Meta.Notices; len(notices) != 1 || !strings.Contains(notices[0].Text, "There is no lake at") {
			t.Errorf("%s: notices %v", name, notices)
		}
	}
	if got := h.health(); got.Status != backend.HealthStatusOk || !strings.Contains(got.Message, "nothing to show yet") {
		t.Errorf("health %s: %s", got.Status, got.Message)
	}
	if code, body := h.get("status"); code != http.StatusOK || !strings.HasPrefix(string(body), `{"tables":[],"runs":[],"etl":{"state":"off",`) {
		t.Errorf("status %d %s", code, body)
	}
	h.UpdateSettings(w.settings(t))
	truth := w.panels(t)
	for name, got := range h.ask(w.everyQuery()) {
		if got.Error != nil || (truth[name] != nil && got.Frames[0].Rows() == 0) {
			t.Errorf("%s after the change: %+v", name, got)
		}
	}
}

func TestHealth(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, settings(t, map[string]any{"sources": []string{w.delivery}, "lake": w.folder, "schedule": "off"}))
	got := h.health()
	lines := fmt.Sprintf("%d delivered lines and %d events", w.truth.Layers.Bronze, w.truth.Layers.Silver)
	if got.Status != backend.HealthStatusOk || !strings.Contains(got.Message, "Auditlake is ready: 1 source with deliveries until ") ||
		!strings.Contains(string(got.JSONDetails), lines) || !strings.Contains(string(got.JSONDetails), "Source "+w.delivery) {
		t.Errorf("health %s: %s %s", got.Status, got.Message, got.JSONDetails)
	}
	var details struct {
		Parts []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal(got.JSONDetails, &details); err != nil || len(details.Parts) != 3 || !details.Parts[0].OK {
		t.Errorf("details %s: %v", got.JSONDetails, err)
	}

	h.UpdateSettings(settings(t, map[string]any{"sources": []string{w.folder, filepath.Join(worldDir, "nowhere")}, "lake": t.TempDir()}))
	got = h.health()
	if got.Status != backend.HealthStatusError || !strings.Contains(got.Message, "nowhere: The store does not have what should be there") {
		t.Errorf("health %s: %s", got.Status, got.Message)
	}
	if !strings.Contains(string(got.JSONDetails), "has no delivered file among") {
		t.Errorf("a lake passes for a source: %s", got.JSONDetails)
	}
}

// s3Settings are those of a bucket behind an endpoint, with planted keys.
func s3Settings(t *testing.T, endpoint, schedule string) backend.DataSourceInstanceSettings {
	t.Helper()
	return settings(t, map[string]any{
		"sources": []string{"s3://logs"}, "lake": "s3://lake/root", "schedule": schedule,
		"authType": "keys", "defaultRegion": "eu-central-1", "endpoint": endpoint, "pathStyle": true,
	}, accessKey, secretKey)
}

func TestABucketThatRefuses(t *testing.T) {
	w := theRealThing(t)
	asked := make(chan string, 1000)
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path + " " + r.Header.Get("Authorization")
		w.WriteHeader(http.StatusForbidden)
		// A store that quotes what it should not.
		_, _ = fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>%s may not, nor %s</Message></Error>", accessKey, secretKey)
	}))
	defer bucket.Close()
	// By name: of an address the client puts the bucket into the path anyway.
	h := start(t, w, nil, s3Settings(t, strings.Replace(bucket.URL, "127.0.0.1", "localhost", 1), "off"))
	for name, got := range h.ask(w.everyQuery()) {
		if got.Error == nil || got.Status != backend.StatusForbidden || got.ErrorSource != backend.ErrorSourceDownstream ||
			!strings.Contains(got.Error.Error(), "*** may not") {
			t.Errorf("%s: %d %s %v", name, got.Status, got.ErrorSource, got.Error)
		}
	}
	// The settings reached the store: bucket in the path, region and key in the signature.
	if len(asked) == 0 {
		t.Fatal("the store was not asked")
	}
	if got := <-asked; !strings.HasPrefix(got, "/lake") || !strings.Contains(got, accessKey) || !strings.Contains(got, "/eu-central-1/s3/") {
		t.Errorf("the store was asked %s", got)
	}
	got := h.health()
	if got.Status != backend.HealthStatusError {
		t.Errorf("health %s", got.Status)
	}
	for _, want := range []string{"Source s3://logs", "Lake s3://lake/root", "s3:ListBucket"} {
		if !strings.Contains(got.Message, want) {
			t.Errorf("health does not say %q: %s", want, got.Message)
		}
	}
	if code, body := h.get("status"); code != http.StatusForbidden {
		t.Errorf("status %d %s", code, body)
	}
}

func TestCancelReachesTheStore(t *testing.T) {
	w := theRealThing(t)
	asked, gone := make(chan struct{}, 100), make(chan struct{}, 100)
	bucket := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	}))
	defer bucket.Close()
	h := start(t, w, nil, s3Settings(t, bucket.URL, "off"))
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := h.Query(ctx, w.everyQuery()[:1])
		answered <- err
	}()
	<-asked
	cancel()
	began := time.Now()
	if err := <-answered; status.Code(err) != codes.Canceled {
		t.Errorf("the caller sees %v", err)
	}
	<-gone
	if took := time.Since(began); took > time.Second {
		t.Errorf("the store was left after %s", took)
	}
	if code, _ := h.get("named-queries"); code != http.StatusOK {
		t.Errorf("the plugin is gone: %d", code)
	}
}

func TestTheBinaryIsTheCommandLineToo(t *testing.T) {
	w := theRealThing(t)
	run := func(args ...string) string {
		out, err := exec.Command(w.binary, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	got := run("query", "--lake", w.folder, "--named", "clusters_by_creator", "--from", "2019-12-28", "--to", "2019-12-29", "--format", "csv")
	if !strings.Contains(got, "JOB_LAUNCHER,709") {
		t.Errorf("answer:\n%s", got)
	}
	if got := run("etl", "--source", w.delivery, "--lake", w.folder, "--quiet"); !strings.Contains(got, "Nothing new") {
		t.Errorf("etl:\n%s", got)
	}
	if got := run("--help"); !strings.Contains(got, "gpx_auditlake [command]") {
		t.Errorf("help:\n%s", got)
	}
}
