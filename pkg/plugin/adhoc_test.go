package plugin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
)

// model is a query as the front end sends it.
func model(refID string, fields map[string]any) backend.DataQuery {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return backend.DataQuery{RefID: refID, TimeRange: bothDays, JSON: text}
}

// filter is one of a dashboard's filters.
func filter(key, operator, value string, values ...string) map[string]any {
	f := map[string]any{"key": key, "operator": operator, "value": value}
	if len(values) > 0 {
		f["values"] = values
	}
	return f
}

const someRuns = `
startedAt timestamp  | outcome string | engine string
2019-12-27T10:00:00Z | succeeded      | x`

// TestFiltersOfTheDashboard: they narrow named queries and SQL, whatever the SQL
// does, and say where they are about nothing.
func TestFiltersOfTheDashboard(t *testing.T) {
	d := plugin.NewOver(memory(t, map[string]string{"clusters": clusterEvents, "accounts": accountEvents, "runs": someRuns, "lookups.people": "creator string | team string\nuser | blue"}))
	mine := []any{filter("creator", "=", "user"), filter("actionName", "=|", "create", "create", "edit")}
	const oneNumber = "table 0.1 table\n  n *int64: "
	for name, tt := range map[string]struct {
		query   map[string]any
		want    string
		notice  string
		problem string
	}{
		"a named query": {
			query: map[string]any{"named": "clusters_by_creator", "adhocFilters": mine},
			want:  "numeric-long 0.1 table\n  creator *string: user\n  num_clusters *int64: 1\n",
		},
		"no filter": {
			query: map[string]any{"queryType": "sql", "sql": "select count(*) as n from clusters", "adhocFilters": []any{}},
			want:  oneNumber + "4\n",
		},
		"SQL that joins, counts and unites": {
			query: map[string]any{"queryType": "sql", "adhocFilters": mine, "sql": `
				with a as (select creator from clusters union all select creator from clusters where 1 = 1 or creator = 'JOB_LAUNCHER'),
				b as (select distinct creator from clusters)
				select count(*) as n from a left join b using (creator)`},
			want: oneNumber + "2\n",
		},
		"a comment in a value": {
			query: map[string]any{"queryType": "sql", "sql": "select count(*) as n from clusters", "adhocFilters": []any{filter("creator", "=", "user' or '1'='1 --")}},
			want:  oneNumber + "0\n",
		},
		"a table of no events": {
			query:  map[string]any{"queryType": "sql", "sql": "select count(*) as n from runs", "adhocFilters": mine},
			want:   oneNumber + "1\n",
			notice: "The filters of the dashboard are about events. They change nothing in runs.",
		},
		"a look-up alone": {
			query:  map[string]any{"queryType": "sql", "sql": "select count(*) as n from lookups.people", "adhocFilters": mine},
			want:   oneNumber + "1\n",
			notice: "The filters of the dashboard are about events. They change nothing in lookups.people.",
		},
		"events with a look-up beside": {
			query: map[string]any{"queryType": "sql", "sql": "select count(*) as n from (select creator from clusters) c join (select creator from lookups.people) p using (creator)", "adhocFilters": mine},
			want:  oneNumber + "1\n",
		},
		"a column that there is not": {
			query:   map[string]any{"named": "clusters_by_creator", "adhocFilters": []any{filter("creater", "=", "user")}},
			problem: "Correct the filters of the dashboard: filter is not valid: no column creater; did you mean creator?",
		},
		"a filter of another form": {
			query:   map[string]any{"named": "clusters_by_creator", "adhocFilters": []any{map[string]any{"key": "creator", "operator": "=", "value": []int{1}}}},
			problem: `{"key":"email","operator":"=","value":"ann@example.com"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			res := ask(t, d, nil, model("A", tt.query))["A"]
			if tt.problem != "" {
				if res.Error == nil || !strings.Contains(res.Error.Error(), tt.problem) || res.Status != backend.StatusBadRequest {
					t.Errorf("status %d, error %v", res.Status, res.Error)
				}
				return
			}
			if res.Error != nil {
				t.Fatal(res.Error)
			}
			if diff := cmp.Diff(tt.want, picture(res.Frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			var notices []string
			for _, n := range res.Frames[0].Meta.Notices {
				notices = append(notices, n.Text)
			}
			if diff := cmp.Diff(tt.notice, strings.Join(notices, "|")); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}
