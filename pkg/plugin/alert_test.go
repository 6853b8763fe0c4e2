package plugin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/dataplane"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

var fromAlert = map[string]string{backend.FromAlertHeaderName: "true"}

// TestRulesOnSQL: the columns of a statement decide what a rule gets.
func TestRulesOnSQL(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents, "accounts": accountEvents}))
	for name, tt := range map[string]struct {
		sql    string
		format string
		zero   bool
		want   string // frames, or
		wrong  string
	}{
		"one number": {sql: "select count(*) as n from clusters", want: "numeric-long 0.1 table\n  n *int64: 4\n"},
		"numbers by a text": {
			sql:  "select creator, count(*) as n, max(autoterminationMinutes) as most from clusters group by creator order by creator",
			want: "numeric-long 0.1 table\n  creator *string: JOB_LAUNCHER user\n  n *int64: 2 2\n  most *int64: 0 0\n",
		},
		"ids are labels, and so are truths; null stays null": {
			sql: "select workspaceId, isInteractive, jobId, count(*) as n from clusters group by workspaceId, isInteractive, jobId order by n desc, jobId",
			want: "numeric-long 0.1 table\n  workspaceId *string: 9007199254740993 9007199254740993\n" +
				"  isInteractive *string: true false\n  jobId *string: null 31303\n  n *int64: 2 2\n",
		},
		"a number that is null": {sql: "select avg(autoterminationMinutes) as x from clusters where creator = 'nobody'", want: "numeric-long 0.1 table\n  x *float64: null\n"},
		"a time that is not first": {
			sql:  "select creator, count(*) as n, max(date_time) as last from clusters where creator = 'user' group by creator",
			want: "numeric-long 0.1 table\n  creator *string: user\n  n *int64: 2\n  last *time.Time: 2019-12-28T12:00:00Z\n",
		},
		"a time first is a series": {
			sql:  "select date, count(*) as n from clusters group by date",
			want: "timeseries-multi 0.1 graph\n  date time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z\n  n *int64: 1 3\n",
		},
		"series by labels, in order of time, for each number": {
			sql: "select date_time, isInteractive, autoterminationMinutes as m, 1 as one from clusters where jobId is null or actionName = 'create' order by date_time desc",
			want: `timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-27T10:00:00Z 2019-12-28T10:00:00Z
  m *int64 {isInteractive=false} as false: 0 0
timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-28T11:00:00Z 2019-12-28T12:00:00Z
  m *int64 {isInteractive=true} as true: 0 0
timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-27T10:00:00Z 2019-12-28T10:00:00Z
  one *int64 {isInteractive=false} as false: 1 1
timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-28T11:00:00Z 2019-12-28T12:00:00Z
  one *int64 {isInteractive=true} as true: 1 1
`,
		},
		"numbers, as the format says, though a time is first": {
			sql: "select max(date_time) as last, count(*) as n from clusters", format: "numeric",
			want: "numeric-long 0.1 table\n  last *time.Time: 2019-12-28T12:00:00Z\n  n *int64: 4\n",
		},
		"no rows are no data": {sql: "select creator, count(*) as n from clusters where creator = 'nobody' group by creator", want: "numeric-long 0.1 table\n"},
		"no rows are 0": {
			sql: "select creator, count(*) as n, avg(autoterminationMinutes) as x from clusters where creator = 'nobody' group by creator", zero: true,
			want: "numeric-long 0.1 table\n  n *int64: 0\n  x *float64: 0\n",
		},
		"rows are what they are": {sql: "select creator, count(*) as n from clusters where creator = 'user' group by creator", zero: true, want: "numeric-long 0.1 table\n  creator *string: user\n  n *int64: 2\n"},
		"a series without rows":  {sql: "select date, count(*) as n from clusters where creator = 'nobody' group by date", want: "timeseries-multi 0.1 graph\n"},
		"a series of zeros": {
			sql: "select date, count(*) as n from clusters where creator = 'nobody' group by date", zero: true,
			want: "timeseries-multi 0.1 graph\n  date time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z\n  n *int64: 0 0\n",
		},
		"zeros between the numbers of each series": {
			sql: "select date_trunc('day', date_time) as t, creator, count(*) as n from clusters where actionName = 'create' group by date_trunc('day', date_time), creator", zero: true,
			want: `timeseries-multi 0.1 graph
  t time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z
  n *int64 {creator=JOB_LAUNCHER} as JOB_LAUNCHER: 1 1
timeseries-multi 0.1 graph
  t time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z
  n *int64 {creator=user} as user: 0 1
`,
		},
		"times that are no buckets have nothing between": {
			sql: "select date_time, 1 as n from clusters where creator = 'user' and actionName = 'create'", zero: true,
			want: "timeseries-multi 0.1 graph\n  date_time time.Time: 2019-12-28T11:00:00Z\n  n *int64: 1\n",
		},
		"and are one 0 at the end": {
			sql: "select date_time, 1 as n from clusters where creator = 'nobody'", zero: true,
			want: "timeseries-multi 0.1 graph\n  date_time time.Time: 2019-12-29T00:00:00Z\n  n *int64: 0\n",
		},
		"no number":             {sql: "select creator from clusters", wrong: "no column is a number"},
		"an id is no number":    {sql: "select workspaceId from clusters", wrong: "no column is a number"},
		"a series without time": {sql: "select creator, 1 as n from clusters", format: "time_series", wrong: "a time series needs a time as its first column"},
	} {
		t.Run(name, func(t *testing.T) {
			fields := map[string]any{"queryType": "sql", "sql": tt.sql, "format": tt.format}
			if tt.zero {
				fields["zero"] = true
			}
			res := ask(t, d, fromAlert, model("A", fields))["A"]
			if tt.wrong != "" {
				if res.Error == nil || !strings.Contains(res.Error.Error(), tt.wrong) || res.Status != backend.StatusBadRequest {
					t.Errorf("status %d, error %v", res.Status, res.Error)
				}
				return
			}
			if res.Error != nil {
				t.Fatal(res.Error)
			}
			if err := dataplane.CheckForRule(res.Frames); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, picture(res.Frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			checkWire(t, res.Frames)
		})
	}
}

