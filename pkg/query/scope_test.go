package query_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/store"
)

func parsed(t testing.TB, text string) *columnar.Batch {
	t.Helper()
	b, err := querytest.ParseTable(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ask runs a plan in the words of querytest and gives the rows without the head,
// a space for each column and a semicolon for each row.
func ask(t testing.TB, catalog query.Catalog, plan string) string {
	t.Helper()
	p, err := querytest.ParsePlan(plan)
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Run(t.Context(), catalog, p, exec.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, plan)
	}
	lines := strings.Split(strings.TrimSpace(querytest.Format(got.Batch)), "\n")[1:]
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(strings.ReplaceAll(l, "|", " ")), " ")
	}
	return strings.Join(lines, "; ")
}

// stored is a lake of tables of one file each.
func stored(t testing.TB, files map[string]*columnar.Batch) query.Catalog {
	t.Helper()
	l := lake.New(store.NewMemory("lake"), lake.Options{})
	for name, b := range files {
		w := l.Table(name).NewWriter(b.Schema, lake.Layout{RowGroupRows: 2})
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		adds, err := w.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Table(name).Commit(t.Context(), delta.Tx{Metadata: &delta.Metadata{Schema: b.Schema}, Adds: adds}); err != nil {
			t.Fatal(err)
		}
	}
	return query.OfLake(l)
}

// workspaces is two files of events of several workspaces, and tables that are
// about something else.
func workspaces(t testing.TB) *querytest.Lake {
	lake := &querytest.Lake{}
	lake.Add("t", parsed(t, `
		WorkspaceId long | s string
		1                | a
		2                | b
		2                | c
		0                | account
		null             | nowhere`), parsed(t, `
		WorkspaceId long | s string
		7                | d
		null             | lost`))
	lake.Add("runs", parsed(t, "s string\nrun"))
	lake.Add("texts", parsed(t, "workspaceId string | s string\n2 | text"))
	return lake
}

