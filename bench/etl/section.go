package etl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/report"
)

// titles of the sides in the report.
func title(side string) string {
	switch side {
	case "auditlake":
		return "Auditlake"
	case "fastest":
		return "DuckDB, fastest formulation"
	case "notebook":
		return "DuckDB, shape of the notebook"
	case "spark":
		return "Spark with Delta"
	}
	return side
}

// section is the part's text in the report.
func section(f figures) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d lines in %d files, %.1f MB as delivered, to bronze, silver and one gold table per service. %s\n\n",
		f.Source.Lines, f.Source.Files, float64(f.Source.Bytes)/1e6, report.Circumstances(f.Taken))

	var rows [][]string
	for _, s := range f.Sides {
		rows = append(rows, []string{
			title(s.Name),
			report.Spread(s.WallSeconds, 1),
			fmt.Sprintf("%.1f", float64(f.Source.Bytes)/1e6/s.WallSeconds.Median),
			report.Spread(s.CPUSeconds, 1),
			report.Spread(scaled(s.PeakBytes, 1<<20), 0),
			fmt.Sprintf("%.1f", s.OutputBytes.Median/1e6),
			ratio(s.WallSeconds, f.Sides[0].WallSeconds),
			ratio(s.CPUSeconds, f.Sides[0].CPUSeconds),
		})
	}
	text.WriteString(report.Table([]string{
		"", "wall, s", "MB/s of JSON", "processors, s", "peak memory, MiB", "tables, MB",
		"wall against " + title(f.Sides[0].Name), "processors against it",
	}, rows))

	var layered [][]string
	for _, s := range f.Sides {
		if len(s.Layers) == 0 {
			continue
		}
		row := []string{title(s.Name)}
		for _, layer := range layers {
			row = append(row, report.Spread(s.Layers[layer], 1))
		}
		layered = append(layered, row)
	}
	if len(layered) > 0 {
		text.WriteString("\nWall seconds by layer, where a side does one after the other:\n\n")
		text.WriteString(report.Table(append([]string{""}, layers...), layered))
	}
	for _, side := range slices.Sorted(maps.Keys(f.Lacking)) {
		fmt.Fprintf(&text, "\n%s did not take part: %s.\n", title(side), f.Lacking[side])
	}
	return text.String()
}

// layers are the columns of the second table. Preparation is listing the files,
// and for Spark its start.
var layers = []string{"preparation", "bronze", "silver", "gold"}

func ratio(a, b measure.Summary) string {
	if b.Median == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a.Median/b.Median)
}

func scaled(s measure.Summary, by float64) measure.Summary {
	return measure.Summary{Median: s.Median / by, Min: s.Min / by, Max: s.Max / by, Rounds: s.Rounds}
}
