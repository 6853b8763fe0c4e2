package query_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

func condition(key, operator string, values ...string) query.Condition {
	return query.Condition{Key: key, Operator: operator, Values: values}
}

// filtered are events of which one has nothing and one has empty texts.
const filtered = `
at string | email string | workspaceId long | response.statusCode long | isInteractive boolean | date date  | date_time timestamp  | requestParams.cluster_name string
1         | ann          | 1                | 200                      | true                  | 2024-01-30 | 2024-01-30T10:00:00Z | etl-1
2         | bob          | 2                | 403                      | false                 | 2024-01-31 | 2024-01-31T10:00:00Z | etl-2
3         | null         | null             | null                     | null                  | null       | null                 | null
4         | ''           | 0                | 0                        | false                 | 2024-02-01 | 2024-02-01T00:00:00Z | ''`

func TestConditions(t *testing.T) {
	for name, tt := range map[string]struct {
		of   query.Condition
		want string // at of the rows that are left
	}{
		"equal":                                    {condition("email", "=", "ann"), "1"},
		"equal to the empty text is not null":      {condition("email", "=", ""), "4"},
		"not equal keeps nulls":                    {condition("email", "!=", "ann"), "2 3 4"},
		"one of":                                   {condition("email", "=|", "ann", "bob"), "1 2"},
		"none of keeps nulls":                      {condition("email", "!=|", "ann", "bob"), "3 4"},
		"an expression is for the whole":           {condition("requestParams.cluster_name", "=~", "etl"), ""},
		"and may be for a part":                    {condition("requestParams.cluster_name", "=~", "etl.*"), "1 2"},
		"alternatives are not anchored one by one": {condition("email", "=~", "an|bob"), "2"},
		"the expression that matches nothing":      {condition("email", "=~", ""), "4"},
		"the expression for all keeps nulls":       {condition("email", "=~", ".*"), "1 2 3 4"},
		"not matching keeps nulls":                 {condition("email", "!~", "a.*"), "2 3 4"},
		"less, by bytes":                           {condition("email", "<", "b"), "1 4"},
		"a number is no text":                      {condition("response.statusCode", ">", "99"), "1 2"},
		"and at most":                              {condition("response.statusCode", "<=", "200"), "1 4"},
		"an expression for a number":               {condition("response.statusCode", "=~", "4.."), "2"},
		"a truth":                                  {condition("isInteractive", "!=", "true"), "2 3 4"},
		"a date":                                   {condition("date", ">=", "2024-01-31"), "2 4"},
		"a time":                                   {condition("date_time", "<", "2024-01-31T12:00:00+02:00"), "1"},
		"a time by its date":                       {condition("date_time", ">=", "2024-02-01"), "4"},
		"any letter case":                          {condition("EMAIL", "=", "ann"), "1"},
		"the name in system.access.audit":          {condition("user_identity.email", "=", "ann"), "1"},
		"another":                                  {condition("response.status_code", "=", "403"), "2"},
		"a parameter there":                        {condition("request_params.cluster_name", "=", "etl-1"), "1"},
		"a time there":                             {condition("event_time", "=", "2024-01-31T10:00:00Z"), "2"},
		"a column that this table does not have":   {condition("jobId", "=", "7"), ""},
		"and that is not":                          {condition("jobId", "!=", "7"), "1 2 3 4"},
		"a parameter that nobody has":              {condition("requestParams.nothing", "!~", "x"), "1 2 3 4"},
		"quotes and comments are text":             {condition("email", "=", "ann' or 1=1 --"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			plan := query.From("t", query.TimeRange{}).Project(query.As("at", query.Name("at"))).Sort(query.Asc("at"))
			narrowed, err := query.Narrow(plan, []query.Condition{tt.of})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, strings.Join(firstColumn(t, filteredLake(t), narrowed), " ")); diff != "" {
				t.Errorf("-want +got:\n%s\n%s", diff, narrowed)
			}
		})
	}
}

func filteredLake(t *testing.T) *querytest.Lake {
	t.Helper()
	table, err := querytest.ParseTable(filtered)
	if err != nil {
		t.Fatal(err)
	}
	lake := &querytest.Lake{}
	lake.Add("t", table)
	return lake
}

