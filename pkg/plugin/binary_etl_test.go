package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// The ETL inside the real binary, as Grafana starts, changes and stops it.

// scheduled are the settings of a data source that fills a lake of its own.
func scheduled(t *testing.T, source, lakeFolder string, more ...map[string]any) backend.DataSourceInstanceSettings {
	t.Helper()
	json := map[string]any{"sources": []string{source}, "lake": lakeFolder, "schedule": "1h"}
	for _, m := range more {
		for k, v := range m {
			json[k] = v
		}
	}
	return settings(t, json)
}

// progress is one frame of the stream etl.
type progress struct {
	state, task, stage, lastError string
	bronze                        int64
	finished                      bool
}

var errEnough = errors.New("seen enough")

// patience is when a test that waits gives up: machines may be busy.
const patience = 5 * time.Minute

// await follows the ETL until enough says so, and fails the test if it never does.
func (s *started) await(enough func(progress) bool, opts ...host.Option) progress {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	var last progress
	err := s.Stream(ctx, "etl", nil, func(packet []byte) error {
		var frame data.Frame
		if err := json.Unmarshal(packet, &frame); err != nil {
			return err
		}
		last = progressIn(&frame)
		if enough(last) {
			return errEnough
		}
		return nil
	}, append([]host.Option{host.As(admin)}, opts...)...)
	if !errors.Is(err, errEnough) {
		s.t.Fatalf("the ETL came to %+v: %v", last, err)
	}
	return last
}

func progressIn(f *data.Frame) (p progress) {
	text := func(name string) string {
		field, _ := f.FieldByName(name)
		v, _ := field.ConcreteAt(0)
		s, _ := v.(string)
		return s
	}
	p.state, p.task, p.stage, p.lastError = text("state"), text("task"), text("stage"), text("lastError")
	field, _ := f.FieldByName("bronzeRows")
	p.bronze, _ = field.At(0).(int64)
	field, _ = f.FieldByName("lastFinished")
	_, p.finished = field.ConcreteAt(0)
	return p
}

func idle(p progress) bool { return p.state == "waiting" && p.finished }

// copyOf delivers what the world was delivered to a folder of the test.
func (w *world) copyOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(w.delivery)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// proven fails unless every line of the source is in each layer once.
func proven(t *testing.T, source, lakeFolder string, bronze int64) {
	t.Helper()
	root, err := store.Open(t.Context(), lakeFolder, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	from, err := store.Open(t.Context(), source, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	report, err := etl.Verify(t.Context(), lake.New(root, lake.Options{}), []etl.Source{etl.SourceOf(from)})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Problems) > 0 || report.Bronze != bronze {
		t.Errorf("%d lines of %d; problems %v", report.Bronze, bronze, report.Problems)
	}
}

func TestTheFirstRequestFillsTheLake(t *testing.T) {
	w := theRealThing(t)
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.ask(w.everyQuery()) // there is no lake yet: no error, and the schedule starts
	h.await(idle)
	for name, got := range h.ask(w.everyQuery()) {
		if got.Error != nil {
			t.Errorf("%s: %v", name, got.Error)
		}
	}
	if got := h.health(); got.Status != backend.HealthStatusOk {
		t.Errorf("health %s: %s", got.Status, got.Message)
	}
	proven(t, source, folder, w.truth.Layers.Bronze)
}

func TestAnAdministratorRunsItNow(t *testing.T) {
	w := theRealThing(t)
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.await(idle)
	later := filepath.Join(source, "workspaceId=77", "date=2019-12-29")
	if err := os.MkdirAll(later, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(later, "auditlogs_x.json"), []byte(eventLine("late", 1)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, body := h.post("etl/run", host.As(admin)); code != http.StatusOK {
		t.Fatalf("run now: %d %s", code, body)
	}
	h.await(func(p progress) bool { return p.task == "run" })
	h.await(idle)
	proven(t, source, folder, w.truth.Layers.Bronze+1)
	for _, path := range []string{"etl/optimize", "etl/replay?table=clusters", "etl/replay"} {
		if code, body := h.post(path, host.As(admin)); code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, code, body)
		}
		if p := h.await(idle); p.lastError != "" {
			t.Errorf("%s: %s", path, p.lastError)
		}
		proven(t, source, folder, w.truth.Layers.Bronze+1)
	}
	if code, body := h.get("etl/vacuum", host.As(admin)); code != http.StatusOK {
		t.Errorf("vacuum, dry: %d %s", code, body)
	}
	if code, body := h.post("etl/replay?table=nothing", host.As(admin)); code != http.StatusNotFound {
		t.Errorf("a table that is not there: %d %s", code, body)
	}
}

func TestWhatChangesTheLakeIsForAdministrators(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, scheduled(t, w.copyOf(t), filepath.Join(t.TempDir(), "lake")))
	for who, opt := range map[string]host.Option{
		"a viewer": host.As(&backend.User{Login: "v", Role: "Viewer"}), "an editor": host.As(&backend.User{Login: "e", Role: "Editor"}),
		"somebody without a role": host.As(&backend.User{Login: "n"}), "nobody": host.As(nil), "an alert rule": host.FromAlert(),
	} {
		for _, path := range []string{"etl/run", "etl/optimize", "etl/replay"} {
			if code, body := h.post(path, opt); code != http.StatusForbidden {
				t.Errorf("%s, %s: %d %s", who, path, code, body)
			}
		}
		if code, body := h.get("etl/vacuum", opt); code != http.StatusForbidden {
			t.Errorf("%s, vacuum: %d %s", who, code, body)
		}
	}
	if code, _ := h.get("etl/run", host.As(admin)); code == http.StatusOK {
		t.Error("a GET starts a run")
	}
}

