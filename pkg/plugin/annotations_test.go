package plugin_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query/named"
)

const jobEvents = `
actionName string | date_time timestamp  | jobId string | runId string | workspaceId long | requestParams.note string
runFailed         | 2019-12-28T10:00:00Z | 7            | 70           | 1                | <b>bold</b>, & more
runFailed         | 2019-12-27T10:00:00Z | 8            | null         | 1                | null
runSucceeded      | 2019-12-27T11:00:00Z | 8            | 81           | 1                | null
runFailed         | null                 | 9            | 90           | 1                | null`

// marks is an annotation frame as text, ids by their form.
func marks(frames data.Frames) string {
	return regexp.MustCompile(`[0-9a-f]{16}-`).ReplaceAllString(picture(frames), "hash-")
}

func TestAnnotations(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents, "jobs": jobEvents, "runs": `
startedAt timestamp  | finishedAt timestamp | outcome string
2019-12-28T10:00:00Z | 2019-12-28T10:01:00Z | succeeded
2019-12-28T11:00:00Z | null                 | failed`}))
	for name, tt := range map[string]struct {
		query map[string]any
		want  string
		wrong string
	}{
		"a row for each failed run, the oldest first": {
			query: map[string]any{"named": "job_failures"},
			want: `table 0.1 table
  time time.Time: 2019-12-27T10:00:00Z 2019-12-28T10:00:00Z
  title string: Failed job runs Failed job runs
  text string: jobId: 8, workspaceId: 1 jobId: 7, runId: 70, workspaceId: 1
  tags string: job_failures job_failures
  id string: hash-1 hash-1
`,
		},
		"a bucket is a span": {
			query: map[string]any{"named": "clusters_created_per_day"},
			want: `table 0.1 table
  time time.Time: 2019-12-27T00:00:00Z 2019-12-28T00:00:00Z
  timeEnd *time.Time: 2019-12-28T00:00:00Z 2019-12-29T00:00:00Z
  title string: Clusters created per day Clusters created per day
  text string: num_clusters: 1 num_clusters: 2
  tags string: clusters_created_per_day,info clusters_created_per_day,info
  id string: hash-1 hash-1
`,
		},
		"a storm is one, too": {
			query: map[string]any{"named": "cluster_storms", "params": map[string]string{"floor": "0", "ratio": "1"}},
			want:  "table 0.1 table\n  time time.Time:\n  timeEnd *time.Time:\n  title string:\n  text string:\n  tags string:\n  id string:\n",
		},
		"columns that say what they are": {
			query: map[string]any{"queryType": "sql", "sql": `select date_time as at, date_time + interval 90 seconds as time_end, jobId as title,
				requestParams.note as text, concat(actionName, ',job') as tags, runId as id from jobs where actionName = 'runFailed' and jobId = '7'`},
			want: `table 0.1 table
  time time.Time: 2019-12-28T10:00:00Z
  timeEnd *time.Time: 2019-12-28T10:01:30Z
  title string: 7
  text string: &lt;b&gt;bold&lt;/b&gt;, &amp; more
  tags string: runFailed,job
  id string: 70
`,
		},
		"SQL without names, equal rows and other types": {
			query: map[string]any{"queryType": "sql", "sql": "select jobId, workspaceId, 0.5 as x, true as ok, cast(date_time as date) as day, date_time from jobs where jobId = '8' and actionName = 'runFailed' union all select jobId, workspaceId, 0.5, true, cast(date_time as date), date_time from jobs where jobId = '8' and actionName = 'runFailed'"},
			want: `table 0.1 table
  time time.Time: 2019-12-27T00:00:00Z 2019-12-27T00:00:00Z
  text string: jobId: 8, workspaceId: 1, x: 0.5, ok: true, date_time: 2019-12-27 10:00:00 jobId: 8, workspaceId: 1, x: 0.5, ok: true, date_time: 2019-12-27 10:00:00
  id string: hash-1 hash-2
`,
		},
		"a run of the ETL that has not ended has no end": {
			query: map[string]any{"queryType": "sql", "sql": "select startedAt as time, finishedAt, outcome from runs"},
			want: `table 0.1 table
  time time.Time: 2019-12-28T10:00:00Z 2019-12-28T11:00:00Z
  timeEnd *time.Time: 2019-12-28T10:01:00Z null
  text string: outcome: succeeded outcome: failed
  id string: hash-1 hash-1
`,
		},
		"filters of the dashboard hold": {
			query: map[string]any{"queryType": "sql", "sql": "select date_time as time, jobId as text from jobs", "adhocFilters": []any{filter("jobId", "=", "7")}},
			want:  "table 0.1 table\n  time time.Time: 2019-12-28T10:00:00Z\n  text string: 7\n  id string: hash-1\n",
		},
		"no time": {query: map[string]any{"named": "clusters_by_creator"}, wrong: "annotations need a column that is a time"},
		"an end that is none": {
			query: map[string]any{"queryType": "sql", "sql": "select date_time as time, jobId as timeEnd from jobs"}, wrong: "timeEnd of annotations is a time",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.query["format"] = "annotations"
			res := ask(t, d, nil, model("A", tt.query))["A"]
			if tt.wrong != "" {
				if res.Error == nil || !strings.Contains(res.Error.Error(), tt.wrong) || res.Status != backend.StatusBadRequest {
					t.Errorf("status %d, error %v", res.Status, res.Error)
				}
				return
			}
			if res.Error != nil {
				t.Fatal(res.Error)
			}
			if diff := cmp.Diff(tt.want, marks(res.Frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			checkWire(t, res.Frames)
			again := ask(t, d, nil, model("A", tt.query))["A"]
			if diff := cmp.Diff(picture(res.Frames), picture(again.Frames)); diff != "" {
				t.Errorf("the same rows have other ids (-first +second):\n%s", diff)
			}
			if res := ask(t, d, fromAlert, model("A", tt.query))["A"]; res.Status != backend.StatusBadRequest {
				t.Errorf("a rule gets annotations: %d %v", res.Status, res.Error)
			}
		})
	}
}

