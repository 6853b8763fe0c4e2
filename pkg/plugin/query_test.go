package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/dataplane"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// memory is a lake with the given tables; bronze is there too.
func memory(t *testing.T, tables map[string]string) *querytest.Lake {
	t.Helper()
	lake := &querytest.Lake{}
	tables["bronze"] = "raw string\n{}"
	for name, text := range tables {
		batch, err := querytest.ParseTable(text)
		if err != nil {
			t.Fatal(err)
		}
		lake.Add(name, batch)
	}
	return lake
}

const clusterEvents = `
actionName string | date date  | date_time timestamp  | creator string | jobId string | isInteractive boolean | autoterminationMinutes long | clusterId string | workspaceId long
create            | 2019-12-27 | 2019-12-27T10:00:00Z | JOB_LAUNCHER   | 31303        | false                 | 0                           | c1               | 9007199254740993
create            | 2019-12-28 | 2019-12-28T10:00:00Z | JOB_LAUNCHER   | 31303        | false                 | 0                           | c2               | 9007199254740993
create            | 2019-12-28 | 2019-12-28T11:00:00Z | user           | null         | true                  | 0                           | c3               | 9007199254740993
delete            | 2019-12-28 | 2019-12-28T12:00:00Z | user           | null         | true                  | 0                           | c3               | 9007199254740993`

const accountEvents = `
actionName string | date date  | date_time timestamp  | actor string | response.statusCode long
login             | 2019-12-27 | 2019-12-27T10:00:00Z | ada@x        | 200
tokenLogin        | 2019-12-28 | 2019-12-28T10:00:00Z | ada@x        | 401
login             | 2019-12-28 | 2019-12-28T10:00:00Z | bob@x        | 403`

const quarantined = `
reason string | date date
no timestamp  | 2019-12-28`

var bothDays = backend.TimeRange{
	From: time.Date(2019, 12, 27, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2019, 12, 29, 0, 0, 0, 0, time.UTC),
}

func namedQuery(refID, name string, params map[string]string) backend.DataQuery {
	model, err := json.Marshal(map[string]any{"queryType": "named", "named": name, "params": params})
	if err != nil {
		panic(err)
	}
	return backend.DataQuery{RefID: refID, TimeRange: bothDays, JSON: model}
}

func ask(t *testing.T, d *plugin.Datasource, headers map[string]string, queries ...backend.DataQuery) backend.Responses {
	t.Helper()
	res, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Queries: queries, Headers: headers})
	if err != nil {
		t.Fatal(err)
	}
	return res.Responses
}

// picture is frames as text: type, then one line a field with its values.
func picture(frames data.Frames) string {
	var out strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&out, "%s %s %s\n", f.Meta.Type, f.Meta.TypeVersion, f.Meta.PreferredVisualization)
		for _, field := range f.Fields {
			fmt.Fprintf(&out, "  %s %s", field.Name, field.Type().ItemTypeString())
			if field.Labels != nil {
				fmt.Fprintf(&out, " {%s} as %s", field.Labels, field.Config.DisplayNameFromDS)
			}
			out.WriteString(":")
			for i := range field.Len() {
				value, ok := field.ConcreteAt(i)
				switch v := value.(type) {
				case time.Time:
					value = v.Format(time.RFC3339)
				case json.RawMessage:
					value = string(v)
				}
				if !ok {
					value = "null"
				}
				fmt.Fprintf(&out, " %v", value)
			}
			out.WriteString("\n")
		}
	}
	return out.String()
}

