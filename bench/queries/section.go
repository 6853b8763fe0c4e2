package queries

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/report"
)

// Section is the text of docs/benchmarks.md from the figures that are kept.
func Section(root string) (string, error) {
	var f Figures
	if err := measure.Load(root, Part, &f); err != nil {
		return "", err
	}
	return f.Section(), nil
}

func warm(a Asked) map[string]Took { return a.Warm }
func cold(a Asked) map[string]Took { return a.Cold }

// Section is the figures as text.
func (f *Figures) Section() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Twelve questions about %s events of %d days. Medians; *files* is DuckDB over the live Parquet files, *tables* DuckDB's own tables with the same rows, *no pages* Auditlake that keeps none. A factor is how many times as long as Auditlake that takes.\n\n",
		thousands(f.Events), f.Lake.Days)
	b.WriteString(f.times("warm, ms", warm, Unkept, DuckDBFiles, DuckDBTables))
	fmt.Fprintf(&b, "\n%s\n\n", f.means())
	b.WriteString(f.times("cold, ms", cold, DuckDBFiles))
	b.WriteString("\nWhat a warm answer costs:\n\n")
	b.WriteString(f.costs())
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(f.method()))
	fmt.Fprintf(&b, "\n%s\n", report.Circumstances(f.Taken))
	return b.String()
}

// times has a column for Auditlake, and two for each other side.
func (f *Figures) times(what string, of func(Asked) map[string]Took, others ...string) string {
	header := []string{what, "answer", "Auditlake"}
	ratios := map[string][]float64{}
	for _, side := range others {
		if r, _ := f.Ratios(of, side); r != nil {
			ratios[side] = r
			header = append(header, short(side), "factor")
		}
	}
	var rows [][]string
	for i, q := range f.Questions {
		row := []string{q.Title, plural(q.Rows, "row"), report.Spread(of(q)[Auditlake].Millis, 1)}
		for _, side := range others {
			if r, ok := ratios[side]; ok {
				row = append(row, report.Spread(of(q)[side].Millis, 1), fmt.Sprintf("%.2f", r[i]))
			}
		}
		rows = append(rows, row)
	}
	return report.Table(header, rows)
}

func (f *Figures) means() string {
	var parts []string
	for _, m := range []struct {
		what, side string
		of         func(Asked) map[string]Took
	}{
		{"warm over files", DuckDBFiles, warm},
		{"warm over its own tables", DuckDBTables, warm},
		{"warm over itself without kept pages", Unkept, warm},
		{"cold over files", DuckDBFiles, cold},
	} {
		if ratios, mean := f.Ratios(m.of, m.side); ratios != nil {
			parts = append(parts, fmt.Sprintf("%s **%.2f**, the least %.2f", m.what, mean, slices.Min(ratios)))
		}
	}
	if parts == nil {
		return "Without DuckDB there are no factors."
	}
	return "Geometric mean of the factors: " + strings.Join(parts, "; ") + "."
}

func (f *Figures) costs() string {
	header := []string{"processor ms / MB read"}
	sides := []string{Auditlake, Unkept, DuckDBFiles, DuckDBTables}
	for _, side := range sides {
		header = append(header, short(side))
	}
	var rows [][]string
	for _, q := range f.Questions {
		row := []string{q.Title}
		for _, side := range sides {
			cell := "-"
			if w, ok := q.Warm[side]; ok {
				cell = fmt.Sprintf("%.1f / %.2f", w.CPUMillis.Median, w.Bytes.Median/1e6)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return report.Table(header, rows)
}

func (f *Figures) method() string {
	return fmt.Sprintf(`
- Before a question is measured, all sides answer it and the rows are compared one by one, doubles to 1e-9.
- **Auditlake** is the embedded executor in the process of the harness, over a lake opened as the plugin opens it, from the plan to the batch of the answer; making frames of it is not in it. Operators run on one thread; after the first milliseconds as many as there are cores read row groups ahead of it. Each query looks for new commits first, as in the plugin. Kept between queries: snapshots of the tables; parsed footers with the places of pages and bloom filters, at most 32 MiB; and decoded pages that were used twice, at most 64 MiB of all questions together. The plugin's cache of results is not in between: each answer is worked out. *No pages* keeps no decoded pages, and all else.
- **DuckDB** answers in a process of its own with %d threads, metadata cache and union_by_name on, over a list of files that never changes; the clock runs from the text of the statement to the last row in its client. Bytes are what the process read from files; what its own cache has is not read again. Its statements are in bench/queries/duckdb.
- Loading the rows into DuckDB's own tables took %s and is in no figure.
- *Warm* is after two answers to the same question that are not counted. *Cold* is a lake that nothing is known of yet, in a running process, and a new process of DuckDB, without its start, but with making the views of the question's tables. Files are in the page cache of the system on all sides.
- Not measured: Trino as the engine.
`, threads, f.LoadTime.Round(100*time.Millisecond))
}

func short(side string) string {
	return map[string]string{Auditlake: "Auditlake", Unkept: "no pages", DuckDBFiles: "DuckDB, files", DuckDBTables: "DuckDB, tables"}[side]
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(int64(n)) + " " + what + "s"
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
