package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// alone asks SQLite for all of a statement, over tables that are scans.
func alone(ctx context.Context, l query.Catalog, text string) (*exec.Result, error) {
	s, _, err := sql.ParseWhole(text, sql.Macros{Range: day})
	if err != nil {
		return nil, err
	}
	q, err := sqlite.PrepareAlone(ctx, l, s, sql.Binding{Range: day, Now: day.To})
	if err != nil {
		return nil, err
	}
	return q.Run(ctx, sqlite.Options{})
}

// A statement of which plans answer parts gives the rows that it gives without them, and
// those of the plan that it is, if it is one.
func TestPartsAgree(t *testing.T) {
	parts, whole := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		lake := &querytest.Lake{}
		for _, name := range querytest.RandomTables {
			lake.Add(name, querytest.DrawFiles(t)...)
		}
		text := querytest.DrawSQL(t).Ours
		want, wantErr := alone(t.Context(), lake, text)
		got, err := ask(t.Context(), lake, text, sqlite.Options{})
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s\nparts: %v\nalone: %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(format(want.Batch), format(got.Batch)); diff != "" {
			t.Fatalf("%s\n(-alone +parts):\n%s", text, diff)
		}
		s, _, err := sql.ParseWhole(text, sql.Macros{})
		if err != nil {
			t.Fatal(err)
		}
		q, err := sqlite.Prepare(t.Context(), lake, s, sql.Binding{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(q.String(), "aggregate ") {
			parts++
		}
		plain, err := sql.Parse(text)
		if errors.Is(err, sql.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		plan, err := plain.Plan(sql.Binding{})
		if errors.Is(err, sql.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		planned, err := exec.Run(t.Context(), lake, plan, exec.Options{})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		whole++
		if diff := cmp.Diff(format(planned.Batch), format(got.Batch)); diff != "" {
			t.Fatalf("%s\n(-plan +parts):\n%s", text, diff)
		}
	})
	if parts == 0 || whole == 0 {
		t.Errorf("%d statements had parts that are grouped by plans, %d were plans: that proves little", parts, whole)
	}
	t.Logf("%d statements had parts that are grouped by plans, %d were plans", parts, whole)
}

// asked is the answer over a catalog, by SQLite.
func asked(t *testing.T, c query.Catalog, q sqlite.Question, o exec.Options) (*sqlite.Route, *exec.Result) {
	t.Helper()
	route, err := sqlite.Choose(t.Context(), c, q)
	if err != nil {
		t.Fatal(err)
	}
	if route.Engine != sqlite.SQLite {
		t.Fatalf("by %s: %s", route.Engine, q.Text)
	}
	r, err := route.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return route, r
}

// What a plan answers of a statement is told as the plan that it is.
func TestPartsAreTold(t *testing.T) {
	route, _ := asked(t, small(t), sqlite.Question{Text: `
with days as (select date, count(*) as n from clusters where upper(email) = 'ANN@X' group by date)
select date, ntile(2) over (order by n) as half, (select max(n) from days) as most from days where n > 1 and date > '2024-01-01'`}, exec.Options{})
	want := `t0:
project 1 as row, date as ` + "`0`, n as `1`" + `
  filter n > 1
    aggregate count() as n by date
      filter upper(email) = 'ANN@X' and date > date '2024-01-01'
        scan clusters columns date date, email string

t1:
project 1 as row, max as ` + "`0`" + `
  limit 1
    aggregate max(n) as max
      aggregate count() as n by date
        filter upper(email) = 'ANN@X'
          scan clusters columns date date, email string

SELECT s2.c0 AS c0, ntile(2) OVER (ORDER BY s2.c1 NULLS FIRST) AS c1, (SELECT c0 FROM t1) AS c2 FROM t0 AS s2`
	if diff := cmp.Diff(want, route.Explained); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is computed of the columns of one table is a column of its plan, unless the rows
// are there without the table, too.
func TestComputedColumns(t *testing.T) {
	const text = "select ntile(1) over (order by upper(c.email)) as one, coalesce(j.runId, 'none') as run, lower(j.email) as who, count(*) as n from clusters c left join jobs j on c.email = j.email group by coalesce(j.runId, 'none'), lower(j.email), upper(c.email) order by 2, 3, 4"
	route, r := asked(t, small(t), sqlite.Question{Text: text}, exec.Options{})
	want := `
one long | run string | who string | n long
1        | none       | null       | 1
1        | r1         | ann@x      | 3
1        | r2         | bob@x      | 1
`
	if diff := cmp.Diff(strings.Fields(want), strings.Fields(querytest.Format(r.Batch))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(route.Explained, "upper(email) as ") || strings.Contains(route.Explained, "coalesce(runId") {
		t.Error(route.Explained)
	}
}

// Parts see no more than the statement may: of events, of parameters, of workspaces.
func TestPartsAreNarrowedAndHidden(t *testing.T) {
	const text = "select k, n, ntile(1) over (order by n) as one from (select requestParams.cluster_name as k, count(*) as n from clusters group by 1) x order by 1"
	for name, c := range map[string]struct {
		catalog query.Catalog
		narrow  []query.Condition
		want    string
	}{
		"all":     {small(t), nil, "k string | n long | one long\n null | 1 | 1\n 'A''b' | 1 | 1\n job-7-run-1 | 1 | 1\n job-7-run-2 | 1 | 1\n mine | 1 | 1"},
		"filters": {small(t), []query.Condition{{Key: "email", Operator: "=", Values: []string{"ann@x"}}}, "k string | n long | one long\n 'A''b' | 1 | 1\n job-7-run-1 | 1 | 1\n mine | 1 | 1"},
		"hidden":  {query.Redact(small(t), query.Redaction{Keys: []string{"cluster_name"}}), nil, "k string | n long | one long\n null | 1 | 1\n [redacted] | 4 | 1"},
		"scoped":  {query.Scoped(small(t), query.Scope{Workspaces: []int64{2}}), nil, "k string | n long | one long\n mine | 1 | 1"},
	} {
		route, r := asked(t, c.catalog, sqlite.Question{Text: text, Narrow: c.narrow}, exec.Options{})
		if !strings.Contains(route.Explained, "aggregate count() as n") {
			t.Errorf("%s: no plan has the groups:\n%s", name, route.Explained)
		}
		if diff := cmp.Diff(strings.Fields(c.want), strings.Fields(querytest.Format(r.Batch))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A query of WITH that is read twice is read once from the lake; keys tell parts apart.
func TestPartsAreReadOnce(t *testing.T) {
	const text = "with d as (select email, count(*) as n from clusters where actionName <> '%s' group by email) select a.n, b.n as other from d a full join d b on a.n < b.n order by 1, 2"
	once, r := asked(t, small(t), sqlite.Question{Text: strings.Replace(text, "%s", "x", 1)}, exec.Options{})
	if got := r.Stats.Scan.Rows; got != 5 {
		t.Errorf("%d rows were read, and the table has 5", got)
	}
	other, _ := asked(t, small(t), sqlite.Question{Text: strings.Replace(text, "%s", "y", 1)}, exec.Options{})
	key, _ := once.Key()
	if k, _ := other.Key(); k == key {
		t.Errorf("one key for two statements: %s", key)
	}
}

// The memory of parts counts, and where there is little of it counts of distinct values
// are estimates, which the answer says of its numbers.
func TestPartsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("email string | actionName string\n")
	for i := range 60_000 {
		fmt.Fprintf(&b, "user-%d@example.com | create\n", i)
	}
	rows, err := querytest.ParseTable(b.String())
	if err != nil {
		t.Fatal(err)
	}
	l := &querytest.Lake{}
	l.Add("clusters", rows)
	_, r := asked(t, l, sqlite.Question{Text: "select actionName, n, ntile(1) over (order by n) as one from (select actionName, count(distinct email) as n from clusters group by 1) x"}, exec.Options{MaxMemory: 4 << 20})
	if diff := cmp.Diff([]bool{false, true, true}, r.Estimated); diff != "" || len(r.Notices) != 1 || !strings.Contains(r.Notices[0], "estimates") {
		t.Errorf("%v %v", r.Estimated, r.Notices)
	}
	if n := r.Batch.Columns[1].Ints[0]; n < 57_000 || n > 63_000 {
		t.Errorf("%d of 60000", n)
	}
	route, err := sqlite.Choose(t.Context(), l, sqlite.Question{Text: "select max(one) as m from (select email, n, ntile(1) over (order by n) as one from (select email, count(*) as n from clusters group by 1) x) y"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = route.Run(t.Context(), exec.Options{MaxMemory: 4 << 20})
	if limit, ok := errors.AsType[*exec.LimitError](err); !ok || limit.Max != 4<<20 {
		t.Errorf("%v", err)
	}
}
