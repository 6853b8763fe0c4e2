package example_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/example"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// TestKnownColumnsAreThoseTheETLWrites: of every table, in its order, also of each
// service that a named query is about.
func TestKnownColumnsAreThoseTheETLWrites(t *testing.T) {
	var events []named.Event
	if err := yaml.Unmarshal([]byte(`
- {at: "09:00", service: clusters, action: create, params: {cluster_name: a}}
- {at: "09:00", service: jobs, action: create, params: {jobId: "1"}}
- {at: "09:00", service: accounts, action: login, params: {user: a}}
- {at: "09:00", line: "none"}`), &events); err != nil {
		t.Fatal(err)
	}
	for _, q := range named.All() {
		for _, e := range q.Examples {
			events = append(events, e.Events...)
		}
	}
	l, err := example.Lake(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	catalog := query.OfLake(l)
	tables, err := catalog.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accounts", "bronze", "clusters", "identities", "jobs", "quarantine", "runs", "silver"} {
		if !slices.Contains(tables, name) {
			t.Errorf("there is no table %s", name)
		}
	}
	for _, name := range tables {
		table, err := catalog.Table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, c := range query.KnownColumns(name) {
			want = append(want, c.Name+" "+c.Kind.String())
		}
		for _, f := range table.Schema() {
			if slices.Contains([]string{"requestParams", "requestParamsRest"}, f.Name) {
				continue // all strings, whatever they are called
			}
			if f.Type.Kind != columnar.Struct {
				got = append(got, f.Name+" "+f.Type.String())
				continue
			}
			for _, in := range f.Type.Fields {
				got = append(got, f.Name+"."+in.Name+" "+in.Type.String())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: what the ETL derives has a row of derivedKnown in pkg/query/columns.go (-known +written):\n%s", name, diff)
		}
	}
}
