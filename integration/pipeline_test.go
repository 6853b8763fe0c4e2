package integration_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestPipelineOnS3 delivers the article's month to a bucket in three steps, with
// a run of the ETL after each, and compares every number with the truth.
func TestPipelineOnS3(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	at := func(prefix string) string {
		q := url.Values{"endpoint": {endpoint}, "region": {s3server.Region}, "path_style": {"true"}}
		return "s3://" + cfg.Bucket + "/" + prefix + "?" + q.Encode()
	}
	logs, lake := at("logs"), at("lake")
	source, err := store.Open(t.Context(), logs)
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string, body []byte) error {
		_, err := source.Put(t.Context(), key, body)
		return err
	}
	start := time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC)
	month := generate.Config{Seed: 3, Start: start, Days: 30, EventsPerDay: 10_000, Scenario: generate.Article}
	reached := time.Time{}
	for _, until := range []time.Time{start.AddDate(0, 0, 2).Add(7 * time.Hour), start.AddDate(0, 0, 4), {}} {
		truth, err := generate.WriteBetween(t.Context(), month, reached, until, put)
		if err != nil {
			t.Fatal(err)
		}
		reached = until
		begin := time.Now()
		truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", lake)
		t.Logf("%d lines delivered so far, run took %s", truth.Source.Lines, time.Since(begin).Round(time.Millisecond))
		truthtest.Check(t, lake, truth)
	}
	if out := truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", lake); !strings.Contains(out, "Nothing new") {
		t.Errorf("a run on an unchanged source says %q", out)
	}
}
