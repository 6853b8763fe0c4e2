package etl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestEveryDerivedColumnHasSQL holds that nobody adds a derived column and forgets
// the engines that rebuild gold; that the SQL says the same is tested on these.
func TestEveryDerivedColumnHasSQL(t *testing.T) {
	words := etl.Words{
		Param:   func(key string) string { return "param " + key },
		Member:  func(object, key string) string { return "member " + key + " of " + object },
		Group:   func(text, pattern string) string { return "group of " + text },
		Matches: func(text, pattern string) string { return "match of " + text },
	}
	columns := 0
	for table, derived := range etl.SQLOfDerived() {
		for name, sql := range derived {
			columns++
			if sql == nil || !strings.Contains(sql(words), "param ") {
				t.Errorf("%s.%s has no SQL: write it beside its function", table, name)
			}
		}
	}
	if columns < 8 {
		t.Errorf("%d derived columns", columns)
	}
}

func TestRecipes(t *testing.T) {
	w := newWorld(t)
	service := func(name string) string {
		return fmt.Sprintf(`{"timestamp":%d,"serviceName":%s,"actionName":"a","requestParams":{"k":"v"}}`, now().UnixMilli(), name)
	}
	w.deliver(file1, service(`"clusters"`), service(`"Clusters"`), service(`"jobs"`), service(`null`), service(`""`), service(`"silver"`))
	w.run()
	l := lake.New(w.lake, lake.Options{Now: now})
	recipes, err := etl.PlanRecipes(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	type summary struct {
		Table    string
		Services []string
		Null     bool
		Rows     int64
	}
	var got []summary
	for _, r := range recipes.Tables {
		got = append(got, summary{r.Table, r.Services, r.Null, r.Rows})
		for _, c := range recipes.Columns(r) {
			if c.Making == etl.Lacking {
				t.Errorf("%s.%s comes from nowhere", r.Table, c.Name)
			}
		}
	}
	want := []summary{
		{"_unknown", []string{""}, true, 2},
		{"clusters", []string{"Clusters", "clusters"}, false, 2},
		{"jobs", []string{"jobs"}, false, 1},
		{"service_silver", []string{"silver"}, false, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recipes (-want +got):\n%s", diff)
	}

	// The tables that are made are those of the lake, without rows, and making them
	// again does nothing.
	fresh := store.NewMemory("fresh")
	into := lake.New(fresh, lake.Options{Now: now})
	for range 2 {
		if err := recipes.MakeTables(t.Context(), into); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range recipes.Tables {
		snap, err := into.Table(r.Table).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mine, err := l.Table(r.Table).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(mine.Schema().DeltaJSON(), snap.Schema().DeltaJSON()); diff != "" || snap.Version() != 0 {
			t.Errorf("%s at version %d (-lake +made):\n%s", r.Table, snap.Version(), diff)
		}
	}
	if err := recipes.MakeTables(t.Context(), l); err == nil || !strings.Contains(err.Error(), "name a fresh place") {
		t.Errorf("tables were made in the lake itself: %v", err)
	}

	// They have no transaction, so a run would bring all rows once more.
	runner, _ := newRunner(t, w.source, fresh, etl.Options{})
	if _, err := runner.Run(t.Context()); !errors.Is(err, etl.ErrBuiltElsewhere) {
		t.Errorf("a run beside tables of another engine: %v", err)
	}

	// A service whose table is gone, and not built again by a run.
	for info, err := range w.lake.List(t.Context(), "gold/jobs/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.lake.Delete(t.Context(), info.Key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := etl.PlanRecipes(t.Context(), lake.New(w.lake, lake.Options{})); err == nil || !strings.Contains(err.Error(), `service "jobs" and there is no gold table jobs`) {
		t.Errorf("a table is missing: %v", err)
	}
}
