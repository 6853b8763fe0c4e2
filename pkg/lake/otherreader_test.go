package lake_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// otherRows are the rows of a Parquet file as another library reads them, value
// by value, as text under a schema. What is in fixed is of all rows.
func otherRows(t *testing.T, path string, schema columnar.Schema, fixed map[string]string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var out []string
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		for buf := make([]parquet.Row, 64); ; {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				r := otherReader{columns: map[int][]parquet.Value{}}
				for _, v := range row {
					r.columns[v.Column()] = append(r.columns[v.Column()], v)
				}
				out = append(out, otherRow(r.fields(file.Root(), 0, 0), schema, fixed))
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func otherRow(have map[string]any, schema columnar.Schema, fixed map[string]string) string {
	cells := make([]string, len(schema))
	for i, f := range schema {
		text, ok := fixed[f.Name]
		if !ok {
			text = plainText(conform(have[strings.ToLower(f.Name)], f.Type))
		}
		cells[i] = text
	}
	return strings.Join(cells, " | ")
}

// conform gives the structs in a value the names of a schema, and the fields that
// the file lacks.
func conform(v any, t columnar.Type) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i := range x {
			if pair, ok := x[i].([2]any); ok {
				out[i] = [2]any{conform(pair[0], *t.Key), conform(pair[1], *t.Elem)}
				continue
			}
			out[i] = conform(x[i], *t.Elem)
		}
		if t.Kind == columnar.Map && t.Key.Kind == columnar.String {
			m := map[string]any{}
			for _, pair := range out {
				m[pair.([2]any)[0].(string)] = pair.([2]any)[1]
			}
			return m
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for _, f := range t.Fields {
			out[f.Name] = conform(x[strings.ToLower(f.Name)], f.Type)
		}
		return out
	case []byte:
		if t.Kind == columnar.String {
			return string(x)
		}
	}
	return v
}

// otherReader puts the values of one row together (parquet-format README, "Nested
// Encoding"): columns are what is left of each leaf.
type otherReader struct{ columns map[int][]parquet.Value }

func (r *otherReader) fields(c *parquet.Column, def, rep int) map[string]any {
	out := map[string]any{}
	for _, f := range c.Columns() {
		out[strings.ToLower(f.Name())] = r.value(f, def, rep)
	}
	return out
}

func (r *otherReader) value(c *parquet.Column, def, rep int) any {
	switch {
	case c.Repeated():
		out := []any{}
		if r.skipIfBelow(c, def+1) {
			return out
		}
		for first := true; first || r.continues(c, rep+1); first = false {
			out = append(out, r.body(c, def+1, rep+1))
		}
		return out
	case c.Optional():
		def++
		if r.skipIfBelow(c, def) {
			return nil
		}
	}
	return r.body(c, def, rep)
}

// skipIfBelow drops one value of each leaf where the column has none here.
func (r *otherReader) skipIfBelow(c *parquet.Column, def int) bool {
	if r.columns[leavesOf(c)[0]][0].DefinitionLevel() >= def {
		return false
	}
	for _, leaf := range leavesOf(c) {
		r.columns[leaf] = r.columns[leaf][1:]
	}
	return true
}

func (r *otherReader) continues(c *parquet.Column, rep int) bool {
	rest := r.columns[leavesOf(c)[0]]
	return len(rest) > 0 && rest[0].RepetitionLevel() == rep
}

func leavesOf(c *parquet.Column) []int {
	if c.Leaf() {
		return []int{c.Index()}
	}
	var out []int
	for _, f := range c.Columns() {
		out = append(out, leavesOf(f)...)
	}
	return out
}

// body is a value that is there. The groups that Parquet puts into lists and maps
// are left out; a map is a []any of [2]any.
func (r *otherReader) body(c *parquet.Column, def, rep int) any {
	if c.Leaf() {
		v := r.columns[c.Index()][0]
		r.columns[c.Index()] = r.columns[c.Index()][1:]
		return otherLeaf(c, v)
	}
	inner := c.Columns()
	if len(inner) != 1 || !inner[0].Repeated() {
		return r.fields(c, def, rep)
	}
	elements := r.value(inner[0], def, rep).([]any)
	if inner[0].Leaf() || inner[0].Name() == "array" {
		return elements
	}
	names := inner[0].Columns()
	for i, e := range elements {
		group := e.(map[string]any)
		switch {
		case len(names) == 1:
			elements[i] = group[strings.ToLower(names[0].Name())]
		case names[0].Name() == "key" && names[1].Name() == "value":
			elements[i] = [2]any{group["key"], group["value"]}
		}
	}
	return elements
}

func otherLeaf(c *parquet.Column, v parquet.Value) any {
	var logical any
	if lt := c.Type().LogicalType(); lt != nil {
		logical = lt.Value
	}
	switch l := logical.(type) {
	case *format.DecimalType:
		return otherDecimal(v, int(l.Scale))
	case *format.DateType:
		return time.Unix(int64(v.Int32())*86400, 0).UTC()
	case *format.TimestampType:
		if _, millis := l.Unit.Value.(*format.MilliSeconds); millis {
			return time.UnixMilli(v.Int64()).UTC()
		}
		return time.UnixMicro(v.Int64()).UTC()
	case *format.StringType:
		return string(v.ByteArray())
	}
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean()
	case parquet.Int32:
		return int64(v.Int32())
	case parquet.Int64:
		return v.Int64()
	case parquet.Int96:
		x := v.Int96()
		return time.Unix((int64(x[2])-2440588)*86400, int64(uint64(x[1])<<32|uint64(x[0]))).UTC()
	case parquet.Float:
		return float64(v.Float())
	case parquet.Double:
		return v.Double()
	}
	return slices.Clone(v.ByteArray())
}

// otherDecimal reads a decimal by rational numbers.
func otherDecimal(v parquet.Value, scale int) string {
	unscaled := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		unscaled.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		unscaled.SetInt64(v.Int64())
	default:
		b := v.ByteArray()
		unscaled.SetBytes(b)
		if b[0]&0x80 != 0 {
			unscaled.Sub(unscaled, new(big.Int).Exp(big.NewInt(256), big.NewInt(int64(len(b))), nil))
		}
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	return new(big.Rat).SetFrac(unscaled, power).FloatString(scale)
}

// plainText is one spelling for a value of either reader.
func plainText(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(x)
	case []byte:
		return fmt.Sprintf("x%x", x)
	case time.Time:
		return x.Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000Z")
	case [2]any:
		return plainText(x[0]) + ": " + plainText(x[1])
	case []any:
		parts := make([]string, len(x))
		pairs := false
		for i := range x {
			parts[i] = plainText(x[i])
			_, pairs = x[i].([2]any)
		}
		if pairs {
			slices.Sort(parts)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			parts = append(parts, k+": "+plainText(x[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
