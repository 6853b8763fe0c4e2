package plugin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/store"
)

// idsWithNames is a lake in which ids have names: 7 is ann, by an administrator who added
// her in workspace 1; 8 is somebody, in workspace 2; 9 nobody says.
func idsWithNames(t *testing.T) query.Catalog {
	t.Helper()
	source, root := store.NewMemory("source"), store.NewMemory("lake")
	body := ""
	line := func(hour, workspace int, service, action, params, response string) {
		at := time.Date(2019, 12, 28, hour, 0, 0, 0, time.UTC).UnixMilli()
		event, err := json.Marshal(map[string]any{
			"timestamp": at, "workspaceId": workspace, "serviceName": service, "actionName": action, "userIdentity": map[string]any{"email": "root@x"},
			"requestParams": json.RawMessage(params), "response": json.RawMessage(response),
		})
		if err != nil {
			t.Fatal(err)
		}
		body += string(event) + "\n"
	}
	const ok, refused = `{"statusCode":200}`, `{"statusCode":403}`
	line(1, 1, "accounts", "add", `{"targetUserId":"7","targetUserName":"ann@x"}`, ok)
	line(1, 2, "accounts", "add", `{"targetUserId":"8","targetUserName":"bob@x"}`, ok)
	line(2, 1, "jobs", "create", `{"name":"old name"}`, `{"statusCode":200,"result":"{\"job_id\":31}"}`)
	line(3, 1, "jobs", "update", `{"job_id":31,"new_settings":"{\"name\":\"nightly\"}"}`, ok)
	line(4, 1, "jobs", "update", `{"job_id":31,"new_settings":"{\"name\":\"refused\"}"}`, refused)
	line(5, 1, "jobs", "update", `{"job_id":31,"new_settings":"{\"schedule\":null}"}`, ok)
	line(2, 2, "jobs", "create", `{"name":"another"}`, `{"statusCode":200,"result":"{\"job_id\":31}"}`)
	line(6, 1, "clusters", "create", `{"cluster_name":"job-31-run-1","user_id":"7"}`, `{"statusCode":200,"result":"{\"cluster_id\":\"c1\"}"}`)
	line(7, 1, "clusters", "create", `{"cluster_name":"job-31-run-2","user_id":"9"}`, `{"statusCode":200,"result":"{\"cluster_id\":\"c2\"}"}`)
	line(8, 1, "clusters", "edit", `{"cluster_id":"c2","cluster_name":"renamed"}`, ok)
	line(9, 2, "clusters", "create", `{"cluster_name":"job-31-run-3","user_id":"8"}`, `{"statusCode":200,"result":"{\"cluster_id\":\"c3\"}"}`)
	if _, err := source.Put(t.Context(), "workspaceId=1/date=2019-12-28/a.json", []byte(body)); err != nil {
		t.Fatal(err)
	}
	r, err := etl.NewRunner(lake.New(root, lake.Options{}), etl.Options{Sources: []etl.Source{etl.SourceOf(source)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return query.OfLake(lake.New(root, lake.Options{}))
}

func withNames(sql, format string) backend.DataQuery {
	model, err := json.Marshal(map[string]any{"queryType": "sql", "sql": sql, "format": format, "display": "names"})
	if err != nil {
		panic(err)
	}
	return backend.DataQuery{RefID: "A", TimeRange: bothDays, JSON: model}
}

const createdClusters = "select workspaceId, jobId, clusterId, requestParams.user_id as user_id from clusters where actionName = 'create' order by clusterId"

func TestIDsAreShownWithNames(t *testing.T) {
	tables := idsWithNames(t)
	for name, test := range map[string]struct {
		sql, format, settings, want string
	}{
		"in a table, behind each column of ids": {
			sql: createdClusters,
			want: `
table 0.1 table
  workspaceId *string: 1 1 2
  jobId *string: 31 31 31
  jobIdName *string: nightly nightly another
  clusterId *string: c1 c2 c3
  clusterIdName *string: job-31-run-1 renamed job-31-run-3
  user_id *string: 7 9 8
  user_idName *string: ann@x null bob@x
`,
		},
		"a job that has two names has none where the workspace is not told": {
			sql: "select jobId, requestParams.user_id as userId, count(*) as n from clusters where requestParams.user_id = '7' group by 1, 2",
			want: `
table 0.1 table
  jobId *string: 31
  jobIdName *string: null
  userId *string: 7
  userIdName *string: ann@x
  n *int64: 1
`,
		},
		"in the legends of series, and labels stay ids": {
			sql:    "select date_time, requestParams.user_id as user_id, count(*) as n from clusters where actionName = 'create' group by 1, 2",
			format: "time_series",
			want: `
timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-28T06:00:00Z
  n *int64 {user_id=7} as ann@x: 1
timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-28T09:00:00Z
  n *int64 {user_id=8} as bob@x: 1
timeseries-multi 0.1 graph
  date_time time.Time: 2019-12-28T07:00:00Z
  n *int64 {user_id=9} as 9: 1
`,
		},
		"also where there are no rows": {
			sql: "select clusterId, requestParams.user_id as user_id from clusters where actionName = 'none'",
			want: `
table 0.1 table
  clusterId *string:
  clusterIdName *string:
  user_id *string:
  user_idName *string:
`,
		},
		"unless a column has that name": {
			sql: "select requestParams.user_id as userId, 'mine' as userIdName from clusters where requestParams.user_id = '7'",
			want: `
table 0.1 table
  userId *string: 7
  userIdName *string: mine
`,
		},
		"of what may be seen": { // user 7 was seen in workspace 1 alone
			settings: `"workspaces": [2],`,
			sql:      "select workspaceId, jobId, '7' as userId, '8' as ownerId from clusters where actionName = 'create'",
			want: `
table 0.1 table
  workspaceId *string: 2
  jobId *string: 31
  jobIdName *string: another
  userId *string: 7
  userIdName *string: null
  ownerId *string: 8
  ownerIdName *string: bob@x
`,
		},
		"but not made from hidden parameters": {
			settings: `"redactKeys": ["targetUserName", "cluster_name"],`,
			sql:      "select '7' as userId, clusterId from clusters where actionName = 'edit'",
			want: `
table 0.1 table
  userId *string: 7
  userIdName *string: null
  clusterId *string: c2
  clusterIdName *string: null
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			res := ask(t, plugin.NewWith(tables, test.settings), nil, withNames(test.sql, test.format))["A"]
			if res.Error != nil {
				t.Fatal(res.Error)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), picture(res.Frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			checkWire(t, res.Frames)
		})
	}
}

func TestNamedQueriesShowNames(t *testing.T) {
	d := plugin.NewOver(idsWithNames(t))
	model := `{"queryType":"named","named":"job_owner","params":{"job_id":"31"},"display":"names"}`
	res := ask(t, d, nil, backend.DataQuery{RefID: "A", TimeRange: bothDays, JSON: []byte(model)})["A"]
	if res.Error != nil {
		t.Fatal(res.Error)
	}
	if got := picture(res.Frames); !strings.Contains(got, "userIdName *string: ann@x null bob@x\n") {
		t.Errorf("owners:\n%s", got)
	}
	custom, err := json.Marshal(res.Frames[0].Meta.Custom)
	if err != nil || !strings.Contains(string(custom), `"identities":0`) {
		t.Errorf("the versions of what was read do not have the identities: %s, %v", custom, err)
	}
}

// An alert is told apart by its labels, which must not change with a name.
func TestRulesGetNoNames(t *testing.T) {
	d := plugin.NewOver(idsWithNames(t))
	q := withNames("select requestParams.user_id as user_id, count(*) as n from clusters group by 1", "")
	for _, frame := range ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"}, q)["A"].Frames {
		for _, f := range frame.Fields {
			if strings.HasSuffix(f.Name, "Name") {
				t.Errorf("field %s", f.Name)
			}
		}
	}
}

func TestAnUnknownDisplayIsRefused(t *testing.T) {
	d := plugin.NewOver(idsWithNames(t))
	res := ask(t, d, nil, backend.DataQuery{RefID: "A", TimeRange: bothDays, JSON: []byte(`{"queryType":"sql","sql":"select 1 as n from clusters","display":"Names"}`)})["A"]
	if res.Status != backend.StatusBadRequest || !strings.Contains(res.Error.Error(), `there is "names"`) {
		t.Errorf("status %d, %v", res.Status, res.Error)
	}
}

// TestWhoOwnsTheJob is the article's question, with the answer that it leaves to its
// readers.
func TestWhoOwnsTheJob(t *testing.T) {
	d := plugin.NewOver(idsWithNames(t))
	model, err := json.Marshal(map[string]any{"queryType": "sql", "sql": `
		select i.email, count(*) as num_clusters
		from clusters c join identities i on c.requestParams.user_id = i.id
		where c.jobId = '31' and c.actionName = 'create'
		group by i.email order by i.email`})
	if err != nil {
		t.Fatal(err)
	}
	res := ask(t, d, nil, backend.DataQuery{RefID: "A", TimeRange: bothDays, JSON: model})["A"]
	if res.Error != nil {
		t.Fatal(res.Error)
	}
	if diff := cmp.Diff("table 0.1 table\n  email *string: null ann@x bob@x\n  num_clusters *int64: 1 1 1\n", picture(res.Frames)); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}
