package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

func newTable(out io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	return t
}

// printBatch writes rows as a table for people, as one JSON array of objects, or
// as CSV with a header. Dates are yyyy-mm-dd, times RFC 3339 in UTC with
// milliseconds, nulls null in JSON and empty elsewhere.
func printBatch(out io.Writer, b *columnar.Batch, format string) error {
	switch format {
	case "json":
		return printJSON(out, b)
	case "csv":
		return printCSV(out, b)
	}
	printTable(out, b)
	return nil
}

func printJSON(out io.Writer, b *columnar.Batch) error {
	open, sep := "[\n", ",\n"
	if b.Len == 0 {
		open = "["
	}
	if _, err := io.WriteString(out, open); err != nil {
		return err
	}
	for i := range b.Len {
		row, err := exec.RowJSON(b, i)
		if err != nil {
			return err
		}
		if i < b.Len-1 {
			row = append(row, sep...)
		}
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, "\n]\n")
	return err
}

func plain(v *columnar.Vector, i int) string {
	switch x := exec.Cell(v, i).(type) {
	case nil:
		return ""
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	default:
		b, err := json.Marshal(x)
		if err != nil {
			return fmt.Sprint(x)
		}
		return string(b)
	}
}

func printCSV(out io.Writer, b *columnar.Batch) error {
	w := csv.NewWriter(out)
	row := make([]string, len(b.Schema))
	for c, f := range b.Schema {
		row[c] = f.Name
	}
	if err := w.Write(row); err != nil {
		return err
	}
	for i := range b.Len {
		for c := range row {
			row[c] = plain(b.Columns[c], i)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func printTable(out io.Writer, b *columnar.Batch) {
	t := newTable(out)
	head := table.Row{}
	var configs []table.ColumnConfig
	for c, f := range b.Schema {
		head = append(head, f.Name)
		if k := f.Type.Kind; k.InFloats() || k == columnar.Long || k == columnar.Integer {
			configs = append(configs, table.ColumnConfig{Number: c + 1, Align: text.AlignRight})
		}
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	for i := range b.Len {
		row := table.Row{}
		for c := range b.Columns {
			row = append(row, shown(plain(b.Columns[c], i)))
		}
		t.AppendRow(row)
	}
	t.Render()
	_, _ = fmt.Fprintf(out, "%s\n", plural(b.Len, "row"))
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(int64(n)) + " " + word + "s"
}

// number has separators between the thousands.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size is bytes in decimal units.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	x, u := float64(n), 0
	for x >= 999.95 && u < len(units)-1 { // prints as 1000.0
		x /= 1000
		u++
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", x, units[u])
}
