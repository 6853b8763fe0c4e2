package trino

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	client "github.com/trinodb/trino-go-client/trino"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// exactDigits is how many digits of a decimal a double keeps.
const exactDigits = 15

// filler is how values become those of a vector; the zero value goes by its type.
type filler struct {
	layout string // of times of day, which are kept as texts
}

// typeOf is the type that a column of Trino has here, where no plan says it:
//
//	boolean, tinyint, smallint, integer, bigint, real, double   the same
//	decimal                         double up to 15 digits, which is exact, else decimal
//	date, timestamp                 the same; a timestamp has microseconds, and counts as UTC
//	varbinary                       binary
//	array, map, row                 compact JSON as text
//	varchar and all others          text
func typeOf(t *sql.ColumnType) (columnar.Type, filler) {
	kind := columnar.String
	switch t.DatabaseTypeName() {
	case "BOOLEAN":
		kind = columnar.Boolean
	case "TINYINT":
		kind = columnar.Byte
	case "SMALLINT":
		kind = columnar.Short
	case "INTEGER":
		kind = columnar.Integer
	case "BIGINT":
		kind = columnar.Long
	case "REAL":
		kind = columnar.Float
	case "DOUBLE":
		kind = columnar.Double
	case "DATE":
		kind = columnar.Date
	case "TIMESTAMP", "TIMESTAMP WITH TIME ZONE":
		kind = columnar.Timestamp
	case "VARBINARY":
		kind = columnar.Binary
	case "TIME":
		return columnar.Of(kind), filler{layout: "15:04:05.999999999"}
	case "TIME WITH TIME ZONE":
		return columnar.Of(kind), filler{layout: "15:04:05.999999999Z07:00"}
	case "DECIMAL":
		precision, scale, ok := t.DecimalSize()
		if ok && precision > exactDigits {
			return columnar.DecimalOf(int(precision), int(scale)), filler{}
		}
		kind = columnar.Double
	}
	return columnar.Of(kind), filler{}
}

// add appends a value as the client gives it: inside of arrays, maps and rows also as
// JSON has it.
func (c filler) add(v *columnar.Vector, x any) error {
	if x == nil {
		v.AppendNull()
		return nil
	}
	switch k := v.Type.Kind; {
	case k == columnar.Boolean:
		if b, ok := x.(bool); ok {
			n := int64(0)
			if b {
				n = 1
			}
			v.AppendInt(n)
			return nil
		}
	case k == columnar.Date, k == columnar.Timestamp, k == columnar.TimestampNTZ:
		if t, ok := x.(time.Time); ok {
			if k == columnar.Date {
				v.AppendInt(floorDiv(t.Unix(), 24*60*60))
			} else {
				v.AppendInt(t.UnixMicro())
			}
			return nil
		}
	case k.InInts():
		if n, ok := wholeOf(x); ok {
			v.AppendInt(n)
			return nil
		}
	case k.InFloats():
		if f, ok := floatOf(x); ok {
			v.AppendFloat(f)
			return nil
		}
	case k == columnar.Binary:
		switch x := x.(type) {
		case []byte:
			v.AppendBytes(x)
			return nil
		case string:
			if b, err := base64.StdEncoding.DecodeString(x); err == nil {
				v.AppendBytes(b)
				return nil
			}
		}
	case k.InBytes():
		return c.addText(v, x)
	case k == columnar.Struct:
		return addStruct(v, x)
	case k == columnar.Map:
		return addMap(v, x)
	case k == columnar.List:
		if list, ok := x.([]any); ok {
			for _, e := range list {
				if err := (filler{}).add(v.Children[0], e); err != nil {
					return err
				}
			}
			v.AppendNested()
			return nil
		}
	}
	return fmt.Errorf("the answer has a %T where a %s is to be", x, v.Type)
}

func (c filler) addText(v *columnar.Vector, x any) error {
	switch x := x.(type) {
	case string:
		v.AppendString(x)
	case time.Time:
		layout := c.layout
		if layout == "" {
			layout = time.RFC3339Nano
		}
		v.AppendString(x.Format(layout))
	default:
		var text bytes.Buffer
		if err := writeJSON(&text, x); err != nil {
			return err
		}
		v.AppendBytes(text.Bytes())
	}
	return nil
}

func addStruct(v *columnar.Vector, x any) error {
	var fields []any
	switch x := x.(type) {
	case client.Row:
		for i := range x.Len() {
			fields = append(fields, x.Value(i))
		}
	case []any:
		fields = x
	}
	if len(fields) != len(v.Children) {
		return fmt.Errorf("a row has %d fields and not those of %s", len(fields), v.Type)
	}
	for i, f := range fields {
		if err := (filler{}).add(v.Children[i], f); err != nil {
			return err
		}
	}
	v.AppendNested()
	return nil
}

func addMap(v *columnar.Vector, x any) error {
	entries, ok := x.(map[string]any)
	if !ok {
		return fmt.Errorf("the answer has a %T where a %s is to be", x, v.Type)
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if err := (filler{}).add(v.Children[0], key); err != nil {
			return err
		}
		if err := (filler{}).add(v.Children[1], entries[key]); err != nil {
			return err
		}
	}
	v.AppendNested()
	return nil
}

func wholeOf(x any) (int64, bool) {
	switch x := x.(type) {
	case int64:
		return x, true
	case json.Number:
		n, err := strconv.ParseInt(x.String(), 10, 64)
		return n, err == nil
	case string: // a key of a map
		n, err := strconv.ParseInt(x, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// floatOf also takes NaN and Infinity, which JSON has as texts, and decimals.
func floatOf(x any) (float64, bool) {
	var text string
	switch x := x.(type) {
	case float64:
		return x, true
	case int64:
		return float64(x), true
	case json.Number:
		text = x.String()
	case string:
		text = x
	default:
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// writeJSON writes a value without blanks: a row as an object of its fields in their
// order, a map with its keys in order, and what JSON has no form for as a text.
func writeJSON(to *bytes.Buffer, x any) error {
	switch x := x.(type) {
	case client.Row:
		to.WriteByte('{')
		for i := range x.Len() {
			if err := writeMember(to, i, x.Name(i), x.Value(i)); err != nil {
				return err
			}
		}
		to.WriteByte('}')
	case map[string]any:
		to.WriteByte('{')
		for i, key := range slices.Sorted(maps.Keys(x)) {
			if err := writeMember(to, i, key, x[key]); err != nil {
				return err
			}
		}
		to.WriteByte('}')
	case []any:
		to.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				to.WriteByte(',')
			}
			if err := writeJSON(to, e); err != nil {
				return err
			}
		}
		to.WriteByte(']')
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return writeJSON(to, strconv.FormatFloat(x, 'g', -1, 64))
		}
		return writeScalar(to, x)
	default:
		return writeScalar(to, x)
	}
	return nil
}

func writeMember(to *bytes.Buffer, i int, name string, x any) error {
	if i > 0 {
		to.WriteByte(',')
	}
	if err := writeScalar(to, name); err != nil {
		return err
	}
	to.WriteByte(':')
	return writeJSON(to, x)
}

func writeScalar(to *bytes.Buffer, x any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return err
	}
	to.Truncate(to.Len() - 1) // the line feed
	return nil
}
