package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/plugin"
)

const exploredEvents = `
date_time timestamp  | date date  | fileId long | lineNumber long | ingestedAt timestamp | serviceName string | actionName string | actor string | workspaceId long   | outcome string | response.statusCode long | requestParams map<string,string>
2019-12-27T10:00:00Z | 2019-12-27 | 7           | 1               | 2019-12-28T00:00:00Z | clusters           | create            | ann@x        | 9007199254740993 | succeeded      | 200                      | {cluster_name: etl}
2019-12-27T10:00:00Z | 2019-12-27 | 7           | 2               | 2019-12-28T00:00:00Z | accounts           | login             | bob@x        | 0                | denied         | 401                      | {}
2019-12-28T10:00:00Z | 2019-12-28 | 8           | 1               | 2019-12-29T00:00:00Z | jobs               | runNow            | bob@x        | 0                | error          | 500                      | null`

// answerOf is the answer to one query.
func answerOf(t *testing.T, d *plugin.Datasource, fields map[string]any) backend.DataResponse {
	t.Helper()
	return ask(t, d, nil, model("A", fields))["A"]
}

func custom(t *testing.T, f *data.Frame) string {
	t.Helper()
	raw, err := json.Marshal(f.Meta.Custom)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEventsAreLogLines(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"silver": exploredEvents}))
	got := answerOf(t, d, map[string]any{"queryType": "events", "limit": 2, "search": `bob@X "b"`})
	if got.Error != nil {
		t.Fatal(got.Error)
	}
	want := `log-lines 0.0 logs
  timestamp time.Time: 2019-12-28T10:00:00Z 2019-12-27T10:00:00Z
  body string: jobs.runNow bob@x error(500) accounts.login bob@x denied(401)
  severity string: error warning
  id string: 1577527200000000-8-1-0-1577577600000000 1577440800000000-7-2-0-1577491200000000
  labels json.RawMessage: {"actionName":"runNow","actor":"bob@x","fileId":"8","lineNumber":"1","outcome":"error","response.statusCode":"500","serviceName":"jobs","workspaceId":"0"} {"actionName":"login","actor":"bob@x","fileId":"7","lineNumber":"2","outcome":"denied","response.statusCode":"401","serviceName":"accounts","workspaceId":"0"}
`
	if diff := cmp.Diff(want, picture(got.Frames)); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	checkWire(t, got.Frames)
	if text := custom(t, got.Frames[0]); !strings.Contains(text, `"limit":2,"searchWords":["(?i)bob@X","(?i)b"]`) || !strings.Contains(text, `"alertable":false`) {
		t.Errorf("custom %s", text)
	}
	if meta := got.Frames[0].Meta; !strings.Contains(meta.ExecutedQueryString, "search('bob@X'") || len(meta.Stats) == 0 {
		t.Errorf("meta %+v", meta)
	}
}

// bodies are the lines of an answer.
func bodies(t *testing.T, got backend.DataResponse) (out []string) {
	t.Helper()
	if got.Error != nil {
		t.Fatal(got.Error)
	}
	body, at := got.Frames[0].FieldByName("body")
	if at < 0 {
		t.Fatalf("no body in %s", picture(got.Frames))
	}
	for i := range body.Len() {
		out = append(out, body.At(i).(string))
	}
	return out
}

func TestWhichEventsThereAre(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"silver": exploredEvents, "clusters": exploredEvents}))
	const ann, login, run = "clusters.create ann@x succeeded cluster_name=etl", "accounts.login bob@x denied(401)", "jobs.runNow bob@x error(500)"
	for name, tt := range map[string]struct {
		query map[string]any
		want  []string
	}{
		"all, the newest first":     {map[string]any{}, []string{run, login, ann}},
		"the oldest first":          {map[string]any{"direction": "forward"}, []string{ann, login, run}},
		"of another table":          {map[string]any{"table": "clusters", "limit": 1}, []string{run}},
		"with a filter":             {map[string]any{"filters": []any{filter("actor", "=", "bob@x")}}, []string{run, login}},
		"with the dashboard's, too": {map[string]any{"filters": []any{filter("actor", "=", "bob@x")}, "adhocFilters": []any{filter("serviceName", "!=", "jobs")}}, []string{login}},
		"with a label that is long": {map[string]any{"filters": []any{filter("workspaceId", "=", "9007199254740993")}}, []string{ann}},
		"after one":                 {map[string]any{"after": "1577440800000000-7-1-0-1577491200000000", "direction": "forward"}, []string{login, run}},
		"before one":                {map[string]any{"before": "1577440800000000-7-2-0-1577491200000000"}, []string{ann}},
		"none":                      {map[string]any{"search": "carl"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tt.query["queryType"] = "events"
			if diff := cmp.Diff(tt.want, bodies(t, answerOf(t, d, tt.query))); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVolumeIsSeries(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"silver": exploredEvents}))
	q := model("A", map[string]any{"queryType": "volume", "filters": []any{filter("actor", "=", "bob@x")}})
	q.Interval = 12 * time.Hour
	for _, headers := range []map[string]string{nil, {backend.FromAlertHeaderName: "true"}} {
		got := ask(t, d, headers, q)["A"]
		if got.Error != nil {
			t.Fatal(got.Error)
		}
		want := `timeseries-multi 0.1 graph
  Time time.Time: 2019-12-27T00:00:00Z 2019-12-27T12:00:00Z 2019-12-28T00:00:00Z 2019-12-28T12:00:00Z
  Value int64 {level=error} as error: 0 0 1 0
timeseries-multi 0.1 graph
  Time time.Time: 2019-12-27T00:00:00Z 2019-12-27T12:00:00Z 2019-12-28T00:00:00Z 2019-12-28T12:00:00Z
  Value int64 {level=warning} as warning: 1 0 0 0
`
		if diff := cmp.Diff(want, picture(got.Frames)); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		checkWire(t, got.Frames)
		for _, f := range got.Frames {
			want := fmt.Sprintf(`"logsVolumeType":"FullRange","absoluteRange":{"from":%d,"to":%d}`, bothDays.From.UnixMilli(), bothDays.To.UnixMilli())
			if text := custom(t, f); !strings.Contains(text, want) || !strings.Contains(text, `"alertable":true`) {
				t.Errorf("custom %s", text)
			}
			if f.Fields[0].Config.Interval != 12*60*60*1000 {
				t.Errorf("interval %v", f.Fields[0].Config.Interval)
			}
		}
	}
	none := answerOf(t, d, map[string]any{"queryType": "volume", "search": "carl"})
	if diff := cmp.Diff("timeseries-multi 0.1 graph\n", picture(none.Frames)); diff != "" || none.Error != nil {
		t.Errorf("of nothing (-want +got), %v:\n%s", none.Error, diff)
	}
}