func TestScopeIsTheRowsOfItsWorkspaces(t *testing.T) {
	tests := map[string]struct {
		workspaces []int64
		want       string
	}{
		"nil is everything":        {nil, "a; account; b; c; d; lost; nowhere; run; text"},
		"one":                      {[]int64{2}, "b; c"},
		"one and the account":      {[]int64{0, 1}, "a; account"},
		"an unknown one":           {[]int64{5}, ""},
		"an empty list is nothing": {[]int64{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ask(t, query.Scoped(workspaces(t), query.Scope{Workspaces: tt.workspaces}), `
sort s
  union
    project s
      scan t
    project s
      scan runs
    project s
      scan texts`)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNoPlanEscapesTheScope: whatever a plan says of workspaces, and whether it
// reads them at all, there are no others.
func TestNoPlanEscapesTheScope(t *testing.T) {
	tests := map[string]struct{ plan, want string }{
		"no column is read":          {"aggregate count() as n\n  scan t", "2"},
		"the column is read":         {"sort w\n  aggregate count() as n by workspaceId as w\n    scan t", "2 2"},
		"in other letters":           {"sort w\n  aggregate count() as n by WORKSPACEID as w\n    scan t", "2 2"},
		"another one is asked for":   {"project s\n  filter workspaceId = 1\n    scan t", ""},
		"all others":                 {"project s\n  filter workspaceId != 2 or workspaceId is null\n    scan t", ""},
		"a row without one":          {"project s\n  filter workspaceId is null\n    scan t", ""},
		"by what only others have":   {"project s\n  filter s = 'account'\n    scan t", ""},
		"a constant of the name":     {"project 1 as workspaceId, s\n  filter s = 'b'\n    scan t", "1 b"},
		"a filter that is true":      {"sort s\n  project s\n    filter true\n      scan t", "b; c"},
		"a limit":                    {"limit 9\n  project s\n    scan t", "b; c"},
		"an extreme":                 {"aggregate min(s) as lo, max(s) as hi, max(workspaceId) as w\n  scan t", "b c 2"},
		"below a union":              {"aggregate count() as n\n  union\n    project s\n      scan t\n    project s\n      filter workspaceId in (0, 1, 7)\n        scan t", "2"},
		"below an aggregate":         {"aggregate sum(n) as n\n  aggregate count() as n by s\n    scan t", "2"},
		"a table without the column": {"aggregate count() as n\n  scan runs", "0"},
		"a column of another kind":   {"aggregate count() as n\n  scan texts", "0"},
	}
	scope := query.Scope{Workspaces: []int64{2}}
	files := stored(t, map[string]*columnar.Batch{
		"t":    parsed(t, "WorkspaceId long | s string\n1 | a\n2 | b\n2 | c\n0 | account\nnull | nowhere\n7 | d\nnull | lost"),
		"runs": parsed(t, "s string\nrun"), "texts": parsed(t, "workspaceId string | s string\n2 | text"),
	})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, catalog := range []query.Catalog{workspaces(t), files} {
				if got := ask(t, query.Scoped(catalog, scope), tt.plan); got != tt.want {
					t.Errorf("%T: got %q, want %q", catalog, got, tt.want)
				}
			}
		})
	}
}

// TestAScanIsScoped: who reads tables without a plan sees no more, and is not told
// how many rows there are besides.
func TestAScanIsScoped(t *testing.T) {
	lake := workspaces(t)
	table, err := query.Scoped(lake, query.Scope{Workspaces: []int64{2}}).Table(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	whole := table.Schema()
	for name, want := range map[string]columnar.Schema{"all columns": whole, "no column": nil, "one": whole[1:], "that of workspaces": whole[:1]} {
		var stats query.ScanStats
		rows := 0
		for b, err := range table.Scan(t.Context(), want, nil, &stats) {
			if err != nil {
				t.Fatal(err)
			}
			if !b.Schema.Equal(want) || len(b.Columns) != len(want) {
				t.Errorf("%s: the batch has %v", name, b.Schema)
			}
			rows += b.Len
		}
		if rows != 2 || stats.Rows != 2 || stats.Files != 2 || stats.FilesPruned != 1 {
			t.Errorf("%s: %d rows, %+v", name, rows, stats)
		}
	}
	names, err := query.Scoped(lake, query.Scope{Workspaces: []int64{2}}).Tables(t.Context())
	if diff := cmp.Diff([]string{"runs", "t", "texts"}, names); diff != "" || err != nil {
		t.Errorf("tables (-want +got):\n%s%v", diff, err)
	}
	if !slices.IsSorted(names) {
		t.Error(names)
	}
}

// TestALineOfAnotherWorkspaceIsNotShown: the folder that a line was delivered to
// does not make it an event of the folder's workspace.
func TestALineOfAnotherWorkspaceIsNotShown(t *testing.T) {
	lines := parsed(t, `
		workspaceId long | raw string
		77               | '{"workspaceId":77,"n":"own"}'
		77               | ' {"n":"stray","workspaceId": 88}'
		77               | '{"workspace\u0049d":"8\u0038","n":"escaped"}'
		77               | '{"workspaceId":77,"workspaceId":88,"n":"twice"}'
		77               | '{"requestParams":{"workspaceId":88},"n":"about"}'
		77               | '{"workspaceId":null,"n":"silent"}'
		77               | '[{"workspaceId":88}]'
		77               | torn
		77               | null
		88               | '{"workspaceId":77,"n":"elsewhere"}'`)
	made := &querytest.Lake{}
	made.Add("bronze", lines)
	scope := query.Scope{Workspaces: []int64{77}}
	for plan, want := range map[string]string{
		"aggregate count() as n\n  filter raw like '%\"n\":%'\n    scan bronze": "3",
		"aggregate count(raw) as n\n  scan bronze":                              "5",
		"aggregate count() as n\n  filter raw like '%88%'\n    scan bronze":     "2",
	} {
		for _, catalog := range []query.Catalog{made, stored(t, map[string]*columnar.Batch{"bronze": lines})} {
			if got := ask(t, query.Scoped(catalog, scope), plan); got != want {
				t.Errorf("%T: %s: %s, not %s", catalog, plan, got, want)
			}
		}
	}
}
