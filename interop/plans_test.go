//go:build interop

package interop_test

import (
	"flag"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

var (
	seeds     = flag.Int("seeds", 300, "random plans that are compared with DuckDB")
	firstSeed = flag.Int("first-seed", 1, "seed of the first random plan")
)

// scenario is random tables and a random plan over them.
type scenario struct {
	files map[string][]*columnar.Batch
	plan  query.Plan
}

// statement is what readers/plans.mjs is asked.
type statement struct {
	Setup []string `json:"setup"`
	Query string   `json:"query"`
}

// answered is what came of a statement.
type answered struct {
	Rows  [][]*string `json:"rows"`
	Error string      `json:"error"`
}

// askDuckDB is what came of each statement.
func askDuckDB(t *testing.T, asked []statement) (theirs []answered) {
	t.Helper()
	js := node(t)
	request, answer := filepath.Join(t.TempDir(), "ask.json"), filepath.Join(t.TempDir(), "answer.json")
	writeJSON(t, request, asked)
	step(t, "DuckDB", func() { must(t, nil, js, "readers/plans.mjs", request, answer) })
	readJSON(t, answer, &theirs)
	return theirs
}

// drawTables are files of all the RandomTables.
func drawTables(t *rapid.T) map[string][]*columnar.Batch {
	tables := map[string][]*columnar.Batch{}
	for _, name := range querytest.RandomTables {
		tables[name] = querytest.DrawFiles(t)
	}
	return tables
}

// TestPlansAgreeWithDuckDB runs random plans here, and as SQL on DuckDB over the
// same rows.
func TestPlansAgreeWithDuckDB(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) scenario {
		return scenario{files: drawTables(t), plan: querytest.DrawPlan(t)}
	})
	var plans []query.Plan
	var ours []*exec.Result
	var asked []statement
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		s := draw.Example(seed)
		lake := &querytest.Lake{}
		var ask statement
		for name, files := range s.files {
			lake.Add(name, files...)
			ask.Setup = append(ask.Setup, tableSQL(name, files)...)
		}
		bound, err := query.Bind(t.Context(), lake, s.plan)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, s.plan)
		}
		ask.Query = textsSQL(bound)
		got, err := exec.Run(t.Context(), lake, s.plan, exec.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, s.plan)
		}
		plans, ours, asked = append(plans, s.plan), append(ours, got), append(asked, ask)
	}
	theirs := askDuckDB(t, asked)
	rows, empty, wrong := 0, 0, 0
	for i, want := range theirs {
		seed := *firstSeed + i
		rows += len(want.Rows)
		if len(want.Rows) == 0 {
			empty++
		}
		diff := want.Error
		if diff == "" {
			diff = difference(want.Rows, ours[i].Batch)
		}
		if diff == "" {
			continue
		}
		if wrong++; wrong <= 5 {
			t.Errorf("seed %d: %s\n%s\n%s", seed, diff, plans[i], asked[i].Query)
		}
	}
	t.Logf("%d plans from seed %d, %d wrong; %d rows, %d plans without", len(plans), *firstSeed, wrong, rows, empty)
	if empty > len(plans)*3/4 {
		t.Error("most plans have no rows: that proves little")
	}
}

// textsSQL is a plan as SQL whose columns are texts, times being microseconds.
func textsSQL(n *query.Bound) string {
	cols := make([]string, len(n.Cols))
	for i, c := range n.Cols {
		cols[i] = "CAST(" + nameSQL(c.Name()) + " AS VARCHAR)"
		if c.Type.Kind == columnar.Timestamp {
			cols[i] = "CAST(epoch_us(" + nameSQL(c.Name()) + ") AS VARCHAR)"
		}
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM (" + duckdbSQL(n) + ")"
}

// difference is the first row that is not the same, or "".
func difference(want [][]*string, got *columnar.Batch) string {
	if len(want) != got.Len {
		return fmt.Sprintf("%d rows, DuckDB has %d", got.Len, len(want))
	}
	for i, row := range want {
		for c, cell := range row {
			have := cellText(got.Columns[c], i)
			if !sameCell(got.Schema[c].Type.Kind, cell, have) {
				return fmt.Sprintf("row %d, %s: %s, DuckDB has %s", i, got.Schema[c].Name, shown(have), shown(cell))
			}
		}
	}
	return ""
}

func shown(s *string) string {
	if s == nil {
		return "null"
	}
	return strconv.Quote(*s)
}

func cellText(v *columnar.Vector, i int) *string {
	s := ""
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return nil
	case k == columnar.Boolean:
		s = strconv.FormatBool(v.Ints[i] != 0)
	case k.InInts():
		s = strconv.FormatInt(v.Ints[i], 10)
	case k.InFloats():
		s = strconv.FormatFloat(v.Floats[i], 'g', -1, 64)
	default:
		s = string(v.ByteAt(i))
	}
	return &s
}

// sameCell compares two texts; doubles to 1e-9.
func sameCell(k columnar.Kind, want, have *string) bool {
	if want == nil || have == nil {
		return want == nil && have == nil
	}
	if !k.InFloats() {
		return *want == *have
	}
	w, werr := strconv.ParseFloat(*want, 64)
	h, herr := strconv.ParseFloat(*have, 64)
	return werr == nil && herr == nil && math.Abs(w-h) <= 1e-9*max(1, math.Abs(w))
}

// tableSQL makes a table of the files of querytest.DrawFiles.
func tableSQL(name string, files []*columnar.Batch) []string {
	var cols []string
	for _, f := range files[0].Schema {
		cols = append(cols, nameSQL(f.Name)+" "+typeSQL(f.Type))
	}
	statements := []string{"CREATE OR REPLACE TABLE " + nameSQL(name) + " (" + strings.Join(cols, ", ") + ")"}
	var rows []string
	for _, f := range files {
		for i := range f.Len {
			cells := make([]string, len(f.Columns))
			for c, v := range f.Columns {
				cells[c] = cellSQL(v, i)
			}
			rows = append(rows, "("+strings.Join(cells, ", ")+")")
		}
	}
	if len(rows) > 0 {
		statements = append(statements, "INSERT INTO "+nameSQL(name)+" VALUES "+strings.Join(rows, ", "))
	}
	return statements
}

func typeSQL(t columnar.Type) string {
	switch t.Kind {
	case columnar.Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = nameSQL(f.Name) + " " + typeSQL(f.Type)
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	case columnar.Map:
		return "MAP(" + typeSQL(*t.Key) + ", " + typeSQL(*t.Elem) + ")"
	}
	return kindSQL(t.Kind)
}

func cellSQL(v *columnar.Vector, i int) string {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return "NULL"
	case k == columnar.Struct:
		fields := make([]string, len(v.Children))
		for c, f := range v.Type.Fields {
			fields[c] = stringSQL(f.Name) + ": " + cellSQL(v.Children[c], i)
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case k == columnar.Map:
		var entries []string
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			entries = append(entries, cellSQL(v.Children[0], j)+": "+cellSQL(v.Children[1], j))
		}
		slices.Sort(entries)
		return "MAP {" + strings.Join(entries, ", ") + "}"
	case k.InBytes():
		return stringSQL(string(v.ByteAt(i)))
	default:
		return valueSQL(columnar.Value{Kind: k, Int: v.Ints[i]})
	}
}