// TestTooManyZeros: what would be made up is bounded.
func TestTooManyZeros(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents}))
	q := model("A", map[string]any{"queryType": "sql", "zero": true, "sql": "select date_trunc('minute', date_time) as t, count(*) as n from clusters group by date_trunc('minute', date_time)"})
	q.TimeRange.From = q.TimeRange.To.AddDate(-1, 0, 0)
	if res := ask(t, d, fromAlert, q)["A"]; res.Status != backend.StatusBadRequest || !strings.Contains(res.Error.Error(), "choose longer buckets") {
		t.Errorf("%d %v", res.Status, res.Error)
	}
}

// TestNothingIsKnownOfNoLake: before the first run of the ETL no rows are no 0.
func TestNothingIsKnownOfNoLake(t *testing.T) {
	d := plugin.NewOver(&querytest.Lake{})
	for _, name := range []string{"failed_logins_by_user", "clusters_created_per_day"} {
		res := ask(t, d, fromAlert, namedQuery("A", name, nil))["A"]
		if res.Error != nil || len(res.Frames[0].Fields) > 0 || len(res.Frames[0].Meta.Notices) != 1 {
			t.Errorf("%s: %v\n%s", name, res.Error, picture(res.Frames))
		}
	}
}

// TestRulesAreViewers: a rule has no user, so it sees what a viewer sees, of the
// workspaces in scope.
func TestRulesAreViewers(t *testing.T) {
	notes := memory(t, map[string]string{"notebook": noteEvents})
	statement := map[string]any{"queryType": "sql", "zero": true, "sql": "select requestParams.commandText as command, count(*) as n from notebook group by requestParams.commandText order by command"}
	for settings, want := range map[string]string{
		"":                            "numeric-long 0.1 table\n  command *string: [redacted]\n  n *int64: 3\n",
		`"redactCommandText": false,`: "numeric-long 0.1 table\n  command *string: SELECT 1 SELECT 2\n  n *int64: 2 1\n",
		`"workspaces": ["2"],`:        "numeric-long 0.1 table\n  command *string: [redacted]\n  n *int64: 1\n",
		`"workspaces": ["3"], "unredactedRole": "Viewer",`: "numeric-long 0.1 table\n  n *int64: 0\n",
	} {
		d := plugin.NewWith(notes, settings)
		q := model("A", statement)
		q.TimeRange = backend.TimeRange{From: bothDays.From, To: bothDays.To.Add(time.Hour)}
		res := ask(t, d, fromAlert, q)["A"]
		if diff := cmp.Diff(want, picture(res.Frames)); res.Error != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", settings, res.Error, diff)
		}
	}
}
