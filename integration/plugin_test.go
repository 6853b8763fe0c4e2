package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestThePluginOnS3 has the real binary fill a lake in a bucket on its schedule,
// once alone and then with a second process beside it, as two replicas of
// Grafana are.
func TestThePluginOnS3(t *testing.T) {
	binary := buildPlugin(t)
	endpoint, cfg := s3server.Start(t) // which changes the working directory
	source, err := store.OpenS3(t.Context(), prefixed(cfg, "logs"))
	if err != nil {
		t.Fatal(err)
	}
	month := generate.Config{Seed: 5, Start: time.Date(2019, 12, 20, 0, 0, 0, 0, time.UTC), Days: 10, EventsPerDay: 2000, Scenario: generate.Article}
	put := func(key string, body []byte) error {
		_, err := source.Put(t.Context(), key, body)
		return err
	}
	half := month.Start.AddDate(0, 0, 5)
	if _, err := generate.WriteBetween(t.Context(), month, time.Time{}, half, put); err != nil {
		t.Fatal(err)
	}
	settings := pluginSettings(t, endpoint, cfg.Bucket, "")
	first := startPlugin(t, binary, settings)
	awaitRun(t, first)

	truth, err := generate.WriteBetween(t.Context(), month, half, time.Time{}, put)
	if err != nil {
		t.Fatal(err)
	}
	second := startPlugin(t, binary, settings)
	var replicas sync.WaitGroup
	replicas.Go(func() { awaitRun(t, second) })
	replicas.Go(func() {
		if code, body, err := first.Resource(t.Context(), "POST", "etl/run", nil); err != nil || code != 200 {
			t.Errorf("run now: %d %s %v", code, body, err)
		}
	})
	replicas.Wait()
	for _, h := range []*host.Host{first, second} {
		awaitRun(t, h)
		health, err := h.Health(t.Context())
		if err != nil || health.Status != backend.HealthStatusOk {
			t.Errorf("health: %+v %v", health, err)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	q := url.Values{"endpoint": {endpoint}, "region": {s3server.Region}, "path_style": {"true"}}
	truthtest.Check(t, "s3://"+cfg.Bucket+"/lake?"+q.Encode(), truth)

	for _, opt := range [][]host.Option{nil, {host.JSONFrames()}} {
		res, err := first.Query(t.Context(), []backend.DataQuery{{
			RefID: "A", JSON: []byte(`{"queryType":"named","named":"clusters_by_creator"}`),
			TimeRange: backend.TimeRange{From: time.Date(2019, 12, 28, 0, 0, 0, 0, time.UTC), To: time.Date(2019, 12, 29, 0, 0, 0, 0, time.UTC)},
		}}, opt...)
		if err != nil || res.Responses["A"].Error != nil {
			t.Fatal(err, res)
		}
		frame := res.Responses["A"].Frames[0]
		if got, _ := frame.Fields[1].ConcreteAt(0); fmt.Sprint(got) != "709" {
			t.Errorf("JOB_LAUNCHER created %v clusters", got)
		}
	}
}

func buildPlugin(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "gpx_auditlake")
	build := exec.Command("go", "build", "-o", binary, "./pkg")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	return binary
}

func prefixed(cfg store.S3Config, prefix string) store.S3Config {
	cfg.Prefix = prefix
	return cfg
}

// pluginSettings run the ETL once an hour; queueURL may be empty.
func pluginSettings(t *testing.T, endpoint, bucket, queueURL string) backend.DataSourceInstanceSettings {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"sources": []string{"s3://" + bucket + "/logs"}, "lake": "s3://" + bucket + "/lake", "schedule": "1h", "queueUrl": queueURL,
		"authType": "keys", "endpoint": endpoint, "pathStyle": true, "defaultRegion": s3server.Region,
	})
	if err != nil {
		t.Fatal(err)
	}
	return backend.DataSourceInstanceSettings{ID: 1, UID: "auditlake", JSONData: raw, DecryptedSecureJSONData: map[string]string{
		"accessKey": s3server.AccessKeyID, "secretKey": s3server.SecretAccessKey,
	}}
}

func startPlugin(t *testing.T, binary string, settings backend.DataSourceInstanceSettings) *host.Host {
	t.Helper()
	h, err := host.Start(t.Context(), host.Config{
		Binary: binary, Settings: settings, User: &backend.User{Login: "root", Role: "Admin"}, LogOutput: t.Output(),
	})
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

// awaitRun waits until no task is under way and the last one has succeeded.
func awaitRun(t *testing.T, h *host.Host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	done := errors.New("done")
	err := h.Stream(ctx, "etl", nil, func(packet []byte) error {
		var frame data.Frame
		if err := json.Unmarshal(packet, &frame); err != nil {
			return err
		}
		values := map[string]string{}
		for _, f := range frame.Fields {
			if v, ok := f.ConcreteAt(0); ok {
				values[f.Name] = fmt.Sprint(v)
			}
		}
		if values["lastError"] != "" {
			return errors.New(values["lastError"])
		}
		if values["state"] == "waiting" && strings.TrimSpace(values["lastFinished"]) != "" {
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Errorf("await the ETL: %v", err)
	}
}
