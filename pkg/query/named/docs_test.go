package named_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query/named"
)

var update = flag.Bool("update", false, "write docs/queries.md anew")

// TestReferenceIsOfTheCatalog: docs/queries.md lists every query as its file has it.
func TestReferenceIsOfTheCatalog(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "queries.md")
	want := reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/queries.md is not that of the catalog: go test ./pkg/query/named -update writes it (-want +got):\n%s", diff)
	}
}

func reference() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	say(`# Named queries

%d questions that panels, alert rules and the command line can ask by name. This page is made from their files in `+"`pkg/query/named/queries`"+`; [query-files.md](query-files.md) says how to write one. `+"`auditlake queries NAME`"+` shows all there is of one, its SQL included.

*Alert* is what a rule looks at: labels and one number, which is 0 where there are no rows ([alerting.md](alerting.md)). Events are those of the time range, and also those before it where a query says so.

`, len(named.All()))
	for _, group := range named.Groups() {
		say("## %s\n", group)
		some := false
		for _, q := range named.All() {
			if q.Group == group {
				some = true
				entry(say, q)
			}
		}
		if !some {
			say("\nNone yet.\n")
		}
		say("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func entry(say func(string, ...any), q *named.Query) {
	say("\n### %s\n\n**%s.** %s\n\n", q.Name, q.Title, q.Description)
	say("- Columns: %s. Panel: %s. Tables: %s.\n", quoted(q.Columns), q.Visualization, quoted(q.Tables))
	if q.Alert != nil {
		number := "number of rows"
		if q.Alert.Value != "" {
			number = "greatest `" + q.Alert.Value + "`"
		}
		if len(q.Alert.Labels) > 0 {
			number += " by " + quoted(q.Alert.Labels)
		}
		empty := ""
		if q.Alert.NoData {
			empty = "; no rows are no data"
		}
		say("- Alert: %s; %s%s.\n", number, q.Severity, empty)
	}
	switch back := q.Lookback.String(); back {
	case "":
	case "all":
		say("- Looks at all events before the end of the time range.\n")
	default:
		say("- Looks at %s before the time range, too.\n", back)
	}
	for _, p := range q.Params {
		say("- `%s`: %s; %s.\n", p.Name, strings.TrimSuffix(p.Description, "."), p.Bounds())
	}
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "`" + n + "`"
	}
	return strings.Join(out, ", ")
}
