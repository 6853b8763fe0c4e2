package sql_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/example"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// publishedFolder has a file for each query that somebody has published: where it is,
// the statement, and what becomes of it as a comment.
const publishedFolder = "testdata/published"

// publishedQuery is one of its files.
type publishedQuery struct {
	name, question, source string
	statement              string // with all comments but the answer
	answer                 string // a line for the state, and one for each row
}

func (q publishedQuery) answered() bool { return strings.HasPrefix(q.answer, "answers") }

func publishedQueries(t *testing.T) []publishedQuery {
	t.Helper()
	files, err := filepath.Glob(publishedFolder + "/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	header := func(text, key string) string {
		m := regexp.MustCompile("(?m)^-- " + key + ": (.+)$").FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("there is no %s in\n%s", key, text)
		}
		return m[1]
	}
	var out []publishedQuery
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		q := publishedQuery{name: strings.TrimSuffix(filepath.Base(file), ".sql")}
		var statement, answer []string
		for line := range strings.SplitSeq(strings.TrimRight(string(raw), "\n"), "\n") {
			if said, ok := strings.CutPrefix(line, "-- | "); ok {
				answer = append(answer, said)
			} else {
				statement = append(statement, line)
			}
		}
		q.statement, q.answer = strings.Join(statement, "\n"), strings.Join(answer, "\n")
		q.question, q.source = header(q.statement, "question"), header(q.statement, "source")
		header(q.statement, "licence")
		out = append(out, q)
	}
	return out
}

// TestPublishedQueries: what others have published about system.access.audit is
// answered from what the ETL makes of delivered lines, or refused by its name.
func TestPublishedQueries(t *testing.T) {
	raw, err := os.ReadFile(publishedFolder + "/events.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var events []named.Event
	if err := yaml.Unmarshal(raw, &events); err != nil {
		t.Fatal(err)
	}
	l, err := example.Lake(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	answered, all := 0, publishedQueries(t)
	for _, q := range all {
		got := askPublished(t.Context(), query.OfLake(l), q.statement)
		if *update {
			text := q.statement + "\n-- | " + strings.ReplaceAll(got, "\n", "\n-- | ") + "\n"
			if err := os.WriteFile(filepath.Join(publishedFolder, q.name+".sql"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(q.answer, got); diff != "" {
			t.Errorf("%s has another answer: go test ./pkg/query/sql -update writes it (-want +got):\n%s", q.name, diff)
		}
		if q.answered() && !strings.Contains(q.answer, "\n") {
			t.Errorf("%s has no rows: give it an event", q.name)
		}
		if q.answered() {
			answered++
		}
	}
	if !*update && (len(all) < 30 || answered < 20) {
		t.Errorf("%d queries, of which %d are answered", len(all), answered)
	}
}

// askPublished is what becomes of a statement: a line that begins with answers or
// refused, and rows.
func askPublished(ctx context.Context, catalog query.Catalog, text string) string {
	from := named.ExampleRange().From
	span := query.TimeRange{From: from, To: from.Add(15 * time.Hour)}
	route, err := sqlite.Choose(ctx, catalog, sqlite.Question{Text: text, Macros: sql.Macros{Range: span}, Binding: sql.Binding{Range: span}})
	var at *sql.Error
	switch {
	case errors.As(err, &at):
		return fmt.Sprintf("refused: %v", at.Why)
	case err != nil:
		return "refused: " + err.Error()
	}
	res, err := route.Run(ctx, exec.Options{})
	if err != nil {
		return "refused: " + err.Error()
	}
	state := "answers"
	if route.Engine == sqlite.SQLite {
		state = "answers, on SQLite"
	}
	rows := make([]string, res.Batch.Len)
	for i := range rows {
		row, err := exec.RowJSON(res.Batch, i)
		if err != nil {
			return err.Error()
		}
		rows[i] = string(row)
	}
	if !strings.Contains(strings.ToLower(text), "order by") {
		slices.Sort(rows)
	}
	return strings.Join(append([]string{state}, rows...), "\n")
}
