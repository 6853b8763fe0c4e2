package layout

import (
	"fmt"
	"io"
	"strings"
	"time"
)

func writeReport(to io.Writer, c *corpus, panels []panel, results []*result, duck *duckResult, columns []columnWeight, levels []levelWeight, filters []filterWeight) error {
	var s strings.Builder
	base := results[0]
	fmt.Fprintf(&s, "### %s: %d rows, %d columns, %.1f MB in one file\n\n", c.table, c.rows.Len, len(c.leaves()), mega(base.size))
	reportVariants(&s, panels, results, duck)
	if duck != nil {
		reportOwn(&s, base, duck)
	}
	reportColumns(&s, base, columns)
	if len(levels) > 0 {
		reportLevels(&s, levels)
	}
	if len(filters) > 0 {
		reportFilters(&s, base, filters)
	}
	_, err := io.WriteString(to, s.String())
	return err
}

func reportVariants(s *strings.Builder, panels []panel, results []*result, duck *duckResult) {
	head := []string{"variant", "size", "write"}
	for _, p := range panels {
		head = append(head, p.name)
	}
	if duck != nil {
		head = append(head, "DuckDB, all")
	}
	row(s, head)
	row(s, rule(len(head)))
	base := results[0]
	for i, r := range results {
		cells := []string{r.variant.name, percent(float64(r.size), float64(base.size)), percent(float64(r.write), float64(base.write))}
		if i == 0 {
			cells[1], cells[2] = fmt.Sprintf("%.1f MB", mega(r.size)), fmt.Sprintf("%.2f s", r.write.Seconds())
		}
		for _, p := range r.panels {
			cells = append(cells, fmt.Sprintf("%s (%d)", millis(p.cpu), p.groups))
		}
		if duck != nil {
			cells = append(cells, fmt.Sprintf("%.0f ms", sum(duck.Variants[i])))
		}
		row(s, cells)
	}
	s.WriteString("\nPanels: CPU, and in brackets the row groups that were read.\n\n")
}

func reportOwn(s *strings.Builder, base *result, duck *duckResult) {
	row(s, []string{"written by DuckDB", "size", "DuckDB, all"})
	row(s, rule(3))
	for _, own := range duck.Own {
		row(s, []string{"Parquet " + own.Version, percent(float64(own.Size), float64(base.size)), fmt.Sprintf("%.0f ms", sum(own.MS))})
	}
	s.WriteByte('\n')
}

func reportColumns(s *strings.Builder, base *result, columns []columnWeight) {
	names := []string{"PLAIN", "dictionary", "DELTA", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT", "binary"}
	row(s, append(append([]string{"column", "values"}, names...), "written"))
	row(s, rule(len(names)+3))
	var now, dictInts, deltas int
	var plainTime, deltaTime time.Duration
	shown := 0
	for _, w := range columns {
		written, best := w.size[w.written], w.size[w.written]
		now += written
		least := written
		if w.size[encSplit] >= 0 { // a number
			least = min(written, w.size[encDictionary])
		}
		dictInts += least
		for _, x := range w.size {
			if x >= 0 {
				best = min(best, x)
			}
		}
		deltas += min(best, least)
		plainTime += w.decode[encPlain]
		deltaTime += w.decode[encDelta]
		if float64(max(written, w.size[encPlain])) < 0.004*float64(base.size) {
			continue
		}
		shown++
		cells := []string{w.path, fmt.Sprint(w.values)}
		for e, x := range w.size {
			cell := "-"
			if x >= 0 {
				cell = fmt.Sprintf("%.0f", float64(x)/1000)
			}
			if d := w.decode[e]; d > 0 && x >= 0 && w.values > 0 {
				cell += fmt.Sprintf(" (%.0f)", float64(d.Nanoseconds())/float64(w.values))
			}
			cells = append(cells, cell)
		}
		row(s, append(cells, names[w.written]))
	}
	fmt.Fprintf(s, "\nkB, in brackets ns to decode a value; columns of 0.4 %% of the file and more, %d of %d. All columns as written: %.2f MB; with dictionaries for numbers where they help: %s; with the best of all for each column: %s. Decoding every value: PLAIN %s, DELTA %s.\n\n",
		shown, len(columns), mega(now), percent(float64(dictInts), float64(now)), percent(float64(deltas), float64(now)), millis(plainTime), millis(deltaTime))
}

func reportLevels(s *strings.Builder, columns []levelWeight) {
	head := []string{"Zstandard, PLAIN pages"}
	for _, w := range columns {
		head = append(head, w.path)
	}
	row(s, head)
	row(s, rule(len(head)))
	for i, l := range levels() {
		cells := []string{l.name}
		for _, w := range columns {
			cells = append(cells, fmt.Sprintf("%.2f B (%d, %d)", w.size[i], w.write[i].Nanoseconds(), w.inflate[i].Nanoseconds()))
		}
		row(s, cells)
	}
	s.WriteString("\nBytes a value, in brackets ns to compress and to decompress it.\n\n")
}

func reportFilters(s *strings.Builder, base *result, filters []filterWeight) {
	row(s, []string{"bloom filter", "distinct", "size", "of the file", "build", "groups read by bounds", "by filter", "that have it"})
	row(s, rule(8))
	for _, w := range filters {
		share := func(f float64) string { return fmt.Sprintf("%.1f of %d", f*float64(w.groups), w.groups) }
		row(s, []string{
			w.path, fmt.Sprint(w.distinct), fmt.Sprintf("%.0f kB", float64(w.size)/1000),
			fmt.Sprintf("%.2f %%", 100*float64(w.size)/float64(base.size)),
			percent(float64(base.write+w.build), float64(base.write)) + " write",
			share(w.byBounds), share(w.byFilter), share(w.byContent),
		})
	}
	fmt.Fprintf(s, "\n%d bits for each distinct value of row groups of %d rows.\n\n", filterBits, filterGroup)
}

func row(s *strings.Builder, cells []string) {
	s.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func rule(n int) []string {
	cells := make([]string, n)
	for i := range cells {
		if cells[i] = "--:"; i == 0 {
			cells[i] = "---"
		}
	}
	return cells
}

func percent(x, of float64) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.1f %%", 100*(x/of-1))
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func mega(n int) float64 { return float64(n) / 1e6 }

func sum(x []float64) float64 {
	total := 0.0
	for _, f := range x {
		total += f
	}
	return total
}
