package sql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// twoTables are clusters, in two files by date, and users.
func twoTables(t *testing.T) *querytest.Lake {
	t.Helper()
	lake := &querytest.Lake{}
	add := func(table string, files ...string) {
		for _, text := range files {
			batch, err := querytest.ParseTable(text)
			if err != nil {
				t.Fatal(err)
			}
			lake.Add(table, batch)
		}
	}
	add("silver", `
actionName string | date date  | date_time timestamp  | email string | workspaceId long | requestParams.x string
create            | 2024-03-04 | 2024-03-04T10:00:00Z | ann          | 1                | a-b
edit              | 2024-03-04 | 2024-03-04T11:00:00Z | null         | 2                | a`, `
actionName string | date date  | date_time timestamp  | email string | workspaceId long | requestParams.x string
create            | 2024-03-05 | 2024-03-05T10:00:00Z | bob          | 1                | 7
create            | 2024-03-05 | 2024-03-05T10:20:00Z | ann          | 3                | null
delete            | 2024-03-05 | 2024-03-05T12:00:00Z | eve          | 1                | a-b-c`)
	add("users", `
email string | team string
ann          | red
ann          | blue
bob          | null
null         | none`)
	return lake
}

// TestAnswers: what statements give, where plans say them in a roundabout way.
func TestAnswers(t *testing.T) {
	lake := twoTables(t)
	for text, want := range map[string]string{
		// A partner that is there twice is there once, and null is in no list.
		"select email, date_time from silver where email in (select email from users) order by 2": `
{"email":"ann","date_time":"2024-03-04T10:00:00.000Z"}
{"email":"bob","date_time":"2024-03-05T10:00:00.000Z"}
{"email":"ann","date_time":"2024-03-05T10:20:00.000Z"}`,
		"select count(*) as n from silver s left semi join users u on s.email = u.email and u.team = 'red'": `
{"n":2}`,
		"select email from silver union all select email from users union select team from users": `
{"email":"ann"}
{"email":"blue"}
{"email":"bob"}
{"email":"eve"}
{"email":"none"}
{"email":"red"}
{"email":null}`,
		"select email from users union select email from users union all select 'ann' as x from users where team = 'red'": `
{"email":"ann"}
{"email":"ann"}
{"email":"bob"}
{"email":null}`,
		"select email, date from silver order by date_time desc limit 2 offset 1": `
{"email":"ann","date":"2024-03-05"}
{"email":"bob","date":"2024-03-05"}`,
		"select email from silver order by email nulls last offset 3": `
{"email":"eve"}
{"email":null}`,
		"select email from silver order by email desc nulls last limit 1": `
{"email":"eve"}`,
		"select email, row_number() over (partition by email order by date_time desc) as r from silver where email is not null qualify r = 1": `
{"email":"ann","r":1}
{"email":"bob","r":1}
{"email":"eve","r":1}`,
		"select count(distinct email, workspaceId) as pairs, size(collect_set(email)) as people from silver": `
{"pairs":4,"people":3}`,
		"select concat_ws('-', email, requestParams.x, 'z') as a from silver where actionName <> 'create' order by a": `
{"a":"a-z"}
{"a":"eve-a-b-c-z"}`,
		"select element_at(split(requestParams.x, '-'), -1) as last, size(split(requestParams.x, '-')) as n, array_contains(split(requestParams.x, '-'), 'b') as b from silver where requestParams.x like 'a%' order by n": `
{"last":"a","n":1,"b":false}
{"last":"b","n":2,"b":true}
{"last":"c","n":3,"b":true}`,
		"select window(event_time, '30 minutes').start as since, count(*) as n from audit where event_date > now() - interval 1 day group by 1": `
{"since":"2024-03-05T10:00:00.000Z","n":2}
{"since":"2024-03-05T12:00:00.000Z","n":1}`,
		"select count_if(date(date_time) = '2024-03-04') as a, count_if(date(date_time) > '2024-03-04') as b, count_if(date(date_time) <= '2024-03-04') as c, count_if(date between now() - interval 15 hours and now()) as d, count_if(date >= timestamp '2024-03-04 00:00:01') as e from silver": `
{"a":2,"b":3,"c":2,"d":3,"e":3}`,
		"select user_identity.email, request_params['x'] as x from audit where request_params.x > 5": `
{"email":"bob","x":"7"}`,
		"select any_value(email) as e, median(workspaceId) as m, bool_or(email = 'eve') as b, count_if(actionName = 'create') as n, percentile_approx(workspaceId, 0.9) as p from silver": `
{"e":"ann","m":1,"b":true,"n":3,"p":3}`,
	} {
		rows, _ := answerOf(t, lake, text)
		if !strings.Contains(text, "order by") || strings.Contains(text, "qualify") {
			slices.Sort(rows)
		}
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), strings.Join(rows, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// Filters of the view leave out files of the table below it.
func TestFiltersOfTheViewPrune(t *testing.T) {
	lake := twoTables(t)
	for text, want := range map[string]string{
		"select event_id from audit where event_date = '2024-03-05'":                                 "1 of 2",
		"select action_name from audit where event_date > now() - interval 1 day":                    "1 of 2",
		"select action_name from audit where event_time >= timestamp '2024-03-05 09:00:00'":          "1 of 2",
		"select action_name from audit where workspace_id = '3'":                                     "1 of 2",
		"select action_name from audit where workspace_id in ('3', '4')":                             "1 of 2",
		"select action_name from audit where date(event_time) = '2024-03-04'":                        "1 of 2",
		"select action_name from audit where event_date between now() - interval 15 hours and now()": "1 of 2",
		"select action_name from audit where workspace_id = 4":                                       "2 of 2",
		"select n from (select event_date as d, action_name as n from audit) where d < '2024-03-05'": "1 of 2",
		"select action_name from audit where workspace_id = '0x2'":                                   "0 of 2",
	} {
		_, stats := answerOf(t, lake, text)
		if got := fmt.Sprintf("%d of %d", stats.FilesPruned, stats.Files); got != want {
			t.Errorf("%s: %s files are left out, want %s", text, got, want)
		}
	}
}

func answerOf(t *testing.T, lake *querytest.Lake, text string) ([]string, query.ScanStats) {
	t.Helper()
	s, err := sql.Parse(text)
	if err != nil {
		t.Fatal(text, err)
	}
	p, err := s.Plan(sql.Binding{Range: query.TimeRange{To: time.Date(2024, 3, 5, 15, 0, 0, 0, time.UTC)}})
	if err != nil {
		t.Fatal(text, err)
	}
	res, err := exec.Run(t.Context(), lake, p, exec.Options{})
	if err != nil {
		t.Fatal(text, err)
	}
	rows := make([]string, res.Batch.Len)
	for i := range rows {
		row, err := exec.RowJSON(res.Batch, i)
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = string(row)
	}
	return rows, res.Stats.Scan
}

// now() is the end of the time range, else the time of the binding, else nothing.
func TestNow(t *testing.T) {
	s, err := sql.Parse("select now() as a, current_date as b from silver")
	if err != nil {
		t.Fatal(err)
	}
	end, now := time.Date(2024, 3, 5, 15, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, b := range map[string]sql.Binding{
		"timestamp '2024-03-05T15:00:00Z' as a, date '2024-03-05' as b": {Range: query.TimeRange{To: end}, Now: now},
		"timestamp '2026-01-02T03:04:05Z' as a, date '2026-01-02' as b": {Now: now},
	} {
		p, err := s.Plan(b)
		if err != nil || !strings.Contains(p.String(), want) {
			t.Errorf("%v %s", err, p)
		}
	}
	if _, err := s.Plan(sql.Binding{}); err == nil {
		t.Error("there is no now, and it is answered")
	}
}
