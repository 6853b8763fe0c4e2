package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

var day = query.TimeRange{From: time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC), To: time.Date(2024, 3, 6, 0, 0, 0, 0, time.UTC)}

const clusters = `
actionName string | email string | workspaceId long | date date | date_time timestamp | isInteractive boolean | requestParams.cluster_name string | requestParams.autotermination_minutes string | response.statusCode long
create | ann@x | 1 | 2024-03-05 | 2024-03-05T10:00:00Z | true | job-7-run-1 | 0 | 200
create | bob@x | 1 | 2024-03-05 | 2024-03-05T11:30:00Z | false | job-7-run-2 | 120 | 200
delete | ann@x | 2 | 2024-03-05 | 2024-03-05T11:45:00Z | null | mine | null | 403
start | null | 9007199254740993 | 2024-03-05 | 2024-03-05T12:00:00Z | true | null | x | null
edit | ann@x | null | null | null | null | A'b | 30 | 500
`

const jobs = `
actionName string | email string | workspaceId long | date date | date_time timestamp | runId string
runNow | ann@x | 1 | 2024-03-05 | 2024-03-05T09:00:00Z | r1
runNow | bob@x | 2 | 2024-03-05 | 2024-03-05T09:30:00Z | r2
cancel | eve@x | 1 | 2024-03-05 | 2024-03-05T09:45:00Z | r2
`

func small(t testing.TB) *querytest.Lake {
	t.Helper()
	l := &querytest.Lake{}
	for name, text := range map[string]string{"clusters": clusters, "jobs": jobs} {
		b, err := querytest.ParseTable(text)
		if err != nil {
			t.Fatal(err)
		}
		l.Add(name, b)
	}
	return l
}

// ask answers a text on SQLite, whatever plans could do.
func ask(ctx context.Context, l query.Catalog, text string, o sqlite.Options) (*exec.Result, error) {
	s, _, err := sql.ParseWhole(text, sql.Macros{Range: day})
	if err != nil {
		return nil, err
	}
	q, err := sqlite.Prepare(ctx, l, s, sql.Binding{Range: day, Now: day.To})
	if err != nil {
		return nil, err
	}
	return q.Run(ctx, o)
}

