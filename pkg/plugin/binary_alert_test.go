package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/dataplane"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// What alert rules get, through the real binary.

// truthCase is a question to a query and its rows, as the truth has them.
type truthCase struct {
	Params   map[string]string
	From, To string
	Rows     []map[string]any
}

// storied is a lake in which every query finds something, and the truth about it.
type storied struct {
	folder string
	truth  map[string][]truthCase // by query
}

// theStories is made by the first test that needs it.
var theStories = sync.OnceValues(tellStories)

func tellStories() (*storied, error) {
	ctx := context.Background()
	source, out := store.NewMemory("delivery"), &storied{folder: filepath.Join(worldDir, "stories")}
	truth, err := generate.Write(ctx, generate.Config{
		Seed: 4, Start: time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC), Days: 30, EventsPerDay: 400, Scenario: generate.Detections,
	}, time.Time{}, func(key string, body []byte) error {
		_, err := source.Put(ctx, key, slices.Clone(body))
		return err
	})
	if err != nil {
		return nil, err
	}
	root, err := store.OpenLocal(out.folder)
	if err != nil {
		return nil, err
	}
	r, err := etl.NewRunner(lake.New(root, lake.Options{}), etl.Options{Sources: []etl.Source{etl.SourceOf(source)}})
	if err != nil {
		return nil, err
	}
	if _, err := r.Run(ctx); err != nil {
		return nil, err
	}
	var cases struct{ Queries map[string][]truthCase }
	err = json.Unmarshal(truth.JSON(), &cases)
	out.truth = cases.Queries
	return out, err
}

// planted is a plugin over that lake, which hides nothing.
func planted(t *testing.T) (*started, map[string][]truthCase) {
	t.Helper()
	w := theRealThing(t)
	s, err := theStories()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, w, allowed, settings(t, map[string]any{"lake": s.folder, "schedule": "off", "redactCommandText": false})), s.truth
}

// byLabels are the numbers of a rule by the text of their labels.
type byLabels map[string]float64

// wanted is what a rule on the query has to get, from the rows of the query: the
// greatest value, or the number of rows, for each combination of labels.
func wanted(q *named.Query, rows []map[string]any) byLabels {
	out := byLabels{}
	for _, row := range rows {
		labels := data.Labels{}
		for _, l := range q.Alert.Labels {
			text, _ := row[l].(string)
			labels[l] = text
		}
		key := labels.String()
		if q.Alert.Value == "" {
			out[key]++
			continue
		}
		if v, ok := row[q.Alert.Value].(float64); ok {
			if before, ok := out[key]; !ok || v > before {
				out[key] = v
			}
		}
	}
	return out
}

// got is what the frames say.
func got(t *testing.T, frames data.Frames) byLabels {
	t.Helper()
	out := byLabels{}
	for _, f := range frames {
		for i := range f.Rows() {
			labels, number := data.Labels{}, math.NaN()
			for _, field := range f.Fields {
				switch v := value(field, i).(type) {
				case string:
					if !field.Type().Time() {
						labels[field.Name] = v
					}
				case float64:
					number = v
				}
			}
			out[labels.String()] = number
		}
	}
	return out
}

