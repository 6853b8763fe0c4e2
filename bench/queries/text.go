package queries

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/report"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// TextPart is the name under which the figures of statements are kept.
const TextPart = "sql"

//go:embed text/*.sql
var texts embed.FS

// forDuckDB begins what DuckDB gets in a file, if that is another statement.
const forDuckDB = "-- DuckDB\n"

// Statements are what users might write, in the order of the report. The first line
// of a file is its title.
func Statements(s Subject) ([]Question, error) {
	files, err := fs.Glob(texts, "text/*.sql")
	if err != nil {
		return nil, err
	}
	var out []Question
	for _, file := range files {
		content, err := texts.ReadFile(file)
		if err != nil {
			return nil, err
		}
		first, body, _ := strings.Cut(string(content), "\n")
		title, ok := strings.CutPrefix(first, "-- ")
		if !ok {
			return nil, fmt.Errorf("%s: the first line is no title", file)
		}
		ours, theirs, other := strings.Cut(body, forDuckDB)
		if !other {
			theirs = ours
		}
		q := Question{
			Name: strings.TrimSuffix(strings.TrimPrefix(file, "text/"), ".sql"), Title: title,
			Text: strings.NewReplacer("$from", sparkTime(s.Window.From), "$to", sparkTime(s.Window.To)).Replace(ours),
			SQL:  s.fill(theirs),
		}
		for _, table := range Tables() {
			if slices.Contains(strings.Fields(ours), table) {
				q.Tables = append(q.Tables, table)
			}
		}
		out = append(out, q)
	}
	return out, nil
}

func sparkTime(t time.Time) string {
	return "TIMESTAMP '" + t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") + "'"
}

// RunTexts measures the statements and keeps the figures.
func RunTexts(ctx context.Context, o measure.Options) error {
	f, err := Measure(ctx, o, Statements)
	if err != nil {
		return err
	}
	return measure.Save(o, TextPart, f)
}

// TextSection is the text of docs/benchmarks.md from the figures that are kept.
func TextSection(root string) (string, error) {
	var f Figures
	if err := measure.Load(root, TextPart, &f); err != nil {
		return "", err
	}
	return f.TextSection(), nil
}

// TextSection is the figures of statements as text: those that became plans, and
// those that SQLite answered.
func (f *Figures) TextSection() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Statements over %s events of %d days, from their text to the last row. Medians, warm; a factor is how many times as long DuckDB takes over the same Parquet files.\n",
		thousands(f.Events), f.Lake.Days)
	for _, engine := range []struct{ name, title string }{
		{sqlite.Plan, "Become plans"}, {sqlite.SQLite, "Answered on SQLite"},
	} {
		part := *f
		part.Questions = nil
		for _, q := range f.Questions {
			if q.Engine == engine.name {
				part.Questions = append(part.Questions, q)
			}
		}
		if len(part.Questions) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", part.times(engine.title+", ms", warm, DuckDBFiles))
		if ratios, mean := part.Ratios(warm, DuckDBFiles); ratios != nil {
			fmt.Fprintf(&b, "Geometric mean **%.2f**, the least %.2f: Auditlake takes at most %.1f times as long.\n", mean, slices.Min(ratios), math.Max(1, 1/slices.Min(ratios)))
		}
	}
	fmt.Fprintf(&b, "\nThe answers are compared row by row before anything is measured. The statements are in bench/queries/text.\n\n%s\n", report.Circumstances(f.Taken))
	return b.String()
}