func firstColumn(t *testing.T, c query.Catalog, p query.Plan) (out []string) {
	t.Helper()
	r, err := exec.Run(t.Context(), c, p, exec.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	for i := range r.Batch.Len {
		out = append(out, string(r.Batch.Columns[0].ByteAt(i)))
	}
	return out
}

func TestConditionsThatAreNotValid(t *testing.T) {
	for name, tt := range map[string]struct {
		of   query.Condition
		want string
	}{
		"no such column":        {condition("emial", "=", "ann"), "no column emial; did you mean email?"},
		"half a column":         {condition("response", "=", "x"), "no column response"},
		"no column":             {condition("", "=", "x"), "no column ``"},
		"no such operator":      {condition("email", "like", "ann"), `operator "like" is not known: there are = != =~ !~ =| !=| < <= > >=`},
		"no number":             {condition("response.statusCode", "=", "4xx"), `"4xx" is no whole number`},
		"one of some no number": {condition("response.statusCode", "=|", "400", "x"), `"x" is no whole number`},
		"no truth":              {condition("isInteractive", "=", "yes"), `"yes" is neither true nor false`},
		"no date":               {condition("date", "=", "yesterday"), `"yesterday" is no date like 2024-01-31`},
		"no time":               {condition("date_time", ">", "10:00"), `"10:00" is no time like 2024-01-31T10:00:00Z`},
		"no expression":         {condition("email", "=~", "a("), "missing closing )"},
		"out of its brackets":   {condition("email", "=~", "a)|(b"), "unexpected )"},
		"out by quoting":        {condition("email", "=~", `\Qa`), "missing closing )"},
		"a large expression":    {condition("email", "!~", "(abcdefgh){900}"), "too large"},
		"no value":              {condition("email", "="), `0 values for "="`},
		"no values":             {condition("email", "!=|"), `0 values for "!=|"`},
		"two values":            {condition("email", "=~", "a", "b"), `2 values for "=~"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := query.Narrow(query.From("t", query.TimeRange{}).Project(), []query.Condition{tt.of})
			if !errors.Is(err, query.ErrCondition) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, not one with %s", err, tt.want)
			}
		})
	}
}

func TestTooManyConditions(t *testing.T) {
	_, err := query.Narrow(query.From("t", query.TimeRange{}), slices.Repeat([]query.Condition{condition("email", "=", "ann")}, 101))
	if !errors.Is(err, query.ErrCondition) || !strings.Contains(err.Error(), "there are 101") {
		t.Errorf("error is %v", err)
	}
}

// TestNarrowIsAboutEvents: the filter is right above each scan of events, below
// whatever there is, and lines and look-ups are as they were.
func TestNarrowIsAboutEvents(t *testing.T) {
	plan, err := querytest.ParsePlan(`
aggregate count() as n by name
  join left on workspaceId = workspaceId
    project workspaceId
      union
        filter actionName = 'create'
          scan clusters
        scan silver from 2024-01-31T00:00:00Z
    project workspaceId, name
      filter name is not null
        scan ` + "`lookups.workspaces`" + `
`)
	if err != nil {
		t.Fatal(err)
	}
	narrowed, err := query.Narrow(plan, []query.Condition{condition("email", "=", "ann"), condition("sourceIPAddress", "!=", "10.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	want := `aggregate count() as n by name
  join left on workspaceId = workspaceId
    project workspaceId
      union
        filter actionName = 'create'
          filter email = 'ann' and sourceIPAddress is distinct from '10.0.0.1'
            scan clusters columns actionName, email string, sourceIPAddress string, workspaceId
        filter email = 'ann' and sourceIPAddress is distinct from '10.0.0.1'
          scan silver from 2024-01-31T00:00:00Z columns email string, sourceIPAddress string, workspaceId
    project workspaceId, name
      filter name is not null
        scan ` + "`lookups.workspaces`" + ` columns name, workspaceId
`
	if diff := cmp.Diff(want, narrowed.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"lookups.workspaces"}, query.NotNarrowed(plan.Tables())); diff != "" {
		t.Errorf("not narrowed (-want +got):\n%s", diff)
	}
	if same, err := query.Narrow(plan, nil); err != nil || same.String() != plan.String() {
		t.Errorf("without conditions: %v\n%s", err, same)
	}
}

func TestConditionsAsJSON(t *testing.T) {
	for text, want := range map[string]query.Condition{
		`{"key":"email","operator":"=","value":"ann"}`:                                    condition("email", "=", "ann"),
		`{"key":"email","operator":"=","value":""}`:                                       condition("email", "=", ""),
		`{"key":"email","operator":"=|","value":"ann","values":["ann","bob"]}`:            condition("email", "=|", "ann", "bob"),
		`{"key":"email","operator":"!=|","value":"ann"}`:                                  condition("email", "!=|", "ann"),
		`{"key":"email","operator":"!=","value":"ann","values":["ann","bob"],"origin":1}`: condition("email", "!=", "ann"),
		`{"key":"email","operator":"="}`:                                                  condition("email", "="),
	} {
		var got, again query.Condition
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		written, err := json.Marshal(got)
		if err != nil || json.Unmarshal(written, &again) != nil || len(want.Values) > 0 && !cmp.Equal(want, again) {
			t.Errorf("%s is written as %s: %v", text, written, err)
		}
	}
	var c query.Condition
	if err := json.Unmarshal([]byte(`{"key":"email","operator":"=","value":{}}`), &c); !errors.Is(err, query.ErrCondition) {
		t.Errorf("of an object as value the error is %v", err)
	}
}

// TestConditionsSeeWhatTheReaderSees: a filter on what is hidden finds nothing of
// it, and finds what is shown instead.
func TestConditionsSeeWhatTheReaderSees(t *testing.T) {
	whole := query.OfLake(deliveredLake(t))
	hidden := query.Redact(whole, query.Redaction{CommandText: true, Keys: []string{"token", "user", "cluster_name"}})
	count := func(c query.Catalog, of ...query.Condition) int {
		plan, err := query.Narrow(query.From("silver", query.TimeRange{}).Project(query.As("key", query.Name("eventKey"))), of)
		if err != nil {
			t.Fatal(err)
		}
		return len(firstColumn(t, c, plan))
	}
	for _, key := range []string{"requestParams.commandText", "requestParams.user", "request_params.token", "response.errorMessage", "actor", "extra"} {
		secret := condition(key, "=~", ".*hunter2.*")
		if n := count(whole, secret); n == 0 {
			t.Errorf("%s: nothing is planted", key)
		}
		if n := count(hidden, secret); n != 0 {
			t.Errorf("%s: %d events are found by what is hidden", key, n)
		}
		if n := count(hidden, condition(key, ">", "hunter"), condition(key, "<", "hunter3")); n != 0 {
			t.Errorf("%s: %d events are found by the order of what is hidden", key, n)
		}
		if n := count(hidden, condition(key, "!~", ".*hunter2.*")); n != count(hidden) {
			t.Errorf("%s: %d of %d events are found by not having what is hidden", key, n, count(hidden))
		}
	}
	if n := count(hidden, condition("requestParams.user", "=", query.Redacted)); n == 0 {
		t.Error("no event is found by what its reader sees")
	}
}
