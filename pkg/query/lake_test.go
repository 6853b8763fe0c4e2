package query_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/store"
)

// Names of tables come from whoever asks. Those of none must not pile up.
func TestTablesThatDoNotExistLeaveNothingBehind(t *testing.T) {
	root, err := store.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := lake.New(root, lake.Options{})
	catalog := query.OfLake(l)
	names := []string{"", "..", "a/b", "a\x00b", "\xff"}
	for i := range 10 {
		names = append(names, fmt.Sprint("none", i))
	}
	for _, name := range names {
		if _, err := catalog.Table(t.Context(), name); !errors.Is(err, query.ErrNoTable) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if known := l.Known(); len(known) != 0 {
		t.Errorf("the lake keeps %q", known)
	}
}

func TestAVersionIsOfTheRowsThatAreSeen(t *testing.T) {
	l := deliveredLake(t)
	catalogs := map[string]query.Catalog{
		"all":          query.OfLake(l),
		"a workspace":  query.Scoped(query.OfLake(l), query.Scope{Workspaces: []int64{1}}),
		"two":          query.Scoped(query.OfLake(l), query.Scope{Workspaces: []int64{1, 12}}),
		"others":       query.Scoped(query.OfLake(l), query.Scope{Workspaces: []int64{11, 2}}),
		"none":         query.Scoped(query.OfLake(l), query.Scope{Workspaces: []int64{}}),
		"no commands":  query.Redact(query.OfLake(l), query.Redaction{CommandText: true}),
		"no key":       query.Redact(query.OfLake(l), query.Redaction{Keys: []string{"a", "b"}}),
		"another key":  query.Redact(query.OfLake(l), query.Redaction{Keys: []string{"a,b"}}),
		"both":         query.Scoped(query.Redact(query.OfLake(l), query.Redaction{CommandText: true}), query.Scope{Workspaces: []int64{1}}),
		"another lake": query.OfLake(deliveredLake(t)),
	}
	seen := map[string]string{}
	for name, catalog := range catalogs {
		for _, table := range []string{"silver", "bronze"} {
			v := versionOf(t, catalog, table)
			if other, ok := seen[v.Identity]; ok || v.Identity == "" {
				t.Errorf("%s of %s has the identity of %s: %q", table, name, other, v.Identity)
			}
			seen[v.Identity] = table + " of " + name
			if again := versionOf(t, catalog, table); again != v {
				t.Errorf("%s of %s is %v and then %v", table, name, v, again)
			}
		}
	}
	silver := versionOf(t, query.OfLake(l), "silver")
	got, err := exec.Run(t.Context(), query.OfLake(l), query.From("silver", query.TimeRange{}).Aggregate(nil,
		query.Agg{Name: "first", Func: query.Min, Arg: query.Column(columnar.Timestamp, query.TimeColumn)},
		query.Agg{Name: "last", Func: query.Max, Arg: query.Column(columnar.Timestamp, query.TimeColumn)},
	), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, last := time.UnixMicro(got.Batch.Columns[0].Ints[0]), time.UnixMicro(got.Batch.Columns[1].Ints[0])
	if silver.Times.From.After(first) || !silver.Times.To.After(last) || silver.Times.To.Sub(last) > time.Second {
		t.Errorf("events from %s to %s are said to be in %s", first, last, silver.Times)
	}
}

func versionOf(t *testing.T, c query.Catalog, name string) query.Version {
	t.Helper()
	table, err := c.Table(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return table.Version()
}
