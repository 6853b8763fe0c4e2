package generate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/internal/generate"
)

var december = time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC)

// tester is what testing.T and rapid.T share.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// deliver returns the newest version of every object and the truth about them.
func deliver(t tester, cfg generate.Config, until time.Time) (map[string][]byte, *generate.Truth) {
	t.Helper()
	store := map[string][]byte{}
	truth, err := generate.Write(context.Background(), cfg, until, func(key string, body []byte) error {
		store[key] = bytes.Clone(body)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, truth
}

// recount is the truth as the reader of this test finds it.
func recount(t tester, store map[string][]byte) (layers, source, panel object) {
	t.Helper()
	all := lines(t, store)
	quarantine, gold := 0, object{}
	for _, l := range all {
		if l.event == nil {
			quarantine++
			continue
		}
		table := strings.ReplaceAll(strings.ToLower(str(l.event, "serviceName")), "-", "_")
		if table == "" {
			table = "_unknown"
		}
		n, _ := gold[table].(int)
		gold[table] = n + 1
	}
	files, size := 0, 0
	for key, body := range store {
		if logKey.MatchString(key) {
			files++
			size += len(body)
		}
	}
	return object{"bronze": len(all), "quarantine": quarantine, "silver": len(all) - quarantine, "gold": gold},
		object{"files": files, "lines": len(all), "bytes": size}, panels(all)
}

// generic is v as JSON sees it.
func generic(t tester, v any) any {
	t.Helper()
	text, ok := v.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func checkTruth(t tester, cfg generate.Config, until time.Time) {
	t.Helper()
	store, truth := deliver(t, cfg, until)
	got := generic(t, truth.JSON()).(object)
	layers, source, panel := recount(t, store)
	for part, want := range map[string]any{"layers": layers, "source": source, "panels": panel} {
		if diff := cmp.Diff(generic(t, want), got[part]); diff != "" {
			t.Errorf("seed %d: %s (-read +truth):\n%s", cfg.Seed, part, diff)
		}
	}
}

func TestTruthIsWhatAnIndependentReaderFinds(t *testing.T) {
	ordinary := generate.Config{Seed: 7, Start: december, Days: 6, EventsPerDay: 1500}
	article := generate.Config{Seed: 11, Start: december.AddDate(0, 0, 24), Days: 6, EventsPerDay: 1500, Scenario: generate.Article}
	dense := generate.Config{Seed: 3, Start: december, Days: 2, EventsPerDay: 12_000, Workspaces: 1}
	tests := []struct {
		name  string
		cfg   generate.Config
		until time.Time
	}{
		{"default to the end", ordinary, time.Time{}},
		{"default until the middle of a day", ordinary, december.Add(61*time.Hour + 17*time.Minute)},
		{"default until before the first delivery", ordinary, december},
		{"article to the end", article, time.Time{}},
		{"article until the middle of the storm", article, time.Date(2019, 12, 28, 13, 1, 0, 0, time.UTC)},
		{"detections", generate.Config{Seed: 6, Start: december, Days: 30, EventsPerDay: 100, Scenario: generate.Detections}, time.Time{}},
		{"few events", generate.Config{Seed: 5, Start: december, Days: 3, EventsPerDay: 40, Workspaces: 9}, time.Time{}},
		{"one event a day", generate.Config{Start: december, Days: 2, EventsPerDay: 1}, time.Time{}},
		{"many events in one workspace", dense, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkTruth(t, tt.cfg, tt.until) })
	}
}

func TestTruthOfRandomConfigs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := generate.Config{
			Seed:         rapid.Uint64().Draw(r, "seed"),
			Start:        december.AddDate(0, 0, 26),
			Days:         3,
			EventsPerDay: rapid.IntRange(1, 100).Draw(r, "events"),
			Scenario:     rapid.SampledFrom([]generate.Scenario{generate.Default, generate.Article}).Draw(r, "scenario"),
			Workspaces:   rapid.IntRange(1, 6).Draw(r, "workspaces"),
		}
		checkTruth(r, cfg, cfg.Start.Add(time.Duration(rapid.IntRange(0, 80*60).Draw(r, "until"))*time.Minute))
	})
}

func TestArticleNumbers(t *testing.T) {
	for _, cfg := range []generate.Config{
		{Seed: 1, Start: december, Days: 30, EventsPerDay: 1000, Scenario: generate.Article},
		{Seed: 2, Start: december.AddDate(0, 0, 25), Days: 3, EventsPerDay: 20_000, Scenario: generate.Article, Workspaces: 2},
	} {
		_, truth := deliver(t, cfg, time.Time{})
		a := *truth.Article
		if a.Owner == "" || !strings.Contains(a.OwnerEmail, "@") {
			t.Errorf("owner %q is %q, want one of the users", a.Owner, a.OwnerEmail)
		}
		a.Owner, a.OwnerEmail = "", ""
		want := generate.ArticleTruth{Date: "2019-12-28", Created: 714, ByJobLauncher: 709, WithoutAutotermination: 5, TopJob: "31303", TopJobClusters: 640}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("article (-want +got):\n%s", diff)
		}
		if p := truth.Panels.JobOwner; p.JobID != "31303" || len(p.Rows) != 1 || p.Rows[0].UserID != truth.Article.Owner {
			t.Errorf("job_owner is %+v, want job 31303 with the one user %s", p, truth.Article.Owner)
		}
		for _, row := range truth.Panels.ClustersCreatedPerDay {
			if row.Date != a.Date && row.NumClusters*3 >= a.Created {
				t.Errorf("%s has %d creates, want less than a third of the storm's", row.Date, row.NumClusters)
			}
		}
		hyphen := slices.ContainsFunc(truth.Panels.ClustersWithoutAutotermination, func(r generate.WithoutAutotermination) bool {
			return strings.HasPrefix(r.Time, a.Date) && strings.Contains(r.ClusterName, "-")
		})
		if !hyphen {
			t.Error("no interactive cluster of the day has '-' in its name")
		}
	}
}