func TestFramesOfEachShape(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents, "accounts": accountEvents, "ssh": accountEvents}))
	for name, want := range map[string]string{
		"clusters_created_per_day": `
timeseries-multi 0.1 graph
  date time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z
  num_clusters *int64: 1 2
`,
		"clusters_by_creator": `
numeric-long 0.1 table
  creator *string: JOB_LAUNCHER user
  num_clusters *int64: 2 1
`,
		"clusters_by_job": `
numeric-long 0.1 table
  jobId *string: 31303
  num_clusters *int64: 2
`,
		"clusters_without_autotermination": `
table 0.1 table
  time *time.Time: 2019-12-28T11:00:00Z
  email *string: null
  clusterName *string: null
  clusterId *string: c3
  workspaceId *string: 9007199254740993
`,
		"logins_by_method": `
timeseries-multi 0.1 graph
  date time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z
  num_logins *int64 {method=login} as login: 1 1
timeseries-multi 0.1 graph
  date time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z
  num_logins *int64 {method=ssh.login} as ssh.login: 1 1
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z
  num_logins *int64 {method=tokenLogin} as tokenLogin: 1
`,
		"failed_logins_by_user": `
numeric-long 0.1 table
  user *string: bob@x ada@x
  num_failed *int64: 2 1
  last *time.Time: 2019-12-28T10:00:00Z 2019-12-28T10:00:00Z
`,
	} {
		t.Run(name, func(t *testing.T) {
			res := ask(t, d, nil, namedQuery("A", name, nil))["A"]
			if res.Error != nil {
				t.Fatal(res.Error)
			}
			if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), picture(res.Frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			checkWire(t, res.Frames)
		})
	}
}

// checkWire sends frames through both formats.
func checkWire(t *testing.T, frames data.Frames) {
	t.Helper()
	if err := dataplane.Check(frames); err != nil {
		t.Error(err)
	}
	for _, f := range frames {
		arrow, err := f.MarshalArrow()
		if err != nil {
			t.Fatal(err)
		}
		fromArrow, err := data.UnmarshalArrowFrame(arrow)
		if err != nil {
			t.Fatal(err)
		}
		text, err := f.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var fromJSON data.Frame
		if err := json.Unmarshal(text, &fromJSON); err != nil {
			t.Fatal(err)
		}
		for _, got := range []*data.Frame{fromArrow, &fromJSON} {
			if diff := cmp.Diff(picture(data.Frames{f}), picture(data.Frames{got})); diff != "" {
				t.Errorf("sent and received (-want +got):\n%s", diff)
			}
		}
	}
}

func TestEveryQueryOfTheCatalogHasTheShapeItPromises(t *testing.T) {
	for tables, lake := range map[string]map[string]string{
		"rows": {
			"clusters": clusterEvents, "accounts": accountEvents, "ssh": accountEvents,
			"silver": accountEvents, "quarantine": quarantined,
		},
		"no tables": {},
	} {
		d := plugin.NewOver(memory(t, lake))
		for _, n := range named.All() {
			t.Run(n.Name+" over "+tables, func(t *testing.T) {
				params := map[string]string{}
				for _, p := range n.Params {
					if p.Required {
						params[p.Name] = "31303"
					}
				}
				res := ask(t, d, nil, namedQuery("A", n.Name, params))["A"]
				if res.Error != nil {
					t.Fatal(res.Error)
				}
				meta := res.Frames[0].Meta
				if n.Alertable() {
					res := ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"}, namedQuery("A", n.Name, params))["A"]
					if res.Error != nil || res.Frames[0].Meta.Type == data.FrameTypeTable {
						t.Errorf("a rule gets %s, error %v", res.Frames[0].Meta.Type, res.Error)
					}
				}
				if (n.Visualization == "timeseries") != meta.Type.IsTimeSeries() {
					t.Errorf("visualization is %s and the frame is %s", n.Visualization, meta.Type)
				}
				if meta.ExecutedQueryString == "" || len(meta.Stats) == 0 {
					t.Errorf("meta %+v", meta)
				}
				// "No data" of the contract is a typed frame without fields; a count of
				// nothing is data.
				counts := n.Visualization == "stat" && n.Name != "data_freshness" || n.Name == "layer_counts"
				if fields := len(res.Frames[0].Fields); tables == "no tables" && (fields > 0) != (meta.Type == data.FrameTypeTable || counts) {
					t.Errorf("%s without data has %d fields", meta.Type, fields)
				}
				if lacking := slices.ContainsFunc(n.Tables, func(table string) bool { return lake[table] == "" }); (len(meta.Notices) > 0) != lacking {
					t.Errorf("notices %v", meta.Notices)
				}
				checkWire(t, res.Frames)
			})
		}
	}
}

