package exec_test

import (
	"fmt"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

const benchRows = 300_000

// benchLake is 300,000 events in 10 files, strings as codes.
func benchLake() *querytest.Lake {
	str, long := columnar.Of(columnar.String), columnar.Of(columnar.Long)
	schema := columnar.Schema{
		{Name: "serviceName", Type: str},
		{Name: "actionName", Type: str},
		{Name: "actor", Type: str},
		{Name: "date", Type: columnar.Of(columnar.Date)},
		{Name: "date_time", Type: columnar.Of(columnar.Timestamp)},
		{Name: "response", Type: columnar.StructOf(columnar.Field{Name: "statusCode", Type: long})},
		{Name: "workspaceId", Type: long},
	}
	lake := &querytest.Lake{}
	for f := range 10 {
		b := columnar.NewBatch(schema)
		for i := range benchRows / 10 {
			x := uint32(f*benchRows/10+i) * 2654435761
			b.Columns[0].AppendString(fmt.Sprint("service", x>>8%20))
			b.Columns[1].AppendString(fmt.Sprint("action", x>>12%150))
			b.Columns[2].AppendString(fmt.Sprint("user", x>>4%2000, "@example.com"))
			b.Columns[3].AppendInt(int64(18000 + f))
			b.Columns[4].AppendInt(int64(18000+f)*86400_000_000 + int64(i)*1_000_000)
			b.Columns[5].Children[0].AppendInt([]int64{200, 200, 200, 403}[x>>6%4])
			b.Columns[5].AppendNested()
			b.Columns[6].AppendInt(int64(x >> 20 % 4))
			b.Len++
		}
		lake.Add("silver", b)
	}
	return lake
}

func BenchmarkRun(b *testing.B) {
	lake := benchLake()
	plans := []struct{ name, text string }{
		{"group by one dictionary column", "aggregate count() as n by actionName\n  scan silver"},
		{"group by two dictionary columns", "aggregate count() as n by serviceName, actionName\n  scan silver"},
		{"group by three, one a date", "aggregate count() as n by serviceName, actionName, date\n  scan silver"},
		{"filter, group by day", "aggregate count() as n by date\n  filter actionName = 'action7' and response.statusCode >= 400\n    scan silver"},
		{"regex, lower, group by", "aggregate count() as n by lower(actor) as who\n  filter actor matches '[0-9]5@'\n    scan silver"},
		{"buckets in a time zone", "aggregate count() as n by bucket(date_time, 'hour', 'Europe/Berlin') as t\n  scan silver"},
		{"count distinct by group", "aggregate distinct(actor) as n by serviceName\n  scan silver"},
		{"top 10 of a sort", "limit 10\n  sort date_time desc\n    project date_time, actor\n      scan silver"},
	}
	for _, p := range plans {
		for _, plain := range []bool{false, true} {
			encoding := "codes"
			if plain {
				encoding = "plain"
			}
			b.Run(p.name+"/"+encoding, func(b *testing.B) {
				l := *lake
				l.Plain = plain
				plan := mustPlan(b, p.text)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := exec.Run(b.Context(), &l, plan, exec.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}

// BenchmarkScope compares a scoped catalog with a plan that says the same in a
// filter, where every batch has rows of all four workspaces.
func BenchmarkScope(b *testing.B) {
	ids := []int64{1, 2}
	list := []columnar.Value{columnar.IntValue(columnar.Long, ids[0]), columnar.IntValue(columnar.Long, ids[1])}
	inScope := query.In{X: query.Column(columnar.Long, query.WorkspaceColumn), List: list}
	for name, text := range map[string]string{
		"count":          "aggregate count() as n\n  scan silver",
		"group by two":   "aggregate count() as n by serviceName, actionName\n  scan silver",
		"five columns":   "aggregate count(actor) as a, max(date_time) as t, sum(response.statusCode) as s by serviceName, actionName\n  scan silver",
		"top 10 by time": "limit 10\n  sort date_time desc\n    project date_time, actor\n      scan silver",
	} {
		lake := benchLake()
		plan := mustPlan(b, text)
		filtered := query.Plan{Root: query.Transform(plan.Root, func(n query.Node) query.Node {
			if _, ok := n.(query.Scan); ok {
				return query.Filter{Input: n, If: inScope}
			}
			return n
		})}
		for _, way := range []struct {
			name    string
			catalog query.Catalog
			plan    query.Plan
		}{{"filter", lake, filtered}, {"scoped", query.Scoped(lake, query.Scope{Workspaces: ids}), plan}} {
			b.Run(name+"/"+way.name, func(b *testing.B) {
				for b.Loop() {
					if _, err := exec.Run(b.Context(), way.catalog, way.plan, exec.Options{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkRedact reads parameters of silver, a map, and lines of bronze as they
// are and with command texts hidden.
func BenchmarkRedact(b *testing.B) {
	str := columnar.Of(columnar.String)
	silver := columnar.NewBatch(columnar.Schema{{Name: "requestParams", Type: columnar.MapOf(str, str)}})
	bronze := columnar.NewBatch(columnar.Schema{{Name: "raw", Type: str}})
	for i := range 50_000 {
		command := fmt.Sprint("SELECT * FROM sales.orders WHERE id = ", i%20_000, " AND region IN ('eu', 'us') -- nightly")
		cluster := fmt.Sprintf(`{"spark_version":"15.4.x","num_workers":%d,"node_type_id":"i3.xlarge"}`, i%100)
		m := silver.Columns[0]
		for _, kv := range [][2]string{{"notebookId", fmt.Sprint(i % 500)}, {"commandText", command}, {"status", "finished"}, {"new_cluster", cluster}} {
			m.Children[0].AppendString(kv[0])
			m.Children[1].AppendString(kv[1])
		}
		m.AppendNested()
		bronze.Columns[0].AppendString(fmt.Sprintf(`{"timestamp":%d,"workspaceId":42,"serviceName":"notebook","actionName":"runCommand","requestParams":{"notebookId":"%d","commandText":%q,"new_cluster":%q},"response":{"statusCode":200,"result":"{}"}}`, i, i%500, command, cluster))
	}
	silver.Len, bronze.Len = 50_000, 50_000
	lake := &querytest.Lake{}
	lake.Add("silver", silver)
	lake.Add("bronze", bronze)
	plain := *lake
	plain.Plain = true // as bronze is written
	for _, p := range []struct {
		name, text string
		lake       *querytest.Lake
	}{
		{"parameter of a map", "aggregate count() as n by requestParams.notebookId as id\n  scan silver", lake},
		{"lines", "aggregate count(raw) as n\n  scan bronze", &plain},
	} {
		for name, catalog := range map[string]query.Catalog{"plain": p.lake, "redacted": query.Redact(p.lake, query.Redaction{CommandText: true})} {
			b.Run(p.name+"/"+name, func(b *testing.B) {
				plan := mustPlan(b, p.text)
				for b.Loop() {
					if _, err := exec.Run(b.Context(), catalog, plan, exec.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(50_000*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}

func BenchmarkNamed(b *testing.B) {
	plan, err := named.Build("clusters_by_creator", nil, query.TimeRange{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := exec.Run(b.Context(), &querytest.Lake{}, plan, exec.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