func TestSameConfigSameBytes(t *testing.T) {
	cfg := generate.Config{Seed: 42, Start: december, Days: 4, EventsPerDay: 1000}
	sum := func(cfg generate.Config) string {
		h := fnv.New128a()
		truth, err := generate.Write(context.Background(), cfg, time.Time{}, func(key string, body []byte) error {
			fmt.Fprintf(h, "%s %d\n%s", key, len(body), body)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h.Write(truth.JSON())
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	first := sum(cfg)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if again := sum(cfg); again != first {
		t.Error("the same config gave other bytes on one core")
	}
	cfg.Seed++
	if sum(cfg) == first {
		t.Error("another seed gave the same bytes")
	}
}

func TestWriteBetweenContinuesWrite(t *testing.T) {
	cfg := generate.Config{Seed: 9, Start: december, Days: 3, EventsPerDay: 1500}
	noon := december.Add(36 * time.Hour)
	whole, truth := deliver(t, cfg, time.Time{})
	parts, _ := deliver(t, cfg, noon)
	rest, err := generate.WriteBetween(context.Background(), cfg, noon, time.Time{}, func(key string, body []byte) error {
		parts[key] = bytes.Clone(body)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(whole, parts, bytes.Equal) {
		t.Error("the two parts are not the whole")
	}
	if !bytes.Equal(truth.JSON(), rest.JSON()) {
		t.Error("truth of the second part does not cover the first")
	}
}

func TestDeliveriesAreInOrderAndFollowTheirEvents(t *testing.T) {
	cfg := generate.Config{Seed: 4, Start: december, Days: 4, EventsPerDay: 3000}
	deliveries, err := generate.Deliveries(cfg)
	if err != nil {
		t.Fatal(err)
	}
	last, n := time.Time{}, 0
	for d := range deliveries {
		n++
		if d.At.Before(last) {
			t.Fatalf("%s comes at %s, after %s", d.Key, d.At, last)
		}
		last = d.At
		for _, l := range lines(t, map[string][]byte{d.Key: d.Body}) {
			if l.event == nil {
				continue
			}
			if ms, _ := l.event["timestamp"].(json.Number).Int64(); ms > d.At.UnixMilli() {
				t.Fatalf("%s, delivered at %s, has an event of %s", d.Key, d.At, time.UnixMilli(ms).UTC())
			}
		}
	}
	var keys int
	if _, err := generate.Write(context.Background(), cfg, time.Time{}, func(string, []byte) error { keys++; return nil }); err != nil || keys != n {
		t.Errorf("Write made %d deliveries and error %v, Deliveries %d", keys, err, n)
	}
}

func TestWriteStopsAtErrors(t *testing.T) {
	cfg := generate.Config{Start: december, Days: 1, EventsPerDay: 100}
	full := errors.New("disk full")
	if _, err := generate.Write(context.Background(), cfg, time.Time{}, func(string, []byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("error is %v, want the sink's", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := generate.Write(ctx, cfg, time.Time{}, func(string, []byte) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want canceled", err)
	}
}

func TestValidate(t *testing.T) {
	good := generate.Config{Start: december, Days: 30, EventsPerDay: 10, Scenario: generate.Article}
	if err := good.Validate(); err != nil {
		t.Errorf("good config: %v", err)
	}
	for want, change := range map[string]func(*generate.Config){
		"not midnight":      func(c *generate.Config) { c.Start = c.Start.Add(time.Hour) },
		"outside 2013":      func(c *generate.Config) { c.Start = time.Time{} },
		"days is 0":         func(c *generate.Config) { c.Days = 0 },
		"events per day":    func(c *generate.Config) { c.EventsPerDay = -1 },
		"workspaces is -1":  func(c *generate.Config) { c.Workspaces = -1 },
		"unknown scenario":  func(c *generate.Config) { c.Scenario = "x" },
		"needs 2019-12-28":  func(c *generate.Config) { c.Days = 27 },
		"needs 30 days":     func(c *generate.Config) { c.Scenario, c.Days = generate.Detections, 29 },
		"unknown detail":    func(c *generate.Config) { c.Truth = "x" },
		"from 2019-12-29":   func(c *generate.Config) { c.Start = c.Start.AddDate(0, 0, 28) },
		"days is 100000000": func(c *generate.Config) { c.Days = 100_000_000 },
	} {
		cfg := good
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	cfg := generate.Config{Seed: 1, Start: december, Days: 5, EventsPerDay: 50_000}
	size := 0
	for b.Loop() {
		size = 0
		truth, err := generate.Write(context.Background(), cfg, time.Time{}, func(_ string, body []byte) error {
			size += len(body)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(truth.Source.Bytes)/float64(truth.Source.Lines), "bytes/line")
		b.ReportMetric(float64(truth.Source.Lines)/float64(truth.Source.Files), "lines/file")
	}
	b.SetBytes(int64(size))
}
