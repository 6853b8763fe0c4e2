package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// randomLake has clusters and jobs with nulls everywhere.
func randomLake(t *testing.T, r *rand.Rand) *querytest.Lake {
	t.Helper()
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	table := func(head string, cells ...func() string) *columnar.Batch {
		rows := []string{head}
		for range r.IntN(40) {
			row := make([]string, len(cells))
			for i := range cells {
				if row[i] = cells[i](); r.IntN(5) == 0 {
					row[i] = "null"
				}
			}
			rows = append(rows, strings.Join(row, " | "))
		}
		b, err := querytest.ParseTable(strings.Join(rows, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	at := func() string {
		return querytest.Start.Add(time.Duration(r.IntN(4000)) * time.Minute).Format(time.RFC3339)
	}
	email := func() string { return pick("ann@x", "Ann@X", "bob@x", "''", "'é@x'", "e%@_", "null") }
	long := func() string {
		return pick("0", "1", "2", "-3", "9007199254740993", "9223372036854775807", "-9223372036854775808")
	}
	l := &querytest.Lake{}
	head := "actionName string | email string | workspaceId long | date date | date_time timestamp | isInteractive boolean | requestParams.cluster_name string | requestParams.minutes string | response.statusCode long"
	for range 2 {
		l.Add("clusters", table(head,
			func() string { return pick("create", "delete", "edit", "start") }, email, long,
			func() string { return querytest.Start.AddDate(0, 0, r.IntN(4)).Format(time.DateOnly) }, at,
			func() string { return pick("true", "false") }, func() string { return pick("job-7-run-1", "job-8-run-2", "mine", "a-b") },
			func() string { return pick("0", "10", "120", "x", "1.5", "' 7'", "1e2") }, func() string { return pick("200", "403", "500") }))
	}
	l.Add("jobs", table("email string | workspaceId long | date date | date_time timestamp | runId string | requestParams.x string", email, long,
		func() string { return querytest.Start.AddDate(0, 0, r.IntN(4)).Format(time.DateOnly) }, at,
		func() string { return pick("r1", "r2", "r3") }, func() string { return pick("1", "y") }))
	return l
}

// conditions and values are parts of statements that plans say.
var (
	conditions = []string{
		"actionName = 'create'", "email <> 'ann@x'", "email is null", "email is not null", "not (email = 'bob@x')", "workspaceId > 0",
		"workspaceId = 9007199254740993", "workspaceId between -3 and 2", "workspaceId in (1, 2, null)", "workspaceId not in (1, 2)",
		"email not in ('ann@x', null)", "date = '2024-02-01'", "date_time >= '2024-02-01'", "date_time < TIMESTAMP '2024-02-01 12:00:00'",
		"date_time > '2024-02-01T10:00:00Z'", "date_time between '2024-02-01' and '2024-02-02'", "date > DATE '2024-01-31'", "isInteractive", "not isInteractive",
		"isInteractive = true", "email like 'a%'", "email like '%x'", "email ilike 'ANN%'", "email rlike '^[a-b]'", "email <=> null", "email is distinct from 'ann@x'",
		"requestParams.minutes = 0", "requestParams.minutes > 5", "requestParams.minutes <= '10'", "requestParams['cluster_name'] like 'job-%'",
		"split(requestParams.cluster_name, '-')[1] = '7'", "response.statusCode >= 400", "response.statusCode = '200'", "requestParams.missing is null",
		"actionName in ('create', 'edit') or email is null", "date = date_time::date", "date_time - INTERVAL 1 DAY < '2024-02-01'", "date = '2024-02-01' and hour(date_time) > 3",
		"case when isInteractive then 1 else 0 end = 1", "coalesce(email, 'none') = 'none'", "length(email) > 4", "email || 'z' > 'b'", "true", "null",
	}
	values = []string{
		"actionName", "email", "workspaceId", "date", "date_time", "isInteractive", "requestParams.cluster_name", "response.statusCode",
		"workspaceId + 1", "workspaceId * 3", "workspaceId - 1", "-workspaceId", "workspaceId / 2", "requestParams.minutes / 7", "requestParams.minutes + 1",
		"upper(email)", "substring(email, 2, 3)", "concat(email, '-', actionName)", "date_trunc('hour', date_time)", "date_trunc('day', date_time)",
		"cast(workspaceId as string)", "cast(email as bigint)", "cast(requestParams.minutes as double)", "date_time::date", "cast(date as timestamp)", "cast(date_time as string)",
		"coalesce(email, actionName)", "nullif(email, 'ann@x')", "if(isInteractive, 'yes', 'no')", "case actionName when 'create' then 1 when 'edit' then 2.5 end",
		"split(requestParams.cluster_name, '-')[0]", "date_time + INTERVAL 90 MINUTES", "workspaceId > 1", "email = 'ann@x' or workspaceId = 1", "regexp_extract(email, '([a-z]+)@', 1)",
		"greatest(workspaceId, 0)", "get_json_object('{\"a\": [1, 2]}', '$.a')", "abs(workspaceId)", "1", "'x'", "1.5", "date '2024-01-01'", "timestamp '2024-01-01 10:00:00'",
		"workspaceId in (1, 2)", "email like 'a%'", "hour(date_time)", "strpos(email, '@')", "replace(email, 'x', 'yy')", "trim(requestParams.minutes)",
	}
	aggregates = []string{
		"count(*)", "count(email)", "count(distinct email)", "min(email)", "max(date_time)", "min(date)", "max(workspaceId)", "avg(response.statusCode)",
		"sum(response.statusCode)", "sum(requestParams.minutes)", "count(*) filter (where isInteractive)", "max_by(email, date_time)", "min_by(actionName, workspaceId)",
		"percentile(response.statusCode, 0.5)", "median(workspaceId)", "count_if(isInteractive)", "any_value(email)", "bool_or(isInteractive)", "percentile_approx(workspaceId, 0.9)",
		"sum(response.statusCode) / count(*)", "max(date_time) - min(date_time)", "approx_count_distinct(workspaceId)",
	}
)

// statement is one at random.
func statement(r *rand.Rand) string {
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	where := ""
	if r.IntN(4) > 0 {
		where = " where " + pick(conditions)
		for r.IntN(2) == 0 {
			where += []string{" and ", " or ", " and not "}[r.IntN(3)] + "(" + pick(conditions) + ")"
		}
	}
	desc := func() string { return []string{"", " desc", " nulls last", " desc nulls last"}[r.IntN(4)] }
	switch r.IntN(6) {
	case 0: // groups
		k1, k2 := pick(values), pick(values)
		a1, a2 := pick(aggregates), pick(aggregates)
		having := ""
		if r.IntN(2) == 0 {
			having = " having count(*) > 1"
		}
		return fmt.Sprintf("select %s as a, %s as b, %s as c, %s as d from clusters%s group by 1, 2%s order by 1%s, 2%s limit %d", k1, k2, a1, a2, where, having, desc(), desc(), r.IntN(20))
	case 1: // one row
		return fmt.Sprintf("select %s as a, %s as b, %s as c from clusters%s", pick(aggregates), pick(aggregates), pick(aggregates), where)
	case 2: // join
		kind := []string{"join", "left join", "left anti join", "left semi join"}[r.IntN(4)]
		right := ""
		if !strings.Contains(kind, "anti") && !strings.Contains(kind, "semi") {
			right = ", j.runId, j.requestParams.x"
		}
		on := []string{"c.email = j.email", "c.workspaceId = j.workspaceId and j.runId <> 'r2'", "c.email = j.email and c.date = j.date", "c.email = upper(j.email)"}[r.IntN(4)]
		return fmt.Sprintf("select c.email, c.workspaceId, c.actionName as a%s from clusters c %s jobs j on %s order by 1%s, 2, 3", right, kind, on, desc())
	case 3: // union, and a query in FROM
		return fmt.Sprintf("with u as (select email, workspaceId as w from clusters%s union all select email, workspaceId from jobs) select email, count(*) as n, max(w) as m from u group by email order by n%s, 1 limit 7", where, desc())
	case 4: // distinct
		return fmt.Sprintf("select distinct %s as a, %s as b from clusters%s order by 1%s, 2%s", pick(values), pick(values), where, desc(), desc())
	}
	return fmt.Sprintf("select %s as a, %s as b, %s as c from clusters%s order by 1%s, %s%s limit %d", pick(values), pick(values), pick(values), where, desc(), pick([]string{"email", "date_time", "workspaceId"}), desc(), r.IntN(40))
}

// A statement gives the same rows, in the same order, with the same types, whichever
// way it goes.
func TestBothWaysAgree(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	l := randomLake(t, r)
	compared := 0
	for i := range 600 {
		if i%60 == 0 {
			l = randomLake(t, r)
		}
		text := statement(r)
		route, err := sqlite.Choose(t.Context(), l, sqlite.Question{Text: text})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if route.Engine != sqlite.Plan {
			continue
		}
		plan, planErr := route.Run(t.Context(), exec.Options{})
		made, err := ask(t.Context(), l, text, sqlite.Options{})
		if planErr != nil || err != nil {
			if planErr == nil || err == nil {
				t.Fatalf("seed %d: %s\nplan: %v\nsqlite: %v", seed, text, planErr, err)
			}
			continue
		}
		compared++
		if diff := cmp.Diff(format(plan.Batch), format(made.Batch)); diff != "" {
			t.Fatalf("seed %d: %s\n(-plan +sqlite):\n%s", seed, text, diff)
		}
	}
	if compared < 400 {
		t.Errorf("only %d statements were compared", compared)
	}
}

// format is a batch as text, doubles to twelve digits.
func format(b *columnar.Batch) string {
	for _, v := range b.Columns {
		for i, f := range v.Floats {
			var g float64
			if _, err := fmt.Sscan(fmt.Sprintf("%.12g", f), &g); err == nil {
				v.Floats[i] = g
			}
		}
	}
	return querytest.Format(b)
}