func run(t testing.TB, text string) (*columnar.Batch, error) {
	t.Helper()
	r, err := ask(t.Context(), small(t), text, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return r.Batch, nil
}

// What no plan says: each statement goes to SQLite by itself, and has this answer.
func TestStatements(t *testing.T) {
	for text, want := range map[string]string{
		"select c.email, j.runId, c.requestParams.cluster_name from clusters c full join jobs j on c.email = j.email order by 1, 2, 3": `
email string | runId string | cluster_name string
null         | null         | null
null         | r2           | null
ann@x        | r1           | 'A''b'
ann@x        | r1           | job-7-run-1
ann@x        | r1           | mine
bob@x        | r2           | job-7-run-2
`,
		"select a.runId as x, b.runId as y, b.email from jobs a full join jobs b on a.runId = b.runId and a.email < b.email and b.workspaceId = 1 order by 1, 2, 3": `
x string | y string | email string
null     | r1       | ann@x
null     | r2       | bob@x
r1       | null     | null
r2       | null     | null
r2       | r2       | eve@x
`,
		"select a.runId as x, b.runId as y from jobs a join jobs b on a.email = b.email or a.workspaceId = b.workspaceId order by 1, 2": `
x string | y string
r1       | r1
r1       | r2
r2       | r1
r2       | r2
r2       | r2
`,
		"select array_join(collect_set(actionName), ' ') as a, concat_ws('+', collect_list(email)) as c, size(collect_set(email)) as n, (select 1) as one from clusters": `
a string                 | c string                | n long | one long
create delete edit start | ann@x+bob@x+ann@x+ann@x | 2      | 1
`,
		"select email, n from clusters right join (select email, count(*) n from jobs group by 1) using (email) where actionName = 'create' or actionName is null order by 1": `
email string | n long
ann@x        | 1
bob@x        | 1
eve@x        | 1
`,
		"with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select sum(i) s, i > 3 as big from n group by big order by 2": `
s long | big boolean
6      | false
9      | true
`,
		"select email, rank() over (partition by email order by date_time desc) r, sum(1) over (order by date_time rows between 1 preceding and current row) s from clusters where date_time is not null order by date_time": `
email string | r long | s long
ann@x        | 2      | 1
bob@x        | 1      | 2
ann@x        | 1      | 2
null         | 1      | 2
`,
		"select actionName, count(*) over (order by date_time range between interval 30 minutes preceding and current row) n, lag(actionName, 2, 'none') over w l from clusters where date_time is not null window w as (order by date_time) order by date_time": `
actionName string | n long | l string
create            | 1      | none
create            | 1      | none
delete            | 2      | create
start             | 3      | create
`,
		"select email, (select max(date_time) from jobs j where j.email = c.email) as last, collect_set(actionName) as did from clusters c group by email order by 1": `
email string | last timestamp       | did string
null         | null                 | ["start"]
ann@x        | 2024-03-05T09:00:00Z | ["create","delete","edit"]
bob@x        | 2024-03-05T09:30:00Z | ["create"]
`,
		"select actionName, email from clusters c where exists (select 1 from jobs j where j.workspaceId = c.workspaceId and j.email <> c.email) order by 1, 2": `
actionName string | email string
create            | ann@x
create            | bob@x
delete            | ann@x
`,
		"select actionName as a from clusters intersect select 'create' union all values ('z'), ('y') order by 1 desc": `
a string
z
y
create
`,
		"select email from clusters except select email from jobs": `
email string
null
`,
		"select count(*) as n from clusters a, jobs b, jobs c where a.workspaceId = b.workspaceId and b.runId > c.runId": `
n long
3
`,
		"select email, stddev(workspaceId) as d, string_agg(actionName, '+') filter (where workspaceId > 0) as a, mode(workspaceId) as m, sum(distinct workspaceId) as s from clusters where email is not null group by email having count(*) > 1": `
email string | d double           | a string      | m long | s long
ann@x        | 0.7071067811865476 | create+delete | 1      | 3
`,
		"select date, date_time, max(date_time) over () as m, workspaceId, isInteractive, not isInteractive as n, date_trunc('hour', date_time) as h, 1.5 as d, null as nothing, (select date '2024-01-02') as q from clusters where workspaceId > 2": `
date date  | date_time timestamp  | m timestamp          | workspaceId long | isInteractive boolean | n boolean | h timestamp          | d double | nothing string | q date
2024-03-05 | 2024-03-05T12:00:00Z | 2024-03-05T12:00:00Z | 9007199254740993 | true                  | false     | 2024-03-05T12:00:00Z | 1.5      | null           | 2024-01-02
`,
		"select email from clusters where requestParams.cluster_name like concat('%', requestParams.autotermination_minutes) or email ilike concat('BOB', '%') or actionName rlike concat('^st', 'art')": `
email string
bob@x
null
`,
		"select x.t, x.n, (select 1) as one from (select date_trunc('day', date_time) as t, count(*) as n from clusters group by 1) x where x.t >= '2024-03-05' and x.t < timestamp '2024-03-06 00:00:00'": `
t timestamp          | n long | one long
2024-03-05T00:00:00Z | 4      | 1
`,
		"select email, count(*) as n, collect_set(actionName) as did, ntile(1) over (order by email) as tile from clusters group by 1 having n + 1 > 3 order by n desc": `
email string | n long | did string                 | tile long
ann@x        | 3      | ["create","delete","edit"] | 1
`,
		// A name is a name, whatever it would be to SQLite.
		"select email, count(*) as `(select 42)` from clusters where exists (select 1) group by 1 having `(select 42)` > 2": `
email string | (select 42) long
ann@x        | 3
`,
		"select count(*) as `lake_value(1,0,0)`, 0 as `s1.c0` from clusters where exists (select 1) having `lake_value(1,0,0)` > 2 and `s1.c0` = 0": `
lake_value(1,0,0) long | s1.c0 long
5                      | 0
`,
		"select count(*) as n from accounts where exists (select 1)": `
n long
0
`,
	} {
		route, err := sqlite.Choose(t.Context(), small(t), sqlite.Question{Text: text, Macros: sql.Macros{Range: day}, Binding: sql.Binding{Range: day}})
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		r, err := route.Run(t.Context(), exec.Options{})
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		lines := func(text string) (out []string) {
			for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
				out = append(out, strings.TrimRight(line, " "))
			}
			return out
		}
		if diff := cmp.Diff(lines(want), lines(querytest.Format(r.Batch))); diff != "" || route.Engine != sqlite.SQLite {
			t.Errorf("%s\nby %s (-want +got):\n%s", text, route.Engine, diff)
		}
	}
}

