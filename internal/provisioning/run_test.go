package provisioning_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/provisioning"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// The article's month, and the evening of its storm.
var (
	firstDay = time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC)
	evening  = time.Date(2019, 12, 28, 23, 59, 0, 0, time.UTC)
	logsEnd  = time.Date(2019, 12, 31, 0, 0, 0, 0, time.UTC)
)

// newShell is a plugin that has nothing under way when the test ends.
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

// articleLake is a data source on a lake of the article's month.
func articleLake(t *testing.T) *plugin.Datasource {
	t.Helper()
	return dataSource(t, generate.Config{Seed: 1, Start: firstDay, Days: 30, EventsPerDay: 1_000, Scenario: generate.Article})
}

// dataSource is one on a lake of these logs. They are read twice, a week before
// the end and then, so that files are overwritten that were read.
func dataSource(t *testing.T, cfg generate.Config) *plugin.Datasource {
	t.Helper()
	logs, dir := store.NewMemory("logs"), t.TempDir()
	root, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	end := cfg.Start.AddDate(0, 0, cfg.Days)
	for _, until := range []time.Time{end.AddDate(0, 0, -7), {}} {
		_, err := generate.Write(t.Context(), cfg, until, func(key string, body []byte) error {
			_, err := logs.Put(t.Context(), key, slices.Clone(body))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		tables := lake.New(root, lake.Options{Now: func() time.Time { return end.Add(-time.Hour) }})
		runner, err := etl.NewRunner(tables, etl.Options{Sources: []etl.Source{etl.SourceOf(logs)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := runner.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := json.Marshal(map[string]any{"lake": dir})
	if err != nil {
		t.Fatal(err)
	}
	d := newShell(t, plugin.Admin{AllowLocalFolders: true}).New(t.Context(), backend.DataSourceInstanceSettings{UID: "auditlake", JSONData: settings})
	t.Cleanup(d.Dispose)
	return d
}

// asker is who asks, and how.
type asker struct {
	user    *backend.User // nil for an alert rule
	headers map[string]string
}

// ask sends one query as it is provisioned.
func ask(t *testing.T, d *plugin.Datasource, q provisioning.Target, r query.TimeRange, by asker) data.Frames {
	t.Helper()
	model, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: backend.PluginContext{User: by.user}, Headers: by.headers, Queries: []backend.DataQuery{{
		RefID: q.RefID, QueryType: q.QueryType, TimeRange: backend.TimeRange{From: r.From, To: r.To}, JSON: model,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	answer := res.Responses[q.RefID]
	if answer.Error != nil {
		t.Fatalf("%s%s: %v", q.Named, q.SQL, answer.Error)
	}
	return answer.Frames
}

func rows(frames data.Frames) (n int) {
	for _, f := range frames {
		n += f.Rows()
	}
	return n
}

func TestQueriesOnGeneratedLogs(t *testing.T) {
	d := articleLake(t)
	t.Run("dashboards", func(t *testing.T) { dashboardsShow(t, d) })
	t.Run("rules fire when the story says so", func(t *testing.T) { rulesFire(t, d) })
	t.Run("rules of the catalog can be evaluated", func(t *testing.T) { catalogRulesRun(t, d) })
}

// values are the numbers of frames by their labels, as Grafana's expressions see
// typed frames.
func values(t *testing.T, frames data.Frames) provisioning.Values {
	t.Helper()
	out := provisioning.Values{}
	for _, f := range frames {
		for _, number := range f.Fields {
			if !number.Type().Numeric() {
				continue
			}
			for i := range number.Len() {
				v, err := number.NullableFloatAt(i)
				if err != nil {
					t.Fatal(err)
				}
				if v == nil {
					continue
				}
				labels := labelsAt(f, number, i)
				out[labels] = append(out[labels], *v)
			}
		}
	}
	return out
}

func labelsAt(f *data.Frame, number *data.Field, row int) string {
	if f.Meta.Type.IsTimeSeries() {
		return number.Labels.String()
	}
	labels := data.Labels{}
	for _, field := range f.Fields {
		if text, ok := field.ConcreteAt(row); ok {
			if text, ok := text.(string); ok {
				labels[field.Name] = text
			}
		}
	}
	return labels.String()
}

// evaluate asks a rule's queries as Grafana's alerting does, at a moment.
func evaluate(t *testing.T, d *plugin.Datasource, rule provisioning.Rule, now time.Time) provisioning.Verdict {
	t.Helper()
	answers := map[string]provisioning.Values{}
	for _, step := range rule.Data {
		if step.Query == nil {
			continue
		}
		frames := ask(t, d, *step.Query, step.Range(now), asker{headers: map[string]string{backend.FromAlertHeaderName: "true"}})
		if !frames[0].Meta.Type.IsTimeSeries() && !frames[0].Meta.Type.IsNumeric() {
			t.Fatalf("%s: %s gives a rule %s", rule.Title, step.RefID, frames[0].Meta.Type)
		}
		answers[step.RefID] = values(t, frames)
	}
	verdict, err := rule.Evaluate(answers)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s at %s: %v, from %v", rule.Title, now.Format(time.DateTime), verdict, answers)
	return verdict
}

func rulesFire(t *testing.T, d *plugin.Datasource) {
	rules := map[string]provisioning.Rule{}
	for _, g := range shipped(t).Groups {
		if strings.HasPrefix(g.Name, provisioning.CatalogGroup) {
			continue
		}
		for _, r := range g.Rules {
			rules[r.UID] = r
		}
	}
	tested := map[string]bool{}
	for _, tc := range []struct {
		uid, when string
		now       time.Time
		fires     bool
	}{
		{"auditlake-cluster-spike", "on the evening of the storm", evening, true},
		{"auditlake-cluster-spike", "a week earlier", evening.AddDate(0, 0, -7), false},
		{"auditlake-stale", "when the logs end", logsEnd, false},
		{"auditlake-stale", "three hours after the logs end", logsEnd.Add(3 * time.Hour), true},
		{"auditlake-stale", "a month after the logs end", logsEnd.AddDate(0, 1, 0), true},
		{"auditlake-no-autotermination", "on the evening of the storm", evening, true},
		{"auditlake-no-autotermination", "a month after the logs end", logsEnd.AddDate(0, 1, 0), false},
		{"auditlake-failed-logins", "a month after the logs end", logsEnd.AddDate(0, 1, 0), false},
	} {
		t.Run(tc.uid+" "+tc.when, func(t *testing.T) {
			rule, ok := rules[tc.uid]
			if !ok {
				t.Fatal("there is no such rule")
			}
			if v := evaluate(t, d, rule, tc.now); rule.Fires(v) != tc.fires {
				t.Errorf("fires: %v, want %v (%+v)", rule.Fires(v), tc.fires, v)
			}
		})
		tested[tc.uid] = true
	}
	for uid := range rules {
		if !tested[uid] {
			t.Errorf("no case about rule %s", uid)
		}
	}
	t.Run("auditlake-failed-logins while somebody guesses a password", func(t *testing.T) {
		rule := rules["auditlake-failed-logins"]
		for now := firstDay; now.Before(logsEnd); now = now.Add(time.Hour) {
			if v := evaluate(t, d, rule, now); len(v.Firing) > 0 {
				if !strings.HasPrefix(v.Firing[0], "user=") {
					t.Errorf("the alert says who by %q", v.Firing[0])
				}
				return
			}
		}
		t.Error("it never fires, and the logs have bursts of failed logins")
	})
}

// catalogRulesRun: each finds something or nothing, on the evening of the storm and
// long after; that is never no data, unless the query says so. Those that are not
// paused are quiet on what is usual.
func catalogRulesRun(t *testing.T, d *plugin.Datasource) {
	firing := map[string]bool{}
	for _, g := range shipped(t).Groups {
		if !strings.HasPrefix(g.Name, provisioning.CatalogGroup) {
			continue
		}
		for _, r := range g.Rules {
			q, err := named.Lookup(r.Data[0].Query.Named)
			if err != nil {
				t.Fatal(err)
			}
			firing[q.Name] = len(evaluate(t, d, r, evening).Firing) > 0
			if v := evaluate(t, d, r, logsEnd.AddDate(1, 0, 0)); v.NoData != q.Alert.NoData && q.Name != "freshness_by_workspace" {
				t.Errorf("%s: a year later it has no data: %v", q.Name, v.NoData)
			}
		}
	}
	for name, fires := range map[string]bool{"job_spike": true, "clusters_by_creator": true, "admin_changes": false, "verbose_audit_disabled": false, "events_per_day": false} {
		if firing[name] != fires {
			t.Errorf("on the evening of the storm %s fires: %v", name, firing[name])
		}
	}
}

func TestExpressionsWorkAsGrafanas(t *testing.T) {
	threshold := func(kind string, limit float64) *provisioning.Expression {
		e := &provisioning.Expression{Type: "threshold", Expression: "B"}
		if err := json.Unmarshal([]byte(fmt.Sprintf(`[{"Evaluator":{"Type":%q,"Params":[%v]}}]`, kind, limit)), &e.Conditions); err != nil {
			t.Fatal(err)
		}
		return e
	}
	rule := func(reducer, kind string, limit float64) provisioning.Rule {
		return provisioning.Rule{Title: "r", Condition: "C", NoDataState: "OK", Data: []provisioning.Step{
			{RefID: "A"},
			{RefID: "B", Expression: &provisioning.Expression{Type: "reduce", Expression: "A", Reducer: reducer}},
			{RefID: "C", Expression: threshold(kind, limit)},
		}}
	}
	series := provisioning.Values{"x=1": {3, 1, 2}, "x=2": {9}, "x=3": nil}
	for name, tc := range map[string]struct {
		rule provisioning.Rule
		want []string
	}{
		"last over":           {rule("last", "gt", 1), []string{"x=1", "x=2"}},
		"at the limit":        {rule("last", "gt", 2), []string{"x=2"}},
		"largest over":        {rule("max", "gt", 2), []string{"x=1", "x=2"}},
		"smallest under":      {rule("min", "lt", 2), []string{"x=1"}},
		"all together over":   {rule("sum", "gt", 5), []string{"x=1", "x=2"}},
		"nothing of the kind": {rule("sum", "gt", 50), nil},
	} {
		got, err := tc.rule.Evaluate(map[string]provisioning.Values{"A": series})
		if diff := cmp.Diff(provisioning.Verdict{Firing: tc.want}, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	empty, err := rule("last", "gt", 1).Evaluate(map[string]provisioning.Values{"A": {}})
	if err != nil || !empty.NoData {
		t.Errorf("no data: %+v, %v", empty, err)
	}
	for state, want := range map[string]bool{"OK": false, "Alerting": true, "NoData": false} {
		if got := (provisioning.Rule{NoDataState: state}).Fires(empty); got != want {
			t.Errorf("without data and with %s it fires: %v", state, got)
		}
	}
	unreduced := rule("last", "gt", 1)
	unreduced.Data[2].Expression.Expression = "A"
	if _, err := unreduced.Evaluate(map[string]provisioning.Values{"A": series}); err == nil || !strings.Contains(err.Error(), "reduce it first") {
		t.Errorf("a threshold over a series: %v", err)
	}
	if _, err := rule("last", "gt", 1).Evaluate(nil); err == nil || !strings.Contains(err.Error(), "query A has no answer") {
		t.Errorf("a query that was not asked: %v", err)
	}
}