func TestASecondWriterOfALakeIsTold(t *testing.T) {
	w := theRealThing(t)
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	first := scheduled(t, source, folder)
	h := start(t, w, allowed, first)
	h.await(idle)
	second := scheduled(t, source, folder)
	second.ID, second.UID, second.Updated = 2, "second", time.Now()
	got, err := h.Health(t.Context(), host.On(second))
	if err != nil || got.Status != backend.HealthStatusError || !strings.Contains(got.Message, first.UID) {
		t.Errorf("health of the second: %+v %v", got, err)
	}
	for name, got := range h.ask(w.everyQuery(), host.On(second)) {
		if got.Error != nil {
			t.Errorf("%s: the second cannot read: %v", name, got.Error)
		}
	}
	if code, body := h.post("etl/run", host.As(admin), host.On(second)); code != http.StatusConflict || !strings.Contains(string(body), first.UID) {
		t.Errorf("the second runs: %d %s", code, body)
	}
	if got := h.health(); got.Status != backend.HealthStatusOk {
		t.Errorf("health of the first: %s", got.Message)
	}
}

// slowBucket is an S3 endpoint that answers a read when it is told to, or never.
func slowBucket(t *testing.T) (endpoint string, asked, gone <-chan struct{}) {
	t.Helper()
	a, g := make(chan struct{}, 1000), make(chan struct{}, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a <- struct{}{}
		<-r.Context().Done()
		g <- struct{}{}
	}))
	t.Cleanup(server.Close)
	return server.URL, a, g
}

func TestSettingsThatChangeDuringARun(t *testing.T) {
	w := theRealThing(t)
	endpoint, asked, gone := slowBucket(t)
	bucket := s3Settings(t, endpoint, "1h")
	h := start(t, w, allowed, bucket)
	if code, _ := h.get("named-queries"); code != http.StatusOK {
		t.Fatalf("the first request: %d", code)
	}
	<-asked // the run is under way, and the store silent
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	next := scheduled(t, source, folder)
	h.UpdateSettings(next)
	h.await(idle)
	<-gone // the old run was cut off
	proven(t, source, folder, w.truth.Layers.Bronze)
}

func TestTheOldInstanceAndTheNewOneAnswerTogether(t *testing.T) {
	w := theRealThing(t)
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	old := scheduled(t, source, folder)
	h := start(t, w, allowed, old)
	h.await(idle)
	young := scheduled(t, source, folder, map[string]any{"maxRows": 1000})
	var panels sync.WaitGroup
	for i := range inPart(10, 20) {
		s := []backend.DataSourceInstanceSettings{old, young}[i%2]
		s.Updated = time.Unix(1_700_000_000+int64(i/2), 0) // each pair makes a new instance, and disposes the last
		panels.Go(func() {
			for name, got := range h.ask(w.everyQuery(), host.On(s)) {
				if got.Error != nil && got.Status != backend.StatusBadGateway { // replaced while it ran
					t.Errorf("%s: %v", name, got.Error)
				}
			}
		})
	}
	panels.Wait()
	h.await(idle)
	proven(t, source, folder, w.truth.Layers.Bronze)
}