// A table that nothing came to yet is empty and noticed; versions and keys are of the
// tables that were read.
func TestMissingTable(t *testing.T) {
	l := small(t)
	ask := func(text string) *sqlite.Route {
		route, err := sqlite.Choose(t.Context(), l, sqlite.Question{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		return route
	}
	route := ask("select count(*) n from accounts a, jobs j")
	r, err := route.Run(t.Context(), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"table accounts does not exist yet: the answer has nothing from it"}, r.Notices); diff != "" {
		t.Error(diff)
	}
	if _, ok := route.Versions()["jobs"]; !ok || len(route.Versions()) != 1 {
		t.Errorf("%v", route.Versions())
	}
	if r, err = ask("select * from accounts").Run(t.Context(), exec.Options{}); err != nil || r.Batch.Len != 0 || len(r.Schema) < 20 || len(r.Notices) != 1 {
		t.Errorf("%v %v", r, err)
	}
	if _, err := sqlite.Choose(t.Context(), l, sqlite.Question{Text: "select * from clusterz"}); err == nil || !strings.Contains(err.Error(), "did you mean clusters") {
		t.Error(err)
	}
	like, _ := ask("select count(*) n from jobs where email like runId").Key()
	rlike, _ := ask("select count(*) n from jobs where email rlike runId").Key()
	if like == rlike {
		t.Errorf("one key for LIKE and RLIKE: %s", like)
	}
	key, _ := route.Key()
	same, _ := ask("select count(*) n from accounts x, jobs y").Key()
	other, _ := ask("select count(*) n from accounts a, jobs j where j.runId = 'r1'").Key()
	if key != same || key == other {
		t.Errorf("keys\n%s\n%s\n%s", key, same, other)
	}
}

// TestNarrow: conditions of a dashboard hold for the events that SQLite reads, too.
func TestNarrow(t *testing.T) {
	const text = "select count(*) as n from clusters where exists (select 1)%s"
	conditions := []query.Condition{{Key: "actionName", Operator: "=", Values: []string{"create"}}}
	for name, ask := range map[string]sqlite.Question{
		"where":  {Text: fmt.Sprintf(text, " and actionName = 'create'")},
		"narrow": {Text: fmt.Sprintf(text, ""), Narrow: conditions},
	} {
		route, err := sqlite.Choose(t.Context(), small(t), ask)
		if err != nil {
			t.Fatal(err)
		}
		r, err := route.Run(t.Context(), exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := sqlite.Choose(t.Context(), small(t), sqlite.Question{Text: fmt.Sprintf(text, "")})
		if err != nil {
			t.Fatal(err)
		}
		key, _ := route.Key()
		if other, _ := all.Key(); key == other {
			t.Errorf("%s: its answer would be taken for that of all rows", name)
		}
		if got := r.Batch.Columns[0].Ints[0]; got != 2 || route.Engine != sqlite.SQLite {
			t.Errorf("%s: %d, by %s", name, got, route.Engine)
		}
	}
	wrong := sqlite.Question{Text: fmt.Sprintf(text, ""), Narrow: []query.Condition{{Key: "nothing", Operator: "=", Values: []string{"x"}}}}
	if _, err := sqlite.Choose(t.Context(), small(t), wrong); !errors.Is(err, query.ErrCondition) {
		t.Errorf("%v", err)
	}
}
