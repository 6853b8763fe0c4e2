//go:build interop

package interop_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/trinoserver"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestNamedQueriesAgreeWithTrino asks every named query over thirty days of generated
// logs: here, and on Trino over the same Delta tables at the same versions. Each is asked
// of the whole month and of a week, with the parameters that it has by default; where one
// is required it is that of an example.
func TestNamedQueriesAgreeWithTrino(t *testing.T) {
	server := trinoServer(t)
	dir, source := filepath.Join(t.TempDir(), "lake"), filepath.Join(t.TempDir(), "delivered")
	start := time.Date(2019, 12, 10, 0, 0, 0, 0, time.UTC)
	step(t, "thirty days of logs and their tables", func() {
		auditlake(t, "generate", "--out", source, "--start", start.Format(time.DateOnly), "--days", "30", "--events-per-day", "400", "--scenario", "detections")
		auditlake(t, "etl", "--quiet", "--source", source, "--lake", dir)
	})
	local, err := store.OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	catalog := query.OfLake(lake.New(local, lake.Options{Engine: "auditlake/interop", Now: time.Now}))
	from := registered(t, server, catalog, dir)

	var all []*compared
	month := query.TimeRange{From: start, To: start.AddDate(0, 0, 30)}
	week := query.TimeRange{From: start.AddDate(0, 0, 13).Add(7 * time.Hour), To: start.AddDate(0, 0, 20)}
	for _, q := range named.All() {
		for name, r := range map[string]query.TimeRange{"month": month, "week": week} {
			plan, err := q.Plan(required(q), r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, &compared{name: q.Name + " of a " + name, plan: plan, lake: catalog, from: from})
			if !q.Alertable() {
				continue
			}
			if plan, err = q.AlertPlan(required(q), r); err != nil {
				t.Fatal(err)
			}
			all = append(all, &compared{name: "rule on " + q.Name + " of a " + name, plan: plan, lake: catalog, from: from})
		}
	}
	compareAll(t, server, all)
}

// required are the parameters without which a query is not answered.
func required(q *named.Query) map[string]string {
	out := map[string]string{}
	for _, p := range q.Params {
		if p.Required && len(q.Examples) > 0 {
			out[p.Name] = q.Examples[0].Params[p.Name]
		}
	}
	return out
}

// registered makes the tables of a lake known to Trino, and names them there.
func registered(t *testing.T, server string, catalog query.Catalog, dir string) func(*query.Bound) (string, error) {
	t.Helper()
	schema := fmt.Sprintf("%s.audit_%d", trinoserver.Catalog, time.Now().UnixNano())
	ask := func(statement string) {
		if _, err := askTrino(t.Context(), server, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	ask("CREATE SCHEMA " + schema)
	names, err := catalog.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	location := trinoserver.Config{}.Location(dir)
	_, short, _ := strings.Cut(schema, ".")
	for _, name := range names {
		ask(fmt.Sprintf("CALL %s.system.register_table(schema_name => '%s', table_name => %s, table_location => %s)",
			trinoserver.Catalog, short, stringSQL(name), stringSQL(location+"/"+strings.TrimSuffix(lake.Root(name), "/"))))
	}
	return func(scan *query.Bound) (string, error) {
		return fmt.Sprintf("%s.%s FOR VERSION AS OF %d", schema, nameSQL(scan.Node.(query.Scan).Table), scan.Version.Number), nil
	}
}
