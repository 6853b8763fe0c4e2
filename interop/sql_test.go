//go:build interop

package interop_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// TestSQLAgreesWithDuckDB runs random statements here, as plans where they are ones and
// on SQLite in any case, and on DuckDB over the same rows.
func TestSQLAgreesWithDuckDB(t *testing.T) {
	type drawn struct {
		files map[string][]*columnar.Batch
		sql   querytest.SQL
	}
	draw := rapid.Custom(func(t *rapid.T) drawn {
		return drawn{files: drawTables(t), sql: querytest.DrawSQL(t)}
	})
	var all []drawn
	var asked []statement
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		d := draw.Example(seed)
		ask := statement{Query: duckdbTexts(d.sql)}
		for name, files := range d.files {
			ask.Setup = append(ask.Setup, tableSQL(name, files)...)
		}
		all, asked = append(all, d), append(asked, ask)
	}
	theirs := askDuckDB(t, asked)
	empty, wrong, byPlan := 0, 0, 0
	for i, d := range all {
		lake := &querytest.Lake{}
		for name, files := range d.files {
			lake.Add(name, files...)
		}
		if theirs[i].Error != "" {
			t.Errorf("seed %d: DuckDB: %s\n%s", *firstSeed+i, theirs[i].Error, d.sql.DuckDB)
			continue
		}
		if len(theirs[i].Rows) == 0 {
			empty++
		}
		for _, engine := range sqlEngines {
			got, err := engine.run(t, lake, d.sql.Ours)
			if errors.Is(err, sql.ErrUnsupported) && engine.name == "plan" {
				continue
			}
			if engine.name == "plan" {
				byPlan++
			}
			diff := fmt.Sprint(err)
			if err == nil {
				diff = difference(theirs[i].Rows, got.Batch)
			}
			if diff == "" {
				continue
			}
			if wrong++; wrong <= 5 {
				t.Errorf("seed %d, by %s: %s\n%s\n%s", *firstSeed+i, engine.name, diff, d.sql.Ours, d.sql.DuckDB)
			}
		}
	}
	t.Logf("%d statements from seed %d, %d of them plans; %d answers wrong; %d without rows", len(all), *firstSeed, byPlan, wrong, empty)
	if empty > len(all)/2 || byPlan == 0 {
		t.Error("that proves little")
	}
}

// sqlEngines are the ways that a statement goes here.
var sqlEngines = []struct {
	name string
	run  func(t *testing.T, lake query.Catalog, text string) (*exec.Result, error)
}{
	{"plan", func(t *testing.T, lake query.Catalog, text string) (*exec.Result, error) {
		s, err := sql.Parse(text)
		if err != nil {
			return nil, err
		}
		plan, err := s.Plan(sql.Binding{})
		if err != nil {
			return nil, err
		}
		return exec.Run(t.Context(), lake, plan, exec.Options{})
	}},
	{"SQLite", func(t *testing.T, lake query.Catalog, text string) (*exec.Result, error) {
		s, _, err := sql.ParseWhole(text, sql.Macros{})
		if err != nil {
			return nil, err
		}
		q, err := sqlite.Prepare(t.Context(), lake, s, sql.Binding{})
		if err != nil {
			return nil, err
		}
		return q.Run(t.Context(), sqlite.Options{})
	}},
}

// duckdbTexts is the statement with columns that are texts, times being microseconds.
func duckdbTexts(s querytest.SQL) string {
	cols := make([]string, len(s.Kinds))
	for i, k := range s.Kinds {
		cols[i] = fmt.Sprintf("CAST(a%d AS VARCHAR)", i+1)
		if k == querytest.SQLTime {
			cols[i] = fmt.Sprintf("CAST(epoch_us(a%d) AS VARCHAR)", i+1)
		}
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM (" + s.DuckDB + ")"
}