// TestEveryQueryWithATimeHasAnnotations: all of the catalog that can be marks are.
func TestEveryQueryWithATimeHasAnnotations(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents, "accounts": accountEvents, "jobs": jobEvents, "silver": accountEvents}))
	n := 0
	for _, q := range named.All() {
		params := map[string]string{}
		for _, p := range q.Params {
			if p.Required {
				params[p.Name] = "31303"
			}
		}
		res := ask(t, d, nil, model("A", map[string]any{"named": q.Name, "params": params, "format": "annotations"}))["A"]
		switch {
		case res.Error == nil:
			n++
			if at := res.Frames[0].Fields[0]; at.Name != "time" || at.Type() != data.FieldTypeTime {
				t.Errorf("%s: the first field is %s %s", q.Name, at.Name, at.Type())
			}
		case !strings.Contains(res.Error.Error(), "need a column that is a time"):
			t.Errorf("%s: %v", q.Name, res.Error)
		}
	}
	if n < 50 {
		t.Errorf("only %d queries have annotations", n)
	}
}

// TestTheNewestAnnotationsAreShown where there are more than a panel can bear.
func TestTheNewestAnnotationsAreShown(t *testing.T) {
	var table strings.Builder
	table.WriteString("actionName string | date_time timestamp | jobId string\n")
	for i := range 2003 {
		fmt.Fprintf(&table, "runFailed | %s | %d\n", bothDays.From.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), i)
	}
	d := plugin.NewOver(memory(t, map[string]string{"jobs": table.String()}))
	res := ask(t, d, nil, model("A", map[string]any{"queryType": "sql", "sql": "select date_time as time, jobId as text from jobs", "format": "annotations"}))["A"]
	if res.Error != nil {
		t.Fatal(res.Error)
	}
	f := res.Frames[0]
	if f.Rows() != 2000 || f.Fields[1].At(0) != "3" || len(f.Meta.Notices) != 1 || !strings.Contains(f.Meta.Notices[0].Text, "newest 2000 of 2003") {
		t.Errorf("%d rows, the first is %v, notices %v", f.Rows(), f.Fields[1].At(0), f.Meta.Notices)
	}
}