func TestEventsThatCannotBeAsked(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"silver": exploredEvents}))
	alert := map[string]string{backend.FromAlertHeaderName: "true"}
	for name, tt := range map[string]struct {
		headers map[string]string
		query   map[string]any
		want    string
	}{
		"for a rule":                 {alert, map[string]any{"queryType": "events"}, "An alert rule cannot use this query: no numbers for an alert rule: events are lines; rules can be set on their number, a query of the type volume"},
		"a line for a rule":          {alert, map[string]any{"queryType": "line", "fileId": "7", "lineNumber": 1}, "delivered lines are no numbers"},
		"of lines":                   {nil, map[string]any{"queryType": "events", "table": "bronze"}, "table bronze does not have events"},
		"too many":                   {nil, map[string]any{"queryType": "events", "limit": 5001}, "the limit is a whole number from 1 to 5000, not 5001"},
		"none":                       {nil, map[string]any{"queryType": "events", "limit": 0}, "not 0"},
		"an order there is not":      {nil, map[string]any{"queryType": "events", "direction": "up"}, "there are backward and forward"},
		"after what is no id":        {nil, map[string]any{"queryType": "events", "after": "7"}, `"7" is not the id of an event`},
		"a column that there is not": {nil, map[string]any{"queryType": "volume", "filters": []any{filter("emial", "=", "x")}}, "did you mean email"},
		"too many words":             {nil, map[string]any{"queryType": "volume", "search": "a b c d e f g h i j k l m n o p q r s t u"}, "at most 20 words, not 21"},
		"a line without a number":    {nil, map[string]any{"queryType": "line", "fileId": "7"}, `lineNumber is a whole number from 1, not ""`},
		"a line that is not there":   {nil, map[string]any{"queryType": "line", "fileId": "7", "lineNumber": 99}, "Not found: no such line"},
	} {
		got := ask(t, d, tt.headers, model("A", tt.query))["A"]
		if got.Error == nil || !strings.Contains(got.Error.Error(), tt.want) || got.Status == backend.StatusInternal {
			t.Errorf("%s: %d %v does not say %q", name, got.Status, got.Error, tt.want)
		}
	}
}

// TestTheEndOfTheRange: its last millisecond is in it, but not for a rule.
func TestTheEndOfTheRange(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"silver": exploredEvents}))
	q := model("A", map[string]any{"queryType": "events"})
	q.TimeRange.To = time.Date(2019, 12, 28, 10, 0, 0, 0, time.UTC) // of the last event
	if got := bodies(t, ask(t, d, nil, q)["A"]); len(got) != 3 {
		t.Errorf("lines up to the last: %q", got)
	}
	q.JSON = []byte(`{"queryType":"volume"}`)
	for alert, want := range map[string]int{"": 3, "true": 2} {
		if got := ask(t, d, map[string]string{backend.FromAlertHeaderName: alert}, q)["A"]; len(got.Frames) != want {
			t.Errorf("severities for a rule (%q): %s", alert, picture(got.Frames))
		}
	}
}

// TestPiecesTakeNoLongerThanAQueryMay: the limit is for all of them together.
func TestPiecesTakeNoLongerThanAQueryMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var scans int
		d := plugin.NewWith(scanning{memory(t, map[string]string{"silver": exploredEvents}), func(ctx context.Context) error {
			scans++
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(4 * time.Second):
				return nil
			}
		}}, `"queryTimeout": "10s",`)
		began := time.Now()
		got := answerOf(t, d, map[string]any{"queryType": "events", "search": "nobody"})
		if took := time.Since(began); took != 10*time.Second || scans != 3 {
			t.Errorf("%d pieces took %s", scans, took)
		}
		if got.Status != backend.StatusTimeout || !strings.Contains(got.Error.Error(), "longer than the data source allows") {
			t.Errorf("%d %v", got.Status, got.Error)
		}
	})
}

// TestTheLimitOfRowsBoundsLines: the data source's is not exceeded, and is no error.
func TestTheLimitOfRowsBoundsLines(t *testing.T) {
	d := plugin.NewWith(memory(t, map[string]string{"silver": exploredEvents}), `"maxRows": 2,`)
	if got := bodies(t, answerOf(t, d, map[string]any{"queryType": "events"})); len(got) != 2 {
		t.Errorf("%d lines", len(got))
	}
}
