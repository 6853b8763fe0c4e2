package columnar

import "time"

// Any is value i for printing or JSON: nil, bool, int64, float64, string, also of
// a decimal, []byte, time.Time in UTC for a timestamp or date, map[string]any for a struct and for
// a map with string keys, []any for a list. Any other map is a []any of
// [2]any{key, value}. []byte aliases the vector.
func (v *Vector) Any(i int) any {
	if v.IsNull(i) {
		return nil
	}
	switch v.Type.Kind {
	case Boolean:
		return v.Ints[i] != 0
	case Byte, Short, Integer, Long:
		return v.Ints[i]
	case Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC()
	case Timestamp, TimestampNTZ:
		return time.UnixMicro(v.Ints[i]).UTC()
	case Float, Double:
		return v.Floats[i]
	case String, Decimal:
		return string(v.ByteAt(i))
	case Binary:
		return v.ByteAt(i)
	case Struct:
		out := make(map[string]any, len(v.Children))
		for c, f := range v.Type.Fields {
			out[f.Name] = v.Children[c].Any(i)
		}
		return out
	case List:
		out := make([]any, 0, v.Offsets[i+1]-v.Offsets[i])
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			out = append(out, v.Children[0].Any(int(j)))
		}
		return out
	case Map:
		return v.anyMap(int(v.Offsets[i]), int(v.Offsets[i+1]))
	}
	return nil
}

func (v *Vector) anyMap(from, to int) any {
	keys, values := v.Children[0], v.Children[1]
	if v.Type.Key.Kind == String {
		out := make(map[string]any, to-from)
		for j := from; j < to; j++ {
			out[string(keys.ByteAt(j))] = values.Any(j)
		}
		return out
	}
	out := make([]any, 0, to-from)
	for j := from; j < to; j++ {
		out = append(out, [2]any{keys.Any(j), values.Any(j)})
	}
	return out
}

// Row is row i by column name, each value as Any gives it.
func (b *Batch) Row(i int) map[string]any {
	out := make(map[string]any, len(b.Columns))
	for c, f := range b.Schema {
		out[f.Name] = b.Columns[c].Any(i)
	}
	return out
}