func TestTheRangeEndsBeforeTo(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents}))
	q := namedQuery("A", "clusters_by_creator", nil)
	q.TimeRange.From = time.Date(2019, 12, 28, 10, 0, 0, 0, time.UTC)
	q.TimeRange.To = time.Date(2019, 12, 28, 11, 0, 0, 0, time.UTC)
	got := picture(ask(t, d, nil, q)["A"].Frames)
	want := "numeric-long 0.1 table\n  creator *string: JOB_LAUNCHER\n  num_clusters *int64: 1\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
}

func TestAFailedQueryTakesNoOtherWithIt(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents}))
	raw := func(refID, text string) backend.DataQuery {
		return backend.DataQuery{RefID: refID, TimeRange: bothDays, JSON: []byte(text)}
	}
	res := ask(t, d, nil,
		namedQuery("fine", "clusters_by_creator", nil),
		raw("numbers as numbers", `{"named":"clusters_by_job","params":{"limit":1,"x":null}}`),
		raw("not JSON", `{`),
		raw("another type", `{"queryType":"promql","sql":"select 1"}`),
		raw("nothing chosen", `{"queryType":"named"}`),
		raw("a list for a parameter", `{"named":"clusters_by_job","params":{"limit":[1]}}`),
		namedQuery("unknown", "clusters_by_creater", nil),
		namedQuery("unknown parameter", "clusters_by_job", map[string]string{"limmit": "1"}),
		namedQuery("no number", "clusters_by_job", map[string]string{"limit": "many"}),
		namedQuery("required", "job_owner", nil),
	)
	if got := res["fine"]; got.Error != nil || got.Status != backend.StatusOK || len(got.Frames) != 1 {
		t.Errorf("the good query: %+v", got)
	}
	for refID, want := range map[string]string{
		"numbers as numbers":     `there is no "x"`,
		"not JSON":               `{"queryType":"named"`,
		"another type":           `"promql" is not known; there are events, line, named, pipeline, sql, volume`,
		"nothing chosen":         "no query is chosen: ",
		"a list for a parameter": "a parameter is a text or a number",
		"unknown":                "did you mean clusters_by_creator",
		"unknown parameter":      "did you mean limit",
		"no number":              `limit is "many", not a whole number`,
		"required":               "job_id is required",
	} {
		got := res[refID]
		if got.Error == nil || !strings.Contains(got.Error.Error(), want) {
			t.Errorf("%s: error %v does not say %q", refID, got.Error, want)
		}
		if got.Status != backend.StatusBadRequest || got.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%s: status %d, source %s", refID, got.Status, got.ErrorSource)
		}
	}
}

func TestAlertRules(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents}))
	res := ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"},
		namedQuery("table", "clusters_without_autotermination", nil),
		namedQuery("series", "clusters_created_per_day", nil),
		namedQuery("numbers", "clusters_by_creator", nil),
	)
	if got := res["table"]; got.Status != backend.StatusBadRequest || !strings.Contains(got.Error.Error(), "clusters_without_autotermination_per_day") {
		t.Errorf("a table for a rule: %d %v", got.Status, got.Error)
	}
	// Whatever the panel shows, a rule gets labels and one number.
	for refID, want := range map[string]string{
		"series":  "numeric-long 0.1 table\n  num_clusters *int64: 2\n",
		"numbers": "numeric-long 0.1 table\n  creator *string: JOB_LAUNCHER user\n  num_clusters *int64: 2 1\n",
	} {
		if got := res[refID]; got.Error != nil || picture(got.Frames) != want {
			t.Errorf("%s for a rule: %v\n%s", refID, got.Error, picture(got.Frames))
		}
	}
}

// hooked is a lake that does something else when a table is opened.
type hooked struct {
	query.Catalog
	open func(ctx context.Context) error
}

func (h hooked) Table(ctx context.Context, name string) (query.Table, error) {
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	return h.Catalog.Table(ctx, name)
}

// scanning is a catalog whose scans first call scan, and end with its error.
type scanning struct {
	query.Catalog
	scan func(ctx context.Context) error
}

func (s scanning) Table(ctx context.Context, name string) (query.Table, error) {
	t, err := s.Catalog.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	return scanningTable{t, s.scan}, nil
}

