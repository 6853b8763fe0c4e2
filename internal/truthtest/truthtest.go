// Package truthtest compares a lake with the truth about the logs that it was
// made of, through the command line: what it checks is what users see.
package truthtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/cli"
)

// Run is one call of the command line; it returns what went to standard output.
func Run(t testing.TB, args ...string) (string, error) {
	t.Helper()
	root := cli.New("auditlake")
	var out, errOut bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errOut)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		t.Logf("auditlake %v: %v\n%s", args, err, errOut.String())
	}
	return out.String(), err
}

// MustRun is Run of a command that has to succeed.
func MustRun(t testing.TB, args ...string) string {
	t.Helper()
	out, err := Run(t, args...)
	if err != nil {
		t.Fatalf("auditlake %v: %v", args, err)
	}
	return out
}

// Check compares every number of the truth with what the lake at the URL says:
// rows of every layer and table, and every panel and query with each of its cases,
// row by row and column by column. It also has verify prove the lake.
func Check(t testing.TB, lakeURL string, truth *generate.Truth) {
	t.Helper()
	var want struct {
		Source generate.SourceTruth `json:"source"`
		Layers struct {
			Bronze     int64            `json:"bronze"`
			Quarantine int64            `json:"quarantine"`
			Silver     int64            `json:"silver"`
			Gold       map[string]int64 `json:"gold"`
		} `json:"layers"`
		Panels  map[string]json.RawMessage `json:"panels"`
		Queries map[string][]question      `json:"queries"`
	}
	decode(t, truth.JSON(), &want)

	got := want
	got.Layers.Gold = nil
	report := struct {
		Files int64 `json:"files"`
		Lines int64 `json:"lines"`
	}{}
	text := []byte(MustRun(t, "verify", "--lake", lakeURL, "--format", "json"))
	decode(t, text, &got.Layers)
	decode(t, text, &report)
	if diff := cmp.Diff(want.Layers, got.Layers); diff != "" {
		t.Errorf("rows of the layers (-truth +lake):\n%s", diff)
	}
	if report.Files != want.Source.Files || report.Lines != want.Source.Lines {
		t.Errorf("the lake knows %d files and %d lines, delivered were %d and %d", report.Files, report.Lines, want.Source.Files, want.Source.Lines)
	}
	if len(want.Panels) < 9 {
		t.Errorf("the truth has only %d panels", len(want.Panels))
	}
	for name, rows := range want.Panels {
		args := []string{"--named", name}
		if name == "job_owner" {
			var owner struct {
				JobID string          `json:"job_id"`
				Rows  json.RawMessage `json:"rows"`
			}
			decode(t, rows, &owner)
			if owner.JobID == "" {
				continue // no job was delivered yet
			}
			args, rows = append(args, "--param", "job_id="+owner.JobID), owner.Rows
		}
		compare(t, lakeURL, args, rows)
	}
	for _, name := range slices.Sorted(maps.Keys(want.Queries)) {
		for _, c := range want.Queries[name] {
			compare(t, lakeURL, c.args(name), c.Rows)
		}
	}
}

// question is a case of the truth as its text has it.
type question struct {
	Params map[string]string `json:"params"`
	From   string            `json:"from"`
	To     string            `json:"to"`
	Rows   json.RawMessage   `json:"rows"`
}

func (q question) args(name string) []string {
	args := []string{"--named", name}
	for _, p := range slices.Sorted(maps.Keys(q.Params)) {
		args = append(args, "--param", p+"="+q.Params[p])
	}
	if q.From != "" {
		args = append(args, "--from", q.From)
	}
	if q.To != "" {
		args = append(args, "--to", q.To)
	}
	return args
}

// compare asks the lake and reports where it says other rows than expected.
func compare(t testing.TB, lakeURL string, args []string, expected json.RawMessage) {
	t.Helper()
	out, err := Run(t, append([]string{"query", "--lake", lakeURL, "--format", "json"}, args...)...)
	if err != nil {
		t.Errorf("query %q: %v", args, err)
		return
	}
	if diff := cmp.Diff(rowsOf(t, expected), rowsOf(t, []byte(out)), closeEnough()); diff != "" {
		t.Errorf("query %q (-truth +lake):\n%s", args, diff)
	}
}

// cell is a column's name and its value.
type cell struct {
	Column string
	Value  any // nil, string, bool or json.Number
}

// rowsOf keeps the order of columns, which a map would lose.
func rowsOf(t testing.TB, text []byte) [][]cell {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	next := func() json.Token {
		tok, err := dec.Token()
		if err != nil {
			t.Fatalf("parse %.200s: %v", text, err)
		}
		return tok
	}
	rows := [][]cell{}
	next() // [
	for dec.More() {
		row := []cell{}
		next() // {
		for dec.More() {
			name, _ := next().(string)
			var value any
			if err := dec.Decode(&value); err != nil {
				t.Fatalf("parse %.200s: %v", text, err)
			}
			row = append(row, cell{name, value})
		}
		next() // }
		rows = append(rows, row)
	}
	return rows
}

// closeEnough takes fractions for equal that differ by rounding alone. Whole
// numbers have to be the same, digit for digit.
func closeEnough() cmp.Option {
	return cmp.Comparer(func(a, b json.Number) bool {
		if a == b {
			return true
		}
		x, errX := a.Float64()
		y, errY := b.Float64()
		fraction := strings.ContainsAny(a.String()+b.String(), ".eE")
		return errX == nil && errY == nil && fraction && math.Abs(x-y) <= 1e-9*math.Max(math.Abs(x), math.Abs(y))
	})
}

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("parse %.200s: %v", text, err)
	}
}