func TestSixtyFourPanelsWhileTheETLRuns(t *testing.T) {
	w := theRealThing(t)
	source, folder := filepath.Join(t.TempDir(), "delivery"), filepath.Join(t.TempDir(), "lake")
	truth, err := generate.Write(t.Context(), generate.Config{
		Seed: 2, Scenario: generate.Article, EventsPerDay: inPart(10_000, 20_000), Days: 2, Start: time.Date(2019, 12, 27, 0, 0, 0, 0, time.UTC),
	}, time.Time{}, generate.Folder(source))
	if err != nil {
		t.Fatal(err)
	}
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.await(func(p progress) bool { return p.state == "running" })
	var panels sync.WaitGroup
	for i := range 64 {
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
	h.await(idle)
	proven(t, source, folder, truth.Layers.Bronze)
}

func TestKilledAndStartedAgain(t *testing.T) {
	w := theRealThing(t)
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	for _, stage := range []string{"listing", "bronze", "gold"} {
		h := start(t, w, allowed, scheduled(t, source, folder))
		h.await(func(p progress) bool { return p.stage == stage || idle(p) })
		if err := h.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.await(idle)
	proven(t, source, folder, w.truth.Layers.Bronze)
}

func TestStoppedInTheMiddleItEndsInTime(t *testing.T) {
	w := theRealThing(t)
	source := filepath.Join(t.TempDir(), "delivery")
	truth, err := generate.Write(t.Context(), generate.Config{
		Seed: 3, EventsPerDay: inPart(30_000, 60_000), Days: 1, Start: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC),
	}, time.Time{}, generate.Folder(source))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "lake")
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.await(func(p progress) bool { return p.state == "running" && p.bronze > 0 || idle(p) })
	began := time.Now()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 1900*time.Millisecond { // at 2 s it is killed
		t.Errorf("it took %s to stop", took)
	}
	h = start(t, w, allowed, scheduled(t, source, folder))
	h.await(idle)
	proven(t, source, folder, truth.Layers.Bronze)
}

func TestTheScheduleOfGrafanaIni(t *testing.T) {
	w := theRealThing(t)
	source, folder := w.copyOf(t), filepath.Join(t.TempDir(), "lake")
	env := append([]string{"GF_PLUGIN_ETL_SOURCES=" + source, "GF_PLUGIN_ETL_LAKE=" + folder, "GF_PLUGIN_ETL_SCHEDULE=1h"}, allowed...)
	reader := settings(t, map[string]any{"sources": []string{source}, "lake": folder, "schedule": "1h"})
	h := start(t, w, env, reader)
	// No request started it; a data source that wants the same lake is told.
	got := h.health()
	if got.Status != backend.HealthStatusError || !strings.Contains(got.Message, "grafana.ini") {
		t.Errorf("health %s: %s", got.Status, got.Message)
	}
	awaitMetric(t, h, `auditlake_tasks_total{outcome="succeeded",task="run"} 1`)
	proven(t, source, folder, w.truth.Layers.Bronze)
}

// TestAScheduleThatCannotBeginIsLogged: nobody asks for the state of the ETL of
// grafana.ini, so what it lacks has to be in the log.
func TestAScheduleThatCannotBeginIsLogged(t *testing.T) {
	w := theRealThing(t)
	missing := filepath.Join(t.TempDir(), "missing")
	h := start(t, w, append([]string{"GF_PLUGIN_ETL_SOURCES=" + missing, "GF_PLUGIN_ETL_LAKE=" + t.TempDir()}, allowed...), w.settings(t))
	awaitMetric(t, h, `auditlake_tasks_total{outcome="failed",task="run"} 1`)
	if err := h.Close(); err != nil { // after it the log is whole
		t.Fatal(err)
	}
	if log := h.log.String(); !strings.Contains(log, missing) || !strings.Contains(log, "the schedule in grafana.ini") {
		t.Errorf("the log does not say what is missing:\n%s", log)
	}
}

// awaitMetric asks for the metrics until they have a line.
func awaitMetric(t *testing.T, h *started, line string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := h.Metrics(ctx)
		if err == nil && strings.Contains(string(got), line+"\n") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no %s in\n%s", line, got)
		case <-tick.C:
		}
	}
}

func TestMetrics(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, scheduled(t, w.copyOf(t), filepath.Join(t.TempDir(), "lake")))
	h.await(idle)
	h.ask(w.everyQuery())
	for _, line := range []string{
		fmt.Sprintf(`auditlake_etl_rows_total{layer="bronze"} %d`, w.truth.Layers.Bronze),
		fmt.Sprintf(`auditlake_queries_total{status="200",type="named"} %d`, len(w.everyQuery())),
	} {
		awaitMetric(t, h, line)
	}
	got, err := h.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"auditlake_etl_last_success_timestamp_seconds{", `auditlake_store_requests_total{operation="get",outcome="ok",root="source"}`,
		`auditlake_store_bytes_total{operation="get",root="lake"}`, "auditlake_query_duration_seconds_bucket{", "auditlake_footer_cache_misses_total", "auditlake_page_cache_misses_total",
	} {
		if !strings.Contains(string(got), name) {
			t.Errorf("no %s", name)
		}
	}
}
