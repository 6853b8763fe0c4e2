package named_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

const sound = `name: q
title: A query
description: >
  What it
  answers.
group: Overview
visualization: table
severity: info
alert:
  labels: [user]
  value: n
lookback: $days days
params:
  - {name: days, type: integer, default: 3, min: 1, max: 9, description: How many days}
  - {name: ignored, type: list, default: "a, b,", description: Who is left out}
sql: |
  select actor as user, count(*) as n
  from accounts
  where coalesce(actor, '') not in ($ignored)
  group by actor
examples:
  - name: none
    events: []
    rows: []
`

func TestFilesThatAreWrong(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"a key that is not known":        {"title: A", "titel: A", "q.yaml:2: field titel is not known; did you mean title?"},
		"a type that does not fit":       {"labels: [user]", "labels: {a: b}", "q.yaml:10: cannot unmarshal !!map into []string"},
		"no YAML":                        {"name: q", "name: [q", "q.yaml:1: did not find expected ',' or ']'"},
		"another name":                   {"name: q", "name: r", "q.yaml:1: name is r and the file is called q.yaml: they are the same"},
		"a name with capitals":           {"name: q", "name: Q", `q.yaml:1: name "Q" is not like failed_logins: small letters, digits and _, at most 64`},
		"a group that is none":           {"Overview", "Overwiev", `q.yaml:6: group "Overwiev" is none of Clusters, Jobs, Logins and identity, Admin and configuration, Data access, Overview, Pipeline; did you mean Overview?`},
		"a visualization that is none":   {"visualization: table", "visualization: pie", `q.yaml:7: visualization "pie" is none of table, timeseries, barchart, stat`},
		"no severity":                    {"severity: info\n", "", "q.yaml:8: severity is info, warning or critical where there is an alert, and missing where there is none"},
		"value and count":                {"value: n", "value: n\n  count: true", "q.yaml:9: an alert has either value: a column, or count: true"},
		"a value that is no column":      {"value: n", "value: m", "q.yaml:9: the answer has no column m; did you mean n?"},
		"a lookback of a text":           {"$days days", "long", `q.yaml:12: lookback "long" is not like 90 days, $days days, 12 hours or all`},
		"a lookback of a list":           {"$days days", "$ignored days", `q.yaml:12: lookback "$ignored days": ignored is no integer parameter of the query`},
		"a default beyond the bounds":    {"default: 3", "default: 30", "q.yaml:14: default: bad parameter: days is 30, not from 1 to 9"},
		"a type of a parameter":          {"type: list", "type: array", `q.yaml:15: type "array" of ignored is none of string, integer, number, list`},
		"a parameter that is not used":   {"$days days", "3 days", "q.yaml:14: parameter days is not used"},
		"a name that every query has":    {"name: ignored", "name: login_actions", "q.yaml:15: $login_actions is a list that every query has: choose another name"},
		"SQL that does not parse":        {"from accounts", "from", `q.yaml:19:3: "where" stands where a table belongs`},
		"SQL with a column that is none": {"group by actor", "group by actro.x", "q.yaml:20:12: no column actro.x; did you mean actor?"},
		"an example without a name":      {"name: none", "name: ''", "q.yaml:22: the example has no name that says what it shows"},
		"an example without rows":        {"    rows: []\n", "", `q.yaml:22: example "none" has no rows: write rows: [] for none`},
		"an example's parameter":         {"events: []", "events: []\n    params: {day: '3'}", `q.yaml:24: example "none": bad parameter: there is no "day"; did you mean days?`},
		"an event's time":                {"events: []", "events:\n      - {at: 9 am, service: a, action: b}", `q.yaml:24: at: "9 am" is not like 09:00, 09:00:30 or 09:00:30.250`},
		"an event's key":                 {"events: []", "events:\n      - {at: '09:00', user_name: a}", "q.yaml:24: field user_name is not known in an event"},
		"too many events":                {"events: []", "events:\n      - {at: '09:00', service: a, action: b, repeat: 60000}\n      - {at: '09:00', service: a, action: b, repeat: 60000}", `q.yaml:25: example "none" has more than 100000 events up to here`},
		"two documents":                  {"name: q", "--- {}\n---\nname: q", "q.yaml:1: the file has more than one document: a query is one file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := named.Parse("q.yaml", []byte(strings.Replace(sound, tt.old, tt.new, 1)))
			if err == nil {
				t.Fatal("it passes")
			}
			var at *named.FileError
			if !errors.As(err, &at) || at.Line == 0 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestLookbackAndListOfAQuery(t *testing.T) {
	q, err := named.Parse("q.yaml", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := q.Plan(map[string]string{"days": "2"}, christmas)
	if err != nil {
		t.Fatal(err)
	}
	want := `aggregate count() as n by actor as user
  filter not coalesce(actor, '') in ('a', 'b')
    scan accounts from 2019-12-26T00:00:00Z to 2019-12-29T00:00:00Z columns actor string
`
	if diff := cmp.Diff(want, plan.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	plan, err = q.AlertPlan(map[string]string{"ignored": ""}, query.TimeRange{To: christmas.To})
	if err != nil {
		t.Fatal(err)
	}
	want = `sort n desc, user
  filter n is not null
    aggregate max(n) as n by coalesce(cast(user as string), '') as user
      aggregate count() as n by actor as user
        filter not coalesce(actor, '') in ()
          scan accounts to 2019-12-29T00:00:00Z columns actor string
`
	if diff := cmp.Diff(want, plan.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counted, err := named.Parse("q.yaml", []byte(strings.Replace(sound, "value: n", "count: true", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = counted.AlertPlan(nil, christmas); err != nil || !strings.Contains(plan.String(), "filter num_events > 0\n    aggregate count() as num_events by coalesce(cast(user as string), '') as user\n") {
		t.Errorf("%v %s", err, plan)
	}
	for _, order := range []string{"n", "lower(actor)"} {
		limited, err := named.Parse("q.yaml", []byte(strings.Replace(sound, "group by actor", "group by actor\n  order by "+order+"\n  limit 1", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if plan, err = limited.AlertPlan(nil, christmas); err != nil || strings.Contains(plan.String(), "limit") {
			t.Errorf("a rule looks at all rows: %v\n%s", err, plan)
		}
	}
	if q.Description != "What it answers." || q.Alert.String() != "greatest n by user" || counted.Alert.String() != "number of rows by user" {
		t.Errorf("%q, %s, %s", q.Description, q.Alert, counted.Alert)
	}
}

// TestAFolderIsReadAgain when its files change, and what is wrong takes nothing with it.
func TestAFolderIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	as := func(name string) string { return strings.Replace(sound, "name: q\n", "name: "+name+"\n", 1) }
	write("a.yaml", as("a"))
	write("b.yaml", strings.Replace(as("b"), "from accounts", "form accounts", 1))
	write(".c.yaml", as("c"))
	write("d.txt", "no query")
	folder := named.NewFolder(dir)
	now := time.Date(2024, 3, 5, 9, 0, 0, 0, time.UTC)
	names := func() string {
		queries, err := folder.Queries(now)
		var out []string
		for _, q := range queries {
			out = append(out, q.Name)
		}
		if err != nil {
			out = append(out, err.Error())
		}
		return strings.Join(out, "; ")
	}
	if got := names(); got != `a; b.yaml:18:3: "form" stands where FROM belongs` {
		t.Errorf("at first %s", got)
	}
	write("b.yaml", as("b"))
	now = now.Add(time.Second)
	if got := names(); got == "a; b" {
		t.Error("the folder is looked at with each call")
	}
	now = now.Add(5 * time.Second)
	if got := names(); got != "a; b" {
		t.Errorf("after a change %s", got)
	}
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(5 * time.Second)
	if got := names(); got != "b" {
		t.Errorf("after a file went %s", got)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	now = now.Add(5 * time.Second)
	if got := names(); !strings.HasPrefix(got, "open the folder of queries: ") {
		t.Errorf("without the folder %s", got)
	}
}

func TestANameIsTakenOnce(t *testing.T) {
	text := strings.Replace(sound, "name: q\n", "name: job_owner\n", 1)
	q, err := named.Parse("job_owner.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	other, err := named.Parse("q.yaml", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	c, err := named.Shipped().Extend([]*named.Query{q, other})
	if err == nil || err.Error() != "job_owner.yaml: there is a query job_owner already, in queries/clusters/job_owner.yaml: choose another name" {
		t.Errorf("%v", err)
	}
	if got, err := c.Lookup("q"); err != nil || got != other {
		t.Errorf("%v %v", got, err)
	}
	if got, err := c.Lookup("job_owner"); err != nil || got == q {
		t.Errorf("%v %v", got, err)
	}
}

func TestAQueryInOtherSettings(t *testing.T) {
	q, err := named.ParseValue("entry 1", []byte(`{"name": "mine", "title": "Mine", "description": "What is mine.", "group": "Overview",
		"visualization": "stat", "sql": "select count(*) as n\nfrom silver\nwhere actor = 'me'"}`))
	if err != nil || q.Name != "mine" {
		t.Fatal(err)
	}
	_, err = named.ParseValue("entry 2", []byte(`{"name": "mine", "title": "Mine", "description": "What is mine.", "group": "Overview",
		"visualization": "stat", "sql": "select count(*) as n\nfrom silver\nwhere actor ="}`))
	if err == nil || err.Error() != "entry 2: sql, line 3, column 14: the end stands where an expression belongs" {
		t.Errorf("%v", err)
	}
}
