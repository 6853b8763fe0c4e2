//go:build interop

package interop_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSparkAnswersTheArticle runs the article's statements on Spark, over a table
// that Spark did not write, and reads the history of tables there. Spark knows the
// tables from the SQL that auditlake register prints.
func TestSparkAnswersTheArticle(t *testing.T) {
	dir, source := lakeInSteps(t)
	var want truth
	readJSON(t, filepath.Join(source, "truth.json"), &want)
	var tables []request
	var names []string
	for _, table := range tablesOf(t, dir) {
		names = append(names, path.Base(table.Name))
		if slices.Contains([]string{"bronze", "silver", "gold/clusters"}, table.Name) {
			tables = append(tables, table)
		}
	}
	ask, register, answer := filepath.Join(t.TempDir(), "tables.json"), filepath.Join(t.TempDir(), "register.sql"), filepath.Join(t.TempDir(), "answer.json")
	writeJSON(t, ask, tables)
	if err := os.WriteFile(register, auditlake(t, "register", "--lake", dir, "--target", "spark"), 0o644); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Registered []string `json:"registered"`
		History    map[string][]struct {
			Version   int               `json:"version"`
			Operation string            `json:"operation"`
			Engine    string            `json:"engine"`
			Metrics   map[string]string `json:"metrics"`
		} `json:"history"`
		Statements [][][]any `json:"statements"`
	}
	step(t, "Spark", func() { spark(t, "readers/article.py", ask, register, answer) })
	readJSON(t, answer, &got)

	slices.Sort(names)
	slices.Sort(got.Registered)
	if diff := cmp.Diff(names, got.Registered); diff != "" {
		t.Errorf("tables that Spark knows (-ours +Spark's):\n%s", diff)
	}
	t.Run("history", func(t *testing.T) {
		for _, table := range tables {
			history := got.History[table.Name]
			if len(history) < steps {
				t.Errorf("%s: %d versions, want at least %d", table.Name, len(history), steps)
			}
			written := 0
			for i, h := range history {
				if h.Version != len(history)-1-i || h.Operation == "" || h.Engine == "" {
					t.Errorf("%s: entry %d is %+v", table.Name, i, h)
				}
				if h.Metrics["numOutputRows"] != "" {
					written++
				}
			}
			if written < steps {
				t.Errorf("%s: %d of %d versions tell how many rows they wrote", table.Name, written, len(history))
			}
		}
	})

	if len(got.Statements) != 6 {
		t.Fatalf("%d answers, want 6", len(got.Statements))
	}
	perDay, byCreator, byJob, owner, endlessPerDay, endless := got.Statements[0], got.Statements[1], got.Statements[2], got.Statements[3], got.Statements[4], got.Statements[5]
	check := func(name string, want, got any) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if want != got {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
	day := want.Article.Date
	check("1 created on the day", 714.0, valueOf(perDay, day))
	check("2 by the job launcher", 709.0, valueOf(byCreator, "JOB_LAUNCHER", "create"))
	check("3 the job on top", "31303", first(byJob, 0))
	check("3 its clusters", float64(want.Article.TopJobClusters), first(byJob, 1))
	check("4 one user id", 1, len(owner))
	check("4 the job's owner", want.Article.Owner, first(owner, 0))
	check("5 without autotermination on the day", 5.0, valueOf(endlessPerDay, day))
	days := 0.0
	for _, row := range endlessPerDay {
		days += row[1].(float64)
	}
	check("6 as many clusters as on all days", days, float64(len(endless)))
}

// valueOf is the last column of the row that begins with the given values, or nil.
func valueOf(rows [][]any, begin ...any) any {
	for _, row := range rows {
		if slices.Equal(row[:min(len(begin), len(row))], begin) {
			return row[len(row)-1]
		}
	}
	return nil
}

// first is a column of the first row, or nil.
func first(rows [][]any, column int) any {
	if len(rows) == 0 {
		return nil
	}
	return rows[0][column]
}