func ruleQuery(refID, name string, params map[string]string, from, to string, more map[string]any) backend.DataQuery {
	fields := map[string]any{"queryType": "named", "named": name, "params": params}
	maps.Copy(fields, more)
	q := model(refID, fields)
	q.TimeRange = backend.TimeRange{From: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	for text, at := range map[string]*time.Time{from: &q.TimeRange.From, to: &q.TimeRange.To} {
		if parsed, err := time.Parse(time.RFC3339, text); err == nil {
			*at = parsed
		}
	}
	return q
}

// cut says that a limit has left rows out of the truth, all of which a rule sees.
func cut(q *named.Query, c truthCase) bool {
	return slices.ContainsFunc(q.Params, func(p named.Param) bool {
		limit := c.Params[p.Name]
		if limit == "" {
			limit = p.Default
		}
		return p.Name == "limit" && fmt.Sprint(len(c.Rows)) == limit
	})
}

// TestEveryRuleGetsTheTruth: each query that a rule can be set on gives it labels and
// one number as Grafana's contract has them, in both forms of the wire: those of the
// truth where there is something to find, and 0 or no data where there is nothing.
func TestEveryRuleGetsTheTruth(t *testing.T) {
	h, truth := planted(t)
	for wire, opts := range map[string][]host.Option{"arrow": {host.FromAlert()}, "json": {host.FromAlert(), host.JSONFrames()}} {
		for _, q := range named.All() {
			if !q.Alertable() {
				continue
			}
			t.Run(q.Name+" as "+wire, func(t *testing.T) {
				var queries []backend.DataQuery
				found := 0
				for i, c := range truth[q.Name] {
					queries = append(queries, ruleQuery(fmt.Sprint(i), q.Name, c.Params, c.From, c.To, nil))
				}
				res := h.ask(queries, opts...)
				for i, c := range truth[q.Name] {
					r := res[fmt.Sprint(i)]
					if r.Error != nil {
						t.Fatalf("case %+v: %v", c.Params, r.Error)
					}
					if err := dataplane.CheckForRule(r.Frames); err != nil {
						t.Errorf("case %+v: %v", c.Params, err)
					}
					if cut(q, c) {
						continue
					}
					want := wanted(q, c.Rows)
					found += len(want)
					if len(want) == 0 && !q.Alert.NoData {
						want = byLabels{"": 0}
					}
					if diff := cmp.Diff(want, got(t, r.Frames), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
						t.Errorf("case %+v from %s to %s (-truth +frames):\n%s", c.Params, c.From, c.To, diff)
					}
				}
				if len(truth[q.Name]) == 0 {
					found = asThePanel(t, h, q, opts)
				}
				if found == 0 && !slices.Contains(quiet, q.Name) {
					t.Error("no case has anything to find")
				}
				nothing(t, h, q, opts)
			})
		}
	}
}

// quiet queries find nothing in the stories: the article's day has the spikes, and no
// delivery is overwritten.
var quiet = []string{"cluster_spike", "job_spike", "files_overwritten"}

// asThePanel compares a rule with the panel, where the truth knows nothing.
func asThePanel(t *testing.T, h *started, q *named.Query, opts []host.Option) (found int) {
	t.Helper()
	question := ruleQuery("A", q.Name, nil, "", "", nil)
	panel, rule := h.ask([]backend.DataQuery{question})["A"], h.ask([]backend.DataQuery{question}, opts...)["A"]
	if panel.Error != nil || rule.Error != nil {
		t.Fatal(panel.Error, rule.Error)
	}
	want := wanted(q, rows(t, panel.Frames))
	if found = len(want); found == 0 && !q.Alert.NoData {
		want = byLabels{"": 0}
	}
	if diff := cmp.Diff(want, got(t, rule.Frames), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("-panel +rule:\n%s", diff)
	}
	return found
}

// TestRulesOnTheArticlesDay: the spikes that the stories do not have.
func TestRulesOnTheArticlesDay(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	const from, to = "2019-12-28T00:00:00Z", "2019-12-29T00:00:00Z"
	res := h.ask([]backend.DataQuery{ruleQuery("clusters", "cluster_spike", nil, from, to, nil), ruleQuery("job", "job_spike", nil, from, to, nil)}, host.FromAlert())
	if numbers := got(t, res["clusters"].Frames); !cmp.Equal(byLabels{"": float64(w.truth.Article.Created)}, numbers) {
		t.Errorf("cluster_spike is %v, created were %d", numbers, w.truth.Article.Created)
	}
	if numbers := got(t, res["job"].Frames); len(numbers) != 1 || numbers["jobId="+w.truth.Article.TopJob] < 50 {
		t.Errorf("job_spike is %v, the job is %s", numbers, w.truth.Article.TopJob)
	}
}

// nothing looks at a time before the first event.
func nothing(t *testing.T, h *started, q *named.Query, opts []host.Option) {
	t.Helper()
	const from, to = "1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z"
	res := h.ask([]backend.DataQuery{
		ruleQuery("unsaid", q.Name, nil, from, to, nil),
		ruleQuery("zero", q.Name, nil, from, to, map[string]any{"zero": true}),
		ruleQuery("no data", q.Name, nil, from, to, map[string]any{"zero": false}),
	}, opts...)
	for refID, zero := range map[string]bool{"unsaid": !q.Alert.NoData, "zero": true, "no data": false} {
		r := res[refID]
		if r.Error != nil {
			t.Fatalf("%s: %v", refID, r.Error)
		}
		if err := dataplane.CheckForRule(r.Frames); err != nil {
			t.Errorf("%s: %v", refID, err)
		}
		want := byLabels{}
		if zero {
			want[""] = 0
		}
		if numbers := got(t, r.Frames); !cmp.Equal(want, numbers) && !(refID == "no data" && cmp.Equal(byLabels{"": 0}, numbers) && q.Visualization == "stat") {
			t.Errorf("%s: nothing is %v", refID, numbers)
		}
	}
}

// TestRulesOnTimeSeries: what is shown as a series is one for a rule that asks for it,
// with a number in every bucket of the time range.
func TestRulesOnTimeSeries(t *testing.T) {
	h, truth := planted(t)
	const from, to = "2024-01-30T06:00:00Z", "2024-03-05T00:00:00Z"
	days := 35 // from the day of from, to the day before to
	asked := 0
	for _, q := range named.All() {
		if !q.Alertable() {
			continue
		}
		res := h.ask([]backend.DataQuery{
			ruleQuery("A", q.Name, nil, from, to, map[string]any{"format": "time_series"}),
			ruleQuery("gaps", q.Name, nil, from, to, map[string]any{"format": "time_series", "zero": false}),
		}, host.FromAlert())
		if q.Visualization != "timeseries" {
			if r := res["A"]; r.Status != backend.StatusBadRequest || !strings.Contains(r.Error.Error(), "leave format away") {
				t.Errorf("%s: %d %v", q.Name, r.Status, r.Error)
			}
			continue
		}
		asked++
		var want []truthCase
		for _, c := range truth[q.Name] {
			if c.From == "" && c.To == "" {
				want = append(want, c)
			}
		}
		if len(want) == 0 && !slices.Contains([]string{"files_overwritten", "ingest_lag"}, q.Name) {
			t.Errorf("%s: the truth has no case over all days", q.Name)
		}
		for refID, r := range res {
			if r.Error != nil {
				t.Errorf("%s, %s: %v", q.Name, refID, r.Error)
				continue
			}
			if err := dataplane.CheckForRule(r.Frames); err != nil {
				t.Errorf("%s, %s: %v", q.Name, refID, err)
			}
			for _, f := range r.Frames {
				if full := refID == "A" && !q.Alert.NoData; full != (f.Rows() == days) && q.Name != "files_overwritten" {
					t.Errorf("%s, %s: a series has %d numbers", q.Name, refID, f.Rows())
				}
			}
			if len(want) > 0 {
				seriesAgree(t, q, want[0].Rows, r.Frames)
			}
		}
	}
	if asked < 6 {
		t.Errorf("only %d queries are time series", asked)
	}
}

// seriesAgree compares the numbers that are not 0 with the rows of the truth.
func seriesAgree(t *testing.T, q *named.Query, rows []map[string]any, frames data.Frames) {
	t.Helper()
	want, have := map[string]float64{}, map[string]float64{}
	for _, row := range rows {
		key := fmt.Sprint(row[q.Columns[0]])[:10]
		for _, l := range q.Alert.Labels {
			key += fmt.Sprintf(" %v", row[l])
		}
		if v, ok := row[q.Alert.Value].(float64); ok && v != 0 {
			want[key] = v
		}
	}
	for _, f := range frames {
		for i := range f.Rows() {
			key := fmt.Sprint(value(f.Fields[0], i))[:10]
			for _, l := range q.Alert.Labels {
				key += " " + f.Fields[1].Labels[l]
			}
			if v, ok := value(f.Fields[1], i).(float64); ok && v != 0 {
				have[key] = v
			}
		}
	}
	if diff := cmp.Diff(want, have, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("%s (-truth +frames):\n%s", q.Name, diff)
	}
}
