package history

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// appendRow is a row of a batch as a JSON object, without the columns that are null.
func appendRow(dst []byte, b *columnar.Batch, i int) []byte {
	dst = append(dst, '{')
	first := true
	for c, f := range b.Schema {
		dst, first = appendMember(dst, first, []byte(f.Name), b.Columns[c], i)
	}
	return append(dst, '}')
}

func appendMember(dst []byte, first bool, name []byte, v *columnar.Vector, i int) ([]byte, bool) {
	if v.IsNull(i) {
		return dst, first
	}
	if !first {
		dst = append(dst, ',')
	}
	dst = append(strictjson.AppendString(dst, name), ':')
	return appendValue(dst, v, i), false
}

// appendValue is a value as JSON: a number digit for digit, a time as text of RFC 3339, a
// struct and a map as objects without what is null, binary as text or else in base64.
func appendValue(dst []byte, v *columnar.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	switch v.Type.Kind {
	case columnar.Boolean:
		return strconv.AppendBool(dst, v.Ints[i] != 0)
	case columnar.Byte, columnar.Short, columnar.Integer, columnar.Long:
		return strconv.AppendInt(dst, v.Ints[i], 10)
	case columnar.Date:
		return time.Unix(v.Ints[i]*24*60*60, 0).UTC().AppendFormat(dst, `"`+time.DateOnly+`"`)
	case columnar.Timestamp:
		return time.UnixMicro(v.Ints[i]).UTC().AppendFormat(dst, `"2006-01-02T15:04:05.999999Z"`)
	case columnar.TimestampNTZ:
		return time.UnixMicro(v.Ints[i]).UTC().AppendFormat(dst, `"2006-01-02T15:04:05.999999"`)
	case columnar.Float:
		return appendFloat(dst, v.Floats[i], 32)
	case columnar.Double:
		return appendFloat(dst, v.Floats[i], 64)
	case columnar.Decimal:
		return append(dst, v.ByteAt(i)...)
	case columnar.Struct:
		dst = append(dst, '{')
		first := true
		for c, f := range v.Type.Fields {
			dst, first = appendMember(dst, first, []byte(f.Name), v.Children[c], i)
		}
		return append(dst, '}')
	case columnar.Map:
		return appendMap(dst, v, i)
	case columnar.List:
		dst = append(dst, '[')
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			if j > v.Offsets[i] {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, v.Children[0], int(j))
		}
		return append(dst, ']')
	}
	s := v.ByteAt(i)
	if !utf8.Valid(s) {
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), s), '"')
	}
	return strictjson.AppendString(dst, s)
}

func appendMap(dst []byte, v *columnar.Vector, i int) []byte {
	keys, values := v.Children[0], v.Children[1]
	dst = append(dst, '{')
	first := true
	for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
		name := keys.ByteAt
		if keys.Type.Kind != columnar.String {
			name = func(j int) []byte { return appendValue(nil, keys, j) }
		}
		dst, first = appendMember(dst, first, name(j), values, j)
	}
	return append(dst, '}')
}

// appendFloat is the shortest text that reads back the same. What JSON has no number for
// is a string.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(strconv.AppendFloat(append(dst, '"'), f, 'g', -1, bits), '"')
	}
	format := byte('f')
	if abs := math.Abs(f); abs >= 1e21 || abs != 0 && abs < 1e-6 {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}
