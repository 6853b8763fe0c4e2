package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// account is how an answer came about, and from how many files.
type account struct {
	Cache  string           `json:"cache"`
	Tables map[string]int64 `json:"tables"`
	rows   int
	stats  map[string]float64
}

func tell(t *testing.T, d *plugin.Datasource, user *backend.User, from, to string) account {
	t.Helper()
	q := namedQuery("A", "clusters_without_autotermination", nil)
	for text, into := range map[string]*time.Time{from: &q.TimeRange.From, to: &q.TimeRange.To} {
		var err error
		if *into, err = time.Parse(time.RFC3339, text); err != nil {
			t.Fatal(err)
		}
	}
	res, err := d.QueryData(t.Context(), &backend.QueryDataRequest{
		Queries: []backend.DataQuery{q}, PluginContext: backend.PluginContext{User: user},
	})
	if err != nil || res.Responses["A"].Error != nil {
		t.Fatal(err, res.Responses["A"].Error)
	}
	frame := res.Responses["A"].Frames[0]
	custom, err := json.Marshal(frame.Meta.Custom)
	if err != nil {
		t.Fatal(err)
	}
	out := account{rows: frame.Rows(), stats: map[string]float64{}}
	if err := json.Unmarshal(custom, &out); err != nil {
		t.Fatal(err)
	}
	for _, s := range frame.Meta.Stats {
		out.stats[s.DisplayName] = s.Value
	}
	return out
}

func TestAnAnswerIsKeptAsLongAsItIsRight(t *testing.T) {
	lake := memory(t, map[string]string{"clusters": clusterEvents})
	d := plugin.NewOver(lake)
	viewer, other := &backend.User{Role: "Viewer"}, &backend.User{Role: "Editor"}
	admin := &backend.User{Role: "Admin"}
	const first, last = "2019-12-27T10:00:00Z", "2019-12-28T12:00:00Z" // of the events
	for _, step := range []struct {
		name     string
		user     *backend.User
		from, to string
		cache    string
		rows     int
	}{
		{"the first", viewer, "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z", "miss", 1},
		{"the same", viewer, "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z", "hit", 1},
		{"another who sees as much", other, "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z", "hit", 1},
		{"one who sees more", admin, "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z", "miss", 1},
		{"an end later than all events", viewer, "2019-12-28T00:00:00Z", "2020-01-07T03:04:05Z", "hit", 1},
		{"an end at the last event, which is not in it", viewer, "2019-12-28T00:00:00Z", last, "miss", 1},
		{"an end right after the last event", viewer, "2019-12-28T00:00:00Z", "2019-12-28T12:00:00.000001Z", "hit", 1},
		{"a later start", viewer, "2019-12-28T11:00:00.000001Z", "2019-12-29T00:00:00Z", "miss", 0},
		{"a start before all events", viewer, "2018-01-01T00:00:00Z", "2019-12-29T00:00:00Z", "miss", 1},
		{"another start before all events", viewer, first, "2019-12-29T00:00:00Z", "hit", 1},
		{"nothing but later", viewer, "2021-01-01T00:00:00Z", "2021-01-02T00:00:00Z", "miss", 0},
		{"nothing but later still", viewer, "2022-01-01T00:00:00Z", "2022-01-02T00:00:00Z", "hit", 0},
	} {
		got := tell(t, d, step.user, step.from, step.to)
		if got.Cache != step.cache || got.rows != step.rows || !cmp.Equal(got.Tables, map[string]int64{"clusters": 1}) {
			t.Errorf("%s: %s with %d rows of %v", step.name, got.Cache, got.rows, got.Tables)
		}
		if kept := got.stats["Answer from memory"] == 1; kept != (step.cache == "hit") {
			t.Errorf("%s: %v", step.name, got.stats)
		}
	}
	more, err := querytest.ParseTable(clusterEvents)
	if err != nil {
		t.Fatal(err)
	}
	lake.Add("clusters", more)
	got := tell(t, d, viewer, "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z")
	if got.Cache != "miss" || got.rows != 2 || got.Tables["clusters"] != 2 || got.stats["Rows scanned"] != 8 {
		t.Errorf("a new version: %+v", got)
	}
}

func TestATableThatComesIntoBeingIsSeen(t *testing.T) {
	lake := memory(t, map[string]string{})
	d := plugin.NewOver(lake)
	const from, to = "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z"
	for _, want := range []string{"miss", "hit"} {
		if got := tell(t, d, nil, from, to); got.Cache != want || got.rows != 0 || len(got.Tables) != 0 {
			t.Errorf("without a table: %+v", got)
		}
	}
	batch, err := querytest.ParseTable(clusterEvents)
	if err != nil {
		t.Fatal(err)
	}
	lake.Add("clusters", batch)
	if got := tell(t, d, nil, from, to); got.Cache != "miss" || got.rows != 1 {
		t.Errorf("with a table: %+v", got)
	}
}

func TestWithoutABudgetNoAnswerIsKept(t *testing.T) {
	d := plugin.NewWith(memory(t, map[string]string{"clusters": clusterEvents}), `"resultCacheMiB": 0,`)
	for range 2 {
		if got := tell(t, d, nil, "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z"); got.Cache != "miss" {
			t.Errorf("%+v", got)
		}
	}
}

// Whoever asks first and goes away does not take the answer from who asked the same.
func TestEqualPanelsAtOnceScanOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var scans atomic.Int32
		answer := make(chan struct{})
		d := plugin.NewOver(scanning{memory(t, map[string]string{"clusters": clusterEvents}), func(ctx context.Context) error {
			scans.Add(1)
			select {
			case <-answer:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
		plan := planOf(t, "aggregate count() as n\n  scan clusters")
		first, leave := context.WithCancel(t.Context())
		how := make([]string, 3)
		errs := make([]error, 3)
		var panels sync.WaitGroup
		for i, ctx := range []context.Context{first, t.Context(), t.Context()} {
			panels.Go(func() { _, how[i], errs[i] = d.RunPlan(ctx, nil, plan) })
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		close(answer)
		panels.Wait()
		if !errors.Is(errs[0], context.Canceled) || errors.Join(errs[1:]...) != nil || how[1] != "shared" || how[2] != "shared" || scans.Load() != 1 {
			t.Errorf("%d scans, %q, %v", scans.Load(), how, errs)
		}
		d.Dispose()
	})
}
