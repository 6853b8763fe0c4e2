package sqlite_test

import (
	"context"
	"testing"
	"time"

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

func TestTry(t *testing.T) {
	for _, text := range []string{
		"select actionName, count(*) n from clusters group by 1 order by n desc, 1",
		"select date_trunc('hour', date_time) as t, count(*) from clusters where date = '2024-03-05' group by t order by t",
		"select c.email, j.runId, c.requestParams.cluster_name from clusters c full join jobs j on c.email = j.email order by 1,2,3",
		"select split(requestParams.cluster_name, \"-\")[1] as jobId, count(*) from clusters where actionName = 'create' group by 1 order by 2 desc",
		"with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select sum(i), i > 3 as big from n group by big",
		"select email, workspaceId, rank() over (partition by email order by date_time desc) r, sum(1) over (order by date_time rows between 1 preceding and current row) s from clusters order by date_time",
		"select * from clusters where email in (select email from jobs where runId = 'r1') and exists (select 1 from jobs j where j.workspaceId = clusters.workspaceId)",
		"select email, (select max(date_time) from jobs j where j.email = c.email) last, collect_set(actionName) from clusters c group by email order by 1",
		"select requestParams.autotermination_minutes / 7 x, workspaceId + 1, isInteractive, not isInteractive, workspaceId = 1 from clusters where requestParams.autotermination_minutes >= 0",
		"select actionName from clusters intersect select 'create' union all values ('z'), ('y') order by 1 desc",
		"select * from jobs qualify row_number() over (partition by email order by date_time) = 1 order by 1 limit 2",
		"select email, median(workspaceId), max_by(actionName, date_time), stddev(workspaceId) from clusters group by email having count(*) > 1",
		"select count(*) from clusters a, jobs b, jobs c where a.workspaceId = b.workspaceId and b.runId > c.runId",
	} {
		b, err := run(t, text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		t.Logf("%s\n%s", text, querytest.Format(b))
	}
}
