package trino_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

var update = flag.Bool("update", false, "write testdata/print.test anew; read the diff")

// named is a table as a name.
func named(scan *query.Bound) (string, error) {
	return `lake.audit."` + scan.Node.(query.Scan).Table + `" FOR VERSION AS OF 7`, nil
}

// TestPrint prints the plans of testdata/print.test. That the statements mean what the
// plans do is for a Trino to say; see interop.
func TestPrint(t *testing.T) {
	const file = "testdata/print.test"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lake := &querytest.Lake{}
	var out strings.Builder
	write := func(head, body string) {
		out.WriteString(head + "\n  " + strings.ReplaceAll(strings.TrimSuffix(body, "\n"), "\n", "\n  ") + "\n\n")
	}
	for _, b := range querytest.Blocks(string(text)) {
		switch verb, rest, _ := strings.Cut(b.Head, " "); verb {
		case "table":
			batch, err := querytest.ParseTable(b.Body)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, b.Line, err)
			}
			lake.Add(rest, batch)
			write(b.Head, dedent(b.Body))
		case "query":
			plan, err := querytest.ParsePlan(b.Body)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, b.Line, err)
			}
			bound, err := query.Bind(t.Context(), lake, plan)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, b.Line, err)
			}
			statement, err := trino.Print(bound, named)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, b.Line, err)
			}
			write(b.Head, dedent(b.Body))
			write("statement", statement)
		}
	}
	want := strings.TrimSuffix(out.String(), "\n")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is not that of the code: go test ./pkg/query/trino -update writes it (-code +file):\n%s", file, diff)
	}
}

// dedent is a body without the indentation of a block.
func dedent(body string) string {
	return strings.ReplaceAll(strings.TrimPrefix(body, "  "), "\n  ", "\n")
}

func TestPrintDoesNotPretend(t *testing.T) {
	lake := &querytest.Lake{}
	table, err := querytest.ParseTable("ip string\n10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	lake.Add("t", table)
	tests := map[string]string{
		"the first rows in no order, twice":   "join left on in_network(ip, net)\n  limit 1\n    project ip\n      scan t\n  project ip as net\n    scan t",
		"a clock that is set within a bucket": "project bucket(timestamp '2024-01-01T00:00:00Z', '45m', 'America/Havana') as b\n  scan t",
		"a set":                               "aggregate set(ip) as s\n  scan t",
		"a mode":                              "aggregate mode(ip) as s\n  scan t",
		"ranks":                               "window dense_rank() as r by ip\n  project ip\n    scan t",
		"rows further away":                   "window lag(ip, 2) as r by ip\n  project ip\n    scan t",
		"what there is instead of a row":      "window lead(ip, 1, 'none') as r by ip\n  project ip\n    scan t",
		"and within an hour":                  "project bucket(timestamp '2024-01-01T00:00:00Z', 'hour', 'Australia/Lord_Howe') as b\n  scan t",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := querytest.ParsePlan(text)
			if err != nil {
				t.Fatal(err)
			}
			bound, err := query.Bind(t.Context(), lake, plan)
			if err != nil {
				t.Fatal(err)
			}
			var unsupported *trino.UnsupportedError
			if got, err := trino.Print(bound, named); !errors.As(err, &unsupported) {
				t.Errorf("error is %v, statement is %s", err, got)
			}
		})
	}
	t.Run("a table that cannot be named", func(t *testing.T) {
		gone := errors.New("gone")
		plan, err := querytest.ParsePlan("project ip\n  scan t")
		if err != nil {
			t.Fatal(err)
		}
		bound, err := query.Bind(t.Context(), lake, plan)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trino.Print(bound, func(*query.Bound) (string, error) { return "", gone }); !errors.Is(err, gone) {
			t.Errorf("error is %v", err)
		}
	})
}
