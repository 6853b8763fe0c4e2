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