type scanningTable struct {
	query.Table
	scan func(ctx context.Context) error
}

func (t scanningTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		if err := t.scan(ctx); err != nil {
			yield(nil, err)
			return
		}
		t.Table.Scan(ctx, want, keep, stats)(yield)
	}
}

// jobOwner is a query that differs from others by the job.
func jobOwner(refID string, job int) backend.DataQuery {
	return namedQuery(refID, "job_owner", map[string]string{"job_id": fmt.Sprint(job)})
}

func TestAPanicIsThatQuerysFailure(t *testing.T) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	d := plugin.NewOver(hooked{memory(t, map[string]string{"clusters": clusterEvents}), func(context.Context) error {
		select {
		case <-first:
			panic("event contents")
		default:
			return nil
		}
	}})
	var failed int
	for _, res := range ask(t, d, nil, namedQuery("A", "clusters_by_creator", nil), namedQuery("B", "clusters_by_creator", nil)) {
		if res.Error == nil {
			continue
		}
		failed++
		if res.Status != backend.StatusInternal || res.ErrorSource != backend.ErrorSourcePlugin || strings.Contains(res.Error.Error(), "event contents") {
			t.Errorf("%d %s: %v", res.Status, res.ErrorSource, res.Error)
		}
	}
	if failed != 1 {
		t.Errorf("%d queries failed", failed)
	}
}

// stuck is a lake whose tables take until the query is stopped.
func stuck(begun func()) query.Catalog {
	return hooked{&querytest.Lake{}, func(ctx context.Context) error {
		begun()
		<-ctx.Done()
		return ctx.Err()
	}}
}

func TestQueriesWaitForTheirTurnAndStopWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		d := plugin.NewOver(scanning{memory(t, map[string]string{"clusters": clusterEvents}), func(ctx context.Context) error {
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			return ctx.Err()
		}})
		queries := make([][]backend.DataQuery, 2)
		for i := range 32 {
			queries[i%2] = append(queries[i%2], jobOwner(fmt.Sprint(i), i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var panels sync.WaitGroup
		for _, queries := range queries {
			panels.Go(func() {
				res, err := d.QueryData(ctx, &backend.QueryDataRequest{Queries: queries})
				if err != nil || len(res.Responses) != len(queries) {
					t.Errorf("%d answers, %v", len(res.Responses), err)
				}
				for refID, res := range res.Responses {
					if res.Error == nil || res.Status != 499 || res.ErrorSource != backend.ErrorSourceDownstream {
						t.Errorf("%s: %d %s %v", refID, res.Status, res.ErrorSource, res.Error)
					}
				}
			})
		}
		synctest.Wait()
		if n := running.Load(); n != 4 {
			t.Errorf("%d queries run at once", n)
		}
		cancel()
		panels.Wait()
		synctest.Wait()
		if n := running.Load(); n != 0 {
			t.Errorf("%d queries go on after the end", n)
		}
	})
}

func TestNoticesTakeNoLongerThanAQueryMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened atomic.Int32
		d := plugin.NewOver(hooked{&querytest.Lake{}, func(ctx context.Context) error {
			if opened.Add(1) == 1 {
				return nil // the query's own table, which does not exist
			}
			<-ctx.Done()
			return ctx.Err()
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // Grafana's
		defer cancel()
		res, err := d.QueryData(ctx, &backend.QueryDataRequest{Queries: []backend.DataQuery{namedQuery("A", "clusters_by_creator", nil)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Responses["A"]; got.Error == nil || !strings.Contains(got.Error.Error(), "longer than the data source allows") {
			t.Errorf("%+v", got)
		}
	})
}

func TestDisposeEndsWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := plugin.NewOver(stuck(func() {}))
		var panel sync.WaitGroup
		panel.Go(func() {
			res := ask(t, d, nil, namedQuery("A", "clusters_by_creator", nil))["A"]
			if res.Error == nil || !strings.Contains(res.Error.Error(), "run it again") {
				t.Errorf("error %v", res.Error)
			}
		})
		synctest.Wait()
		d.Dispose()
		d.Dispose()
		panel.Wait()
	})
}
