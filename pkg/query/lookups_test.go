package query_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/store"
)

// owned is a lake with an event each of workspaces 1, 2 and 3, and these look-ups.
func owned(t testing.TB, lookups map[string]string) *lake.Lake {
	t.Helper()
	var lines strings.Builder
	for i, e := range []struct {
		workspace int
		ip        string
	}{{1, "10.1.2.3"}, {2, "192.0.2.7"}, {3, "10.9.9.9"}} {
		fmt.Fprintf(&lines, `{"timestamp":%d,"workspaceId":%d,"serviceName":"accounts","actionName":"login","requestId":"r%d",`+
			`"sourceIPAddress":%q,"userIdentity":{"email":"u%d@acme.example"},"requestParams":{"user":"secret"}}`+"\n",
			1710000000000+i, e.workspace, i, e.ip, i)
	}
	source := store.NewMemory("source")
	if _, err := source.Put(t.Context(), "workspaceId=1/date=2024-03-09/auditlogs_1.json", []byte(lines.String())); err != nil {
		t.Fatal(err)
	}
	l := lake.New(store.NewMemory("lake"), lake.Options{
		Engine: "auditlake/test", Now: func() time.Time { return time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC) },
	})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(source)}, Engine: "auditlake/test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, body := range lookups {
		if _, err := l.Store().Put(t.Context(), lookup.Key(name), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func acme() map[string]string {
	return map[string]string{
		"workspaces": "workspaceId,name,budget:double\n1,prod,100.5\n2,dev,\n9,gone,1\n",
		"networks":   "cidr:network,site,workspaceId\n10.0.0.0/8,corp,*\n10.1.0.0/16,berlin,1\n10.1.0.0/16,attic,2\n",
		"owners":     "email,raw,requestParams\nu0@acme.example,r,p\n",
		"sizes":      "email,n:long\nu1@acme.example,7\n",
	}
}

// sqlAnswer is the rows of a statement, with what was noted, or the error.
func sqlAnswer(t testing.TB, catalog query.Catalog, text string) string {
	t.Helper()
	s, err := sql.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(sql.Binding{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Run(t.Context(), catalog, p, exec.Options{})
	if err != nil {
		return "error: " + err.Error()
	}
	out := querytest.Format(got.Batch)
	for _, n := range got.Notices {
		out += "notice: " + n + "\n"
	}
	return out
}

func TestLookupsInSQL(t *testing.T) {
	l := owned(t, acme())
	all := query.OfLake(l)
	only := func(ids ...int64) query.Catalog {
		return query.Redact(query.Scoped(all, query.Scope{Workspaces: ids}), query.Redaction{CommandText: true, Keys: []string{"user"}})
	}
	const (
		names    = "select s.workspaceId as w, l.name, l.budget from silver s left join lookups.workspaces l using (workspaceId) order by w"
		networks = "select s.workspaceId as w, n.site from silver s left join lookups.networks n on in_network(s.sourceIPAddress, n.cidr) order by w"
		mine     = "select s.workspaceId as w, n.site from silver s join lookups.networks n on in_network(s.sourceIPAddress, n.cidr) and s.workspaceId = n.workspaceId"
	)
	for name, tt := range map[string]struct {
		catalog query.Catalog
		sql     string
		want    string
	}{
		"names": {all, names, `
			w long | name string | budget double
			1 | prod | 100.5
			2 | dev | null
			3 | null | null`},
		"names in scope": {only(2), names, `
			w long | name string | budget double
			2 | dev | null`},
		"a look-up is as scoped as events": {only(2, 3), "select name from lookups.workspaces", `
			name string
			dev`},
		"of equal networks the least": {all, networks, `
			w long | site string
			1 | attic
			2 | null
			3 | corp`},
		"a row of every workspace is in each scope": {only(1, 3), networks, `
			w long | site string
			1 | berlin
			3 | corp`},
		"networks of a workspace": {all, mine, `
			w long | site string
			1 | berlin`},
		"what names no workspace is in no scope": {only(1), "select s.email, o.email as owner from silver s left join lookups.owners o on s.email = o.email", `
			email string | owner string
			u0@acme.example | null`},
		"look-ups are not redacted": {
			query.Redact(all, query.Redaction{CommandText: true, Keys: []string{"user"}}),
			"select s.email, o.raw, o.requestParams as p from silver s join lookups.owners o on s.email = o.email", `
			email string | raw string | p string
			u0@acme.example | r | p`,
		},
		"types, filters and letter case": {all, "select SUM(n) as n from Lookups.SIZES where N > 6 and email like 'u%'", `
			n long
			7`},
		"anti": {all, "select s.workspaceId as w from silver s left anti join lookups.workspaces l using (workspaceId)", `
			w long
			3`},
		"no look-up of the name": {all, "select s.workspaceId as w, p.name from silver s left join lookups.people p on s.email = p.email order by w", `
			w long | name string
			1 | null
			2 | null
			3 | null
			notice: there is no look-up people: put lookups/people.csv into the lake, or a Delta table lookups/people/; the answer has nothing from it`},
		"nor of the workspaces": {all, "select s.workspaceId as w, p.name from silver s join lookups.tenants p using (workspaceId)", `
			w long | name string
			notice: there is no look-up tenants: put lookups/tenants.csv into the lake, or a Delta table lookups/tenants/; the answer has nothing from it`},
		"types that nobody knows": {all, "select s.workspaceId as w from silver s join lookups.people p on s.workspaceId = p.number", `
			error: table does not exist: table lookups.people, whose columns have no types before there is one: write lookups/people.csv, or cast them: ` +
			"key s.workspaceId is long and key p.number is string: cast one of them below the join"},
		"no column of the name": {all, "select l.nmae from lookups.workspaces l", `
			error: table lookups.workspaces: no column nmae; did you mean name?`},
	} {
		t.Run(name, func(t *testing.T) {
			trim := func(s string) (lines []string) {
				for l := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
					lines = append(lines, strings.Join(strings.Fields(l), " "))
				}
				return lines
			}
			if diff := cmp.Diff(trim(tt.want), trim(sqlAnswer(t, tt.catalog, tt.sql))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALookupThatIsWrongIsAnError(t *testing.T) {
	l := owned(t, map[string]string{"w": "a,n:long\nx,1\ny,z\n"})
	_, err := exec.Run(t.Context(), query.OfLake(l), query.From("lookups.w", query.TimeRange{}).Project(query.As("a", query.Name("a"))), exec.Options{})
	var where *lookup.Error
	if !errors.As(err, &where) || where.File != "lookups/w.csv" || where.Line != 3 || where.Column != "n" {
		t.Errorf("%v", err)
	}
	_, err = query.OfLake(l).Tables(t.Context()) // that does not hide the others
	if err != nil {
		t.Error(err)
	}
}

// TestLookupsAreTables: a file comes before a Delta table of the same name, and a
// folder without a log is no table.
func TestLookupsAreTables(t *testing.T) {
	l := owned(t, map[string]string{"b": "x\n1\n"})
	s := l.Store()
	for o, err := range s.List(t.Context(), "silver/", "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.ReadAll(t.Context(), s, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b"} {
			if _, err := s.Put(t.Context(), strings.Replace(o.Key, "silver", "lookups/"+name, 1), body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Put(t.Context(), "lookups/c/part-0.parquet", []byte("x")); err != nil {
		t.Fatal(err)
	}
	catalog := query.OfLake(l)
	names, err := catalog.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"accounts", "bronze", "lookups.a", "lookups.b", "runs", "silver"}, slices.DeleteFunc(names, func(n string) bool { return n == "quarantine" })); diff != "" {
		t.Error(diff)
	}
	count := func(c query.Catalog) string { return sqlAnswer(t, c, "select count(*) as n from lookups.a") }
	if got := count(catalog); !strings.Contains(got, "3") {
		t.Errorf("a Delta table: %s", got)
	}
	if got := count(query.Scoped(catalog, query.Scope{Workspaces: []int64{2}})); !strings.Contains(got, "1") {
		t.Errorf("a Delta table in scope: %s", got)
	}
	if got := sqlAnswer(t, catalog, "select x from lookups.b"); !strings.HasPrefix(got, "x string") {
		t.Errorf("a file beside a Delta table: %s", got)
	}
	for _, name := range []string{"lookups.c", "lookups.", "lookups..", "lookups.../silver", "lookups.a/", "lookups.A"} {
		if _, err := catalog.Table(t.Context(), name); !errors.Is(err, query.ErrNoTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if slices.ContainsFunc(l.Known(), func(n string) bool { return strings.Contains(n, "lookups") }) {
		t.Errorf("look-ups are among the tables that are looked after: %q", l.Known())
	}
}

// TestAJoinWithALookupIsAMap: whatever is in a file, a row of the events gets what a
// map of the file has for its key.
func TestAJoinWithALookupIsAMap(t *testing.T) {
	l := owned(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"u0@acme.example", "u1@acme.example", "u2@acme.example", "x", "a,b", `"`, "\n", " "}), 0, 8, rapid.ID).Draw(t, "keys")
		want := map[string]string{}
		var file strings.Builder
		w := csv.NewWriter(&file)
		_ = w.Write([]string{"key", "value"}) // into memory
		for _, k := range keys {
			v := rapid.StringOfN(rapid.SampledFrom([]rune("ab,\"\n ;é")), 1, 6, -1).Draw(t, "value")
			want[k] = v
			_ = w.Write([]string{k, v})
		}
		w.Flush()
		if _, err := l.Store().Put(t.Context(), "lookups/map.csv", []byte(file.String())); err != nil {
			t.Fatal(err)
		}
		s, err := sql.Parse("select s.email, m.value from silver s left join lookups.map m on s.email = m.key order by 1")
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Plan(sql.Binding{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.Run(t.Context(), query.OfLake(l), p, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := func(v *columnar.Vector, i int) string { return string(v.ByteAt(i)) }
		if got.Batch.Len != 3 {
			t.Fatalf("%d rows", got.Batch.Len)
		}
		for i := range 3 {
			k, v := at(got.Batch.Columns[0], i), at(got.Batch.Columns[1], i)
			if v != want[k] {
				t.Fatalf("%s has %q and not %q\n%s", k, v, want[k], file.String())
			}
		}
	})
}
