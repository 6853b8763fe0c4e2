package querytest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// ParseTable reads a table: a line of columns, name and type, then the rows, all
// cut by |. A dot in a name makes a struct; a map is written {key: value, ...}.
// A string may stand in single quotes, as it must if it is empty or 'null'.
func ParseTable(text string) (*columnar.Batch, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var schema columnar.Schema
	var paths [][]string
	for _, cell := range strings.Split(lines[0], "|") {
		name, typeName, ok := strings.Cut(strings.TrimSpace(cell), " ")
		if !ok {
			return nil, fmt.Errorf("column %q has no type", cell)
		}
		t, err := parseType(strings.TrimSpace(typeName))
		if err != nil {
			return nil, err
		}
		path := strings.Split(name, ".")
		paths = append(paths, path)
		schema = add(schema, path, t)
	}
	b := columnar.NewBatch(schema)
	for _, line := range lines[1:] {
		cells := strings.Split(line, "|")
		if len(cells) != len(paths) {
			return nil, fmt.Errorf("row %q has %d cells, not %d", line, len(cells), len(paths))
		}
		row := map[string]string{}
		for i, c := range cells {
			row[strings.Join(paths[i], ".")] = strings.TrimSpace(c)
		}
		for i, v := range b.Columns {
			if err := appendCell(v, schema[i].Name, row); err != nil {
				return nil, fmt.Errorf("row %q: %w", line, err)
			}
		}
		b.Len++
	}
	return b, nil
}

func parseType(name string) (columnar.Type, error) {
	if strings.HasPrefix(name, "map") {
		return columnar.MapOf(columnar.Of(columnar.String), columnar.Of(columnar.String)), nil
	}
	if digits, ok := strings.CutPrefix(name, "decimal("); ok {
		var precision, scale int
		if _, err := fmt.Sscanf(digits, "%d,%d)", &precision, &scale); err != nil {
			return columnar.Type{}, fmt.Errorf("type %q: %w", name, err)
		}
		return columnar.DecimalOf(precision, scale), nil
	}
	for k := columnar.Boolean; k <= columnar.Binary; k++ {
		if k.String() == name {
			return columnar.Of(k), nil
		}
	}
	return columnar.Type{}, fmt.Errorf("type %q is not known", name)
}

func add(s columnar.Schema, path []string, t columnar.Type) columnar.Schema {
	if len(path) == 1 {
		return append(s, columnar.Field{Name: path[0], Type: t})
	}
	i := s.Index(path[0])
	if i < 0 {
		i = len(s)
		s = append(s, columnar.Field{Name: path[0], Type: columnar.StructOf()})
	}
	s[i].Type.Fields = add(s[i].Type.Fields, path[1:], t)
	return s
}

func appendCell(v *columnar.Vector, path string, row map[string]string) error {
	if v.Type.Kind == columnar.Struct {
		for i, f := range v.Type.Fields {
			if err := appendCell(v.Children[i], path+"."+f.Name, row); err != nil {
				return err
			}
		}
		v.AppendNested()
		return nil
	}
	cell := row[path]
	if cell == "null" {
		v.AppendNull()
		return nil
	}
	var err error
	var i int64
	var t time.Time
	switch v.Type.Kind {
	case columnar.Boolean:
		var is bool
		if is, err = strconv.ParseBool(cell); is {
			i = 1
		}
		v.AppendInt(i)
	case columnar.Date:
		t, err = time.Parse(time.DateOnly, cell)
		v.AppendInt(t.Unix() / 86400)
	case columnar.Timestamp, columnar.TimestampNTZ:
		t, err = time.Parse(time.RFC3339Nano, cell)
		v.AppendInt(t.UnixMicro())
	case columnar.Float, columnar.Double:
		var f float64
		f, err = strconv.ParseFloat(cell, 64)
		v.AppendFloat(f)
	case columnar.Decimal:
		var d columnar.Value
		d, err = columnar.DecimalValue(v.Type, cell)
		v.AppendBytes(d.Bytes)
	case columnar.String, columnar.Binary:
		v.AppendString(unquote(cell))
	case columnar.Map:
		cell = strings.TrimSuffix(strings.TrimPrefix(cell, "{"), "}")
		for _, entry := range strings.Split(cell, ",") {
			if key, value, ok := strings.Cut(entry, ":"); ok {
				v.Children[0].AppendString(strings.TrimSpace(key))
				if value = strings.TrimSpace(value); value == "null" {
					v.Children[1].AppendNull()
				} else {
					v.Children[1].AppendString(unquote(value))
				}
			}
		}
		v.AppendNested()
	default:
		i, err = strconv.ParseInt(cell, 10, 64)
		v.AppendInt(i)
	}
	return err
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	}
	return s
}

// Format writes a batch as ParseTable reads it, columns aligned.
func Format(b *columnar.Batch) string {
	rows := make([][]string, b.Len+1)
	for c, f := range b.Schema {
		format(rows, f.Name, b.Columns[c])
	}
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString(" | ")
			}
			line.WriteString(cell + strings.Repeat(" ", width[i]-len([]rune(cell))))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

func format(rows [][]string, name string, v *columnar.Vector) {
	if v.Type.Kind == columnar.Struct {
		for i, f := range v.Type.Fields {
			format(rows, name+"."+f.Name, v.Children[i])
		}
		return
	}
	rows[0] = append(rows[0], name+" "+v.Type.String())
	for i := range v.Len {
		rows[i+1] = append(rows[i+1], cell(v, i))
	}
}

func cell(v *columnar.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	switch v.Type.Kind {
	case columnar.Boolean:
		return strconv.FormatBool(v.Ints[i] != 0)
	case columnar.Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC().Format(time.DateOnly)
	case columnar.Timestamp, columnar.TimestampNTZ:
		return time.UnixMicro(v.Ints[i]).UTC().Format(time.RFC3339Nano)
	case columnar.Float, columnar.Double:
		return strconv.FormatFloat(v.Floats[i], 'g', -1, 64)
	case columnar.String, columnar.Binary, columnar.Decimal:
		s := string(v.ByteAt(i))
		if s == "" || s == "null" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "|'\n") {
			return "'" + strings.ReplaceAll(s, "'", "''") + "'"
		}
		return s
	case columnar.Map:
		var parts []string
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			parts = append(parts, cell(v.Children[0], int(j))+": "+cell(v.Children[1], int(j)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return strconv.FormatInt(v.Ints[i], 10)
}
