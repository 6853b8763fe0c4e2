package query_test

import (
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// answer runs a plan and gives the rows as ask does.
func answer(t testing.TB, catalog query.Catalog, p query.Plan) string {
	t.Helper()
	return ask(t, catalog, p.String())
}

func TestDistinctValuesAreTheMostFrequentFirst(t *testing.T) {
	lake := &querytest.Lake{}
	lake.Add("clusters", parsed(t, `
		date_time timestamp  | actor string | requestParams.name string | requestParamsRest map<string,string> | n long
		2024-01-01T00:00:00Z | ann@x        | a_b                       | {k: v}                               | 10
		2024-01-01T00:00:00Z | bob@x        | a_c                       | {k: w}                               | 11
		2024-01-02T00:00:00Z | bob@x        | abc                       | {}                                   | 2
		2024-01-02T00:00:00Z | Ann@x        | 50%                       | {k: v}                               | null
		2024-01-03T00:00:00Z | null         | 'a\b'                     | {K: z}                               | 10
		2024-01-03T00:00:00Z | carl@x       | a_b                       | {}                                   | 100`))
	all := query.TimeRange{}
	tests := map[string]struct {
		path   string
		r      query.TimeRange
		prefix string
		limit  int64
		want   string
	}{
		"null is no value":          {"actor", all, "", 10, "bob@x 2; Ann@x 1; ann@x 1; carl@x 1"},
		"the limit":                 {"actor", all, "", 2, "bob@x 2; Ann@x 1"},
		"a prefix":                  {"actor", all, "ann", 10, "ann@x 1"},
		"a prefix with underscore":  {"requestParams.name", all, "a_", 10, "a_b 2; a_c 1"},
		"a prefix with percent":     {"requestParams.name", all, "50%", 10, "50% 1"},
		"a prefix with a backslash": {"requestParams.name", all, `a\`, 10, `a\b 1`},
		"a struct, in other case":   {"REQUESTPARAMS.Name", all, "ab", 10, "abc 1"},
		"a map":                     {"requestParamsRest.k", all, "", 10, "v 2; w 1"},
		"an unknown key of a map":   {"requestParamsRest.x", all, "", 10, ""},
		"numbers":                   {"n", all, "1", 10, "10 2; 11 1; 100 1"},
		"times":                     {"date_time", all, "2024-01-02T", 10, "2024-01-02T00:00:00Z 2"},
		"a time range":              {"actor", query.TimeRange{From: christmas.From.AddDate(4, 0, 5)}, "", 10, "Ann@x 1; bob@x 1; carl@x 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := query.DistinctValues("clusters", strings.Split(tt.path, "."), tt.r, tt.prefix, tt.limit)
			if got := answer(t, lake, plan); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for path, want := range map[string]string{
		"requestParams":      "which rows cannot be grouped by",
		"requestParamsRest":  "which rows cannot be grouped by",
		"requestParams.nome": "did you mean requestParams.name?",
	} {
		plan := query.DistinctValues("clusters", strings.Split(path, "."), all, "", 10)
		if _, err := exec.Run(t.Context(), lake, plan, exec.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, not %s", path, err, want)
		}
	}
}

// TestTheLinesOfAnEvent: of a file that was overwritten, two lines may have one
// number; and who may not see an event does not.
func TestTheLinesOfAnEvent(t *testing.T) {
	lake := &querytest.Lake{}
	lake.Add("bronze", parsed(t, `
		raw string | workspaceId long | date date  | sourceFile string | fileId long | lineNumber long | lineHash string | ingestedAt timestamp
		second     | 1                | 2024-01-01 | f                 | 7           | 3               | h2              | 2024-01-01T02:00:00Z
		first      | 1                | 2024-01-01 | f                 | 7           | 3               | h1              | 2024-01-01T01:00:00Z
		other      | 1                | 2024-01-01 | f                 | 7           | 4               | h3              | 2024-01-01T01:00:00Z
		elsewhere  | 2                | 2024-01-01 | g                 | 8           | 3               | h4              | 2024-01-01T01:00:00Z`))
	lake.Add("silver", parsed(t, `
		date_time timestamp  | workspaceId long | serviceName string | actionName string | fileId long | lineNumber long | ingestedAt timestamp
		2024-01-01T00:00:00Z | 2                | clusters           | create            | 8           | 3               | 2024-01-01T01:00:00Z`))
	tests := map[string]struct {
		catalog query.Catalog
		plan    query.Plan
		want    string
	}{
		"lines":             {lake, query.VerbatimEvent(7, 3), "first 1 2024-01-01 f 7 3 h1 2024-01-01T01:00:00Z; second 1 2024-01-01 f 7 3 h2 2024-01-01T02:00:00Z"},
		"no line":           {lake, query.VerbatimEvent(7, 5), ""},
		"an event":          {lake, query.EventRow(8, 3), "2024-01-01T00:00:00Z 2 clusters create null null null null null 8 3 null null 2024-01-01T01:00:00Z"},
		"out of scope":      {query.Scoped(lake, query.Scope{Workspaces: []int64{1}}), query.EventRow(8, 3), ""},
		"in scope":          {query.Scoped(lake, query.Scope{Workspaces: []int64{2}}), query.EventRow(8, 3), "2024-01-01T00:00:00Z 2 clusters create null null null null null 8 3 null null 2024-01-01T01:00:00Z"},
		"a line, not scope": {query.Scoped(lake, query.Scope{Workspaces: []int64{1}}), query.VerbatimEvent(8, 3), ""},
		"a lake without":    {&querytest.Lake{}, query.VerbatimEvent(8, 3), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answer(t, tt.catalog, tt.plan); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
