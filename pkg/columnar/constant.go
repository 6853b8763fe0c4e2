package columnar

// Repeat is a vector of n times the same value; of nulls if the value is of Kind
// Invalid. A string becomes one dictionary entry.
func Repeat(t Type, v Value, n int) *Vector {
	out := &Vector{Type: t, Len: n}
	null := v.Kind == Invalid
	if null {
		out.Null = make([]bool, n)
		for i := range out.Null {
			out.Null[i] = true
		}
	}
	switch k := t.Kind; {
	case k.InInts():
		out.Ints = make([]int64, n)
		for i := range out.Ints {
			out.Ints[i] = v.Int
		}
	case k.InFloats():
		out.Floats = make([]float64, n)
		for i := range out.Floats {
			out.Floats[i] = v.Float
		}
	case k.InBytes():
		out.Codes = make([]int32, n)
		out.Dict = &Bytes{}
		code := int32(-1)
		if !null {
			out.Dict.Append(v.Bytes)
			code = 0
		}
		for i := range out.Codes {
			out.Codes[i] = code
		}
	default:
		out = NewVector(t)
		out.AppendNulls(n)
	}
	return out
}

// AppendNulls adds n nulls.
func (v *Vector) AppendNulls(n int) {
	for range n {
		v.AppendNull()
	}
}

// AppendRows copies the given rows of src, which must have the same type, in the
// order given.
func (v *Vector) AppendRows(src *Vector, rows []int32) {
	switch k := v.Type.Kind; {
	case src.Null != nil || !(k.InInts() || k.InBytes()):
		for _, r := range rows {
			v.AppendFrom(src, int(r))
		}
		return
	case k.InInts():
		for _, r := range rows {
			v.Ints = append(v.Ints, src.Ints[r])
		}
	default:
		for _, r := range rows {
			v.Bytes.Append(src.ByteAt(int(r)))
		}
	}
	if v.Null != nil {
		v.Null = append(v.Null, make([]bool, len(rows))...)
	}
	v.Len += len(rows)
}

// TextBytes is about how much memory the strings of the batch would take without
// dictionaries.
func (b *Batch) TextBytes() int64 {
	n := int64(0)
	for _, c := range b.Columns {
		n += c.textBytes()
	}
	return n
}

func (v *Vector) textBytes() int64 {
	if v.Codes == nil {
		n := int64(len(v.Bytes.Data))
		for _, c := range v.Children {
			n += c.textBytes()
		}
		return n
	}
	n := 0
	for i := range v.Len {
		n += len(v.ByteAt(i))
	}
	return int64(n)
}
