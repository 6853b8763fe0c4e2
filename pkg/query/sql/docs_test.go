package sql_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// TestReferenceOfSQL: the tables of docs/sql.md are those of the code. -update writes
// them, between the comments that name them.
func TestReferenceOfSQL(t *testing.T) {
	const path = "../../../docs/sql.md"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(raw)
	for name, table := range map[string]string{
		"view": viewTable(t), "macros": macroTable(t), "functions": functionTable(), "published": publishedTable(t),
	} {
		before, rest, ok := strings.Cut(want, "<!-- "+name+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		if !ok || !ended {
			t.Fatalf("there is no place for %s", name)
		}
		want = before + "<!-- " + name + " -->\n" + table + "<!-- end -->" + after
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("docs/sql.md is not that of the code: go test ./pkg/query/sql -update writes it (-want +got):\n%s", diff)
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func code(text string) string { return "`" + cell(text) + "`" }

func viewTable(t *testing.T) string {
	t.Helper()
	v, ok := query.FindView("audit")
	if !ok {
		t.Fatal("there is no view")
	}
	var b strings.Builder
	b.WriteString("| column | type | of `silver` | |\n|---|---|---|---|\n")
	for _, c := range v.Columns {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(c.Name()), code(c.Type.String()), code(c.Expr().String()), c.Doc)
	}
	return b.String()
}

// macroTable has an expansion of each macro.
func macroTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| macro | becomes | |\n|---|---|---|\n")
	for _, m := range sql.KnownMacros() {
		for _, written := range map[string][]string{
			"":                 {m.Signature()},
			"column":           {m.Name + "(t)"},
			"[column]":         {m.Name + "()", m.Name + "(t)"},
			"column, interval": {m.Name + "(t, $__interval)", m.Name + "(t, 1d)"},
		}[m.Args] {
			got, err := sql.Expand(written, macros())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", code(written), code(got), m.Doc)
		}
	}
	return b.String()
}

func functionTable() string {
	var b strings.Builder
	for _, part := range []struct {
		kind  sql.FunctionKind
		title string
	}{{sql.OfRow, "Of a row"}, {sql.OfGroup, "Of a group; each may have `FILTER (WHERE condition)`"}, {sql.OfWindow, "Of the rows before and after"}} {
		fmt.Fprintf(&b, "**%s**\n\n| function | value |\n|---|---|\n", part.title)
		for _, f := range sql.Functions() {
			if f.Kind != part.kind {
				continue
			}
			var signatures []string
			for s := range strings.SplitSeq(f.Signature, "\n") {
				signatures = append(signatures, code(s))
			}
			fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(signatures, " "), cell(f.Doc))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func publishedTable(t *testing.T) string {
	t.Helper()
	numbers := map[string]int{}
	var sources []string
	var b strings.Builder
	b.WriteString("| file | question | state | source |\n|---|---|---|---|\n")
	for _, q := range publishedQueries(t) {
		if numbers[q.source] == 0 {
			sources = append(sources, q.source)
			numbers[q.source] = len(sources)
		}
		state, _, _ := strings.Cut(q.answer, "\n")
		fmt.Fprintf(&b, "| %s | %s | %s | [%d] |\n", code(q.name), cell(q.question), cell(state), numbers[q.source])
	}
	b.WriteString("\n")
	for i, s := range sources {
		fmt.Fprintf(&b, "%d. <%s>\n", i+1, s)
	}
	return b.String()
}

// Every function of the reference can be called.
func TestFunctionsOfTheReferenceAreKnown(t *testing.T) {
	for _, f := range sql.Functions() {
		if f.Doc == "" || strings.Contains(f.Doc, "\n") || !strings.HasPrefix(f.Signature, f.Name) {
			t.Errorf("%+v is not described in a line", f)
		}
		text := "select " + f.Name + "() as x from silver"
		if f.Kind == sql.OfWindow {
			text = "select " + f.Name + "() over (order by date) as x from silver"
		}
		s, err := sql.Parse(text)
		if err == nil {
			_, err = s.Plan(binding())
		}
		if err != nil && (strings.Contains(err.Error(), "is not known") || errors.Is(err, sql.ErrUnsupported) && f.Kind != sql.OfWindow) && f.Name != "split" {
			t.Errorf("%s: %v: is it among those of lower_call.go that there are not?", f.Name, err)
		}
	}
}
