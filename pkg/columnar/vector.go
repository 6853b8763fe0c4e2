package columnar

import "slices"

// Bytes is byte strings laid end to end.
type Bytes struct {
	Data []byte
	Ends []uint32 // Ends[i] is where string i stops; it starts where i-1 stops
}

// Len is the number of strings.
func (b *Bytes) Len() int { return len(b.Ends) }

// At is string i. It aliases Data and must not be changed.
func (b *Bytes) At(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = b.Ends[i-1]
	}
	return b.Data[start:b.Ends[i]:b.Ends[i]]
}

// Append adds one string, copied.
func (b *Bytes) Append(s []byte) {
	if n := len(b.Data); cap(b.Data)-n < len(s) {
		b.Data = slices.Grow(b.Data, max(len(s), n/2)) // append would grow by a quarter, and copy twice as much
	}
	b.Data = append(b.Data, s...)
	b.Ends = append(b.Ends, uint32(len(b.Data)))
}

// AppendString adds one string, copied.
func (b *Bytes) AppendString(s string) {
	b.Data = append(b.Data, s...)
	b.Ends = append(b.Ends, uint32(len(b.Data)))
}

// Vector is one column of values of one type. Which of the slices is in use
// follows from Type.Kind; see the constants. Vectors that come from a File are
// read-only; vectors made by NewVector grow by the Append methods.
type Vector struct {
	Type Type
	Len  int

	// Null[i] says that value i is null; nil when none is. The other slices
	// hold a zero value at a null's place, and Codes holds -1.
	Null []bool

	Ints   []int64
	Floats []float64
	Bytes  Bytes

	// Codes, when not nil, stand in place of Bytes: value i is Dict.At(Codes[i]).
	// Dict may hold a value twice and may hold values that no code names.
	Codes []int32
	Dict  *Bytes

	// Offsets of a map or list: row i has the child rows from Offsets[i] up to
	// Offsets[i+1]. It has Len+1 entries.
	Offsets []int32

	// Children of a struct have Len rows each, null where the struct is null.
	// Of a map they are keys and values, of a list the elements.
	Children []*Vector

	nulls []bool      // memory for Null, kept by Reset
	coder *dictionary // of Dict, where the vector makes its codes; see Code
	coded int64       // bytes of the strings that have become codes
}

// NewVector is an empty vector to append to.
func NewVector(t Type) *Vector {
	v := &Vector{Type: t}
	switch t.Kind {
	case Struct:
		v.Children = make([]*Vector, len(t.Fields))
		for i, f := range t.Fields {
			v.Children[i] = NewVector(f.Type)
		}
	case Map:
		v.Offsets = []int32{0}
		v.Children = []*Vector{NewVector(*t.Key), NewVector(*t.Elem)}
	case List:
		v.Offsets = []int32{0}
		v.Children = []*Vector{NewVector(*t.Elem)}
	}
	return v
}

// Code has an empty vector of strings keep them as codes: each value that is appended
// is looked up once, here, where it is at hand, and whoever writes the vector to files
// looks up those of the dictionary alone.
func (v *Vector) Code() {
	v.coder, v.Codes = newDictionary(), []int32{}
	v.Dict = &v.coder.values
}

// IsNull reports whether value i is null.
func (v *Vector) IsNull(i int) bool { return v.Null != nil && v.Null[i] }

// ByteAt is value i of a string or binary vector; empty for a null. It aliases
// the vector.
func (v *Vector) ByteAt(i int) []byte {
	if v.Codes != nil {
		if c := v.Codes[i]; c >= 0 {
			return v.Dict.At(int(c))
		}
		return nil
	}
	return v.Bytes.At(i)
}

// Field is the child vector of a struct by exact name, or nil.
func (v *Vector) Field(name string) *Vector {
	if i := v.Type.Fields.Index(name); i >= 0 {
		return v.Children[i]
	}
	return nil
}

// Reset empties the vector and keeps its memory.
func (v *Vector) Reset() {
	if v.Null != nil {
		v.nulls = v.Null[:0]
	}
	v.Len, v.Null = 0, nil
	v.Ints, v.Floats = v.Ints[:0], v.Floats[:0]
	v.Bytes.Data, v.Bytes.Ends = v.Bytes.Data[:0], v.Bytes.Ends[:0]
	if v.coder != nil {
		v.coder, v.coded = v.coder.again(), 0
		v.Codes, v.Dict = v.Codes[:0], &v.coder.values
	} else {
		v.Codes, v.Dict = nil, nil
	}
	if v.Offsets != nil {
		v.Offsets = v.Offsets[:1]
	}
	for _, c := range v.Children {
		c.Reset()
	}
}

// fresh is an empty vector with room for as many values like these.
func (v *Vector) fresh() *Vector {
	out := &Vector{Type: v.Type}
	room := func(n int) int { return n + n/8 }
	switch k := v.Type.Kind; {
	case k.InInts():
		out.Ints = make([]int64, 0, room(v.Len))
	case k.InFloats():
		out.Floats = make([]float64, 0, room(v.Len))
	case v.coder != nil:
		out.Code()
		out.Codes = make([]int32, 0, room(v.Len))
	case k.InBytes():
		out.Bytes = Bytes{Data: make([]byte, 0, room(len(v.Bytes.Data))), Ends: make([]uint32, 0, room(v.Len))}
	case k != Struct:
		out.Offsets = make([]int32, 1, room(v.Len)+1)
	}
	if v.Null != nil {
		out.nulls = make([]bool, 0, room(v.Len))
	}
	for _, c := range v.Children {
		out.Children = append(out.Children, c.fresh())
	}
	return out
}

func (v *Vector) appended(null bool) {
	if null && v.Null == nil {
		if v.nulls == nil {
			v.nulls = make([]bool, 0, v.Len+64)
		}
		v.Null = append(v.nulls, make([]bool, v.Len)...)
	}
	if v.Null != nil {
		v.Null = append(v.Null, null)
	}
	v.Len++
}

// AppendNull adds a null; in a struct also to every child.
func (v *Vector) AppendNull() {
	switch k := v.Type.Kind; {
	case k.InInts():
		v.Ints = append(v.Ints, 0)
	case k.InFloats():
		v.Floats = append(v.Floats, 0)
	case v.coder != nil:
		v.Codes = append(v.Codes, -1)
	case k.InBytes():
		v.Bytes.Ends = append(v.Bytes.Ends, uint32(len(v.Bytes.Data)))
	case k == Struct:
		for _, c := range v.Children {
			c.AppendNull()
		}
	default:
		v.Offsets = append(v.Offsets, v.Offsets[v.Len])
	}
	v.appended(true)
}

// AppendInt adds a value of a kind that is kept in Ints.
func (v *Vector) AppendInt(i int64) {
	v.Ints = append(v.Ints, i)
	v.appended(false)
}

// AppendFloat adds a value of a kind that is kept in Floats.
func (v *Vector) AppendFloat(f float64) {
	v.Floats = append(v.Floats, f)
	v.appended(false)
}

// AppendBytes adds a string or binary value, copied.
func (v *Vector) AppendBytes(s []byte) {
	v.addBytes(s)
	v.appended(false)
}

func (v *Vector) addBytes(s []byte) {
	if v.coder != nil {
		v.Codes = append(v.Codes, v.coder.code(s))
		v.coded += int64(len(s))
		return
	}
	v.Bytes.Append(s)
}

// addBytesOf is addBytes for value i of another vector, where a null has no code.
func (v *Vector) addBytesOf(src *Vector, i int) {
	if v.coder != nil && src.IsNull(i) {
		v.Codes = append(v.Codes, -1)
		return
	}
	v.addBytes(src.ByteAt(i))
}

// AppendString adds a string value, copied.
func (v *Vector) AppendString(s string) {
	if v.coder != nil {
		v.Codes = append(v.Codes, v.coder.codeString(s))
		v.coded += int64(len(s))
	} else {
		v.Bytes.AppendString(s)
	}
	v.appended(false)
}

// AppendValue adds a value of the vector's kind, or a null for none. Bytes are copied.
func (v *Vector) AppendValue(x Value) {
	switch {
	case x.Kind == Invalid:
		v.AppendNull()
	case x.Kind.InInts():
		v.AppendInt(x.Int)
	case x.Kind.InFloats():
		v.AppendFloat(x.Float)
	default:
		v.AppendBytes(x.Bytes)
	}
}

// AppendNested closes one row of a struct, map or list, after its children got
// that row's values: each child of a struct one value, each child of a map or
// list any number.
func (v *Vector) AppendNested() {
	if v.Type.Kind != Struct {
		v.Offsets = append(v.Offsets, int32(v.Children[0].Len))
	}
	v.appended(false)
}

// AppendFrom copies value i of src, which must have the same type.
func (v *Vector) AppendFrom(src *Vector, i int) {
	if src.IsNull(i) {
		v.AppendNull()
		return
	}
	switch k := v.Type.Kind; {
	case k.InInts():
		v.AppendInt(src.Ints[i])
	case k.InFloats():
		v.AppendFloat(src.Floats[i])
	case k.InBytes():
		v.AppendBytes(src.ByteAt(i))
	case k == Struct:
		for c, child := range v.Children {
			child.AppendFrom(src.Children[c], i)
		}
		v.AppendNested()
	default:
		for j := src.Offsets[i]; j < src.Offsets[i+1]; j++ {
			for c, child := range v.Children {
				child.AppendFrom(src.Children[c], int(j))
			}
		}
		v.AppendNested()
	}
}

// AppendRange copies the values of src from up to to; src must have the same
// type.
func (v *Vector) AppendRange(src *Vector, from, to int) {
	if from == to {
		return
	}
	if src.Null != nil && v.Null == nil {
		v.Null = make([]bool, v.Len, v.Len+to-from)
	}
	if src.Null != nil {
		v.Null = append(v.Null, src.Null[from:to]...)
	} else if v.Null != nil {
		v.Null = append(v.Null, make([]bool, to-from)...)
	}
	switch k := v.Type.Kind; {
	case k.InInts():
		v.Ints = append(v.Ints, src.Ints[from:to]...)
	case k.InFloats():
		v.Floats = append(v.Floats, src.Floats[from:to]...)
	case k.InBytes() && src.Codes == nil && v.coder == nil:
		v.Bytes.appendRange(&src.Bytes, from, to)
	case k.InBytes():
		for i := from; i < to; i++ {
			v.addBytesOf(src, i)
		}
	case k == Struct:
		for c, child := range v.Children {
			child.AppendRange(src.Children[c], from, to)
		}
	default:
		first, last := src.Offsets[from], src.Offsets[to]
		shift := int32(v.Children[0].Len) - first
		for _, end := range src.Offsets[from+1 : to+1] {
			v.Offsets = append(v.Offsets, end+shift)
		}
		for c, child := range v.Children {
			child.AppendRange(src.Children[c], int(first), int(last))
		}
	}
	v.Len += to - from
}

// Take is a new vector of the given rows, in the order given; a negative row
// gives a null. Codes stay codes and share Dict, so the answer is for reading.
func (v *Vector) Take(rows []int32) *Vector {
	out := &Vector{Type: v.Type, Len: len(rows), Null: v.takeNulls(rows)}
	switch k := v.Type.Kind; {
	case k.InInts():
		out.Ints = take(v.Ints, rows, 0)
	case k.InFloats():
		out.Floats = take(v.Floats, rows, 0)
	case k.InBytes() && v.Codes != nil:
		out.Codes, out.Dict = take(v.Codes, rows, -1), v.Dict
	case k.InBytes():
		out.Bytes = v.Bytes.take(rows)
	case k == Struct:
		out.Children = make([]*Vector, len(v.Children))
		for c, child := range v.Children {
			out.Children[c] = child.Take(rows)
		}
	default:
		out.takeNested(v, rows)
	}
	return out
}

func take[T any](values []T, rows []int32, null T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		if out[i] = null; r >= 0 {
			out[i] = values[r]
		}
	}
	return out
}

func (v *Vector) takeNulls(rows []int32) []bool {
	for i, r := range rows {
		if r >= 0 && !v.IsNull(int(r)) {
			continue
		}
		null := make([]bool, len(rows))
		for j, r := range rows[i:] {
			null[i+j] = r < 0 || v.IsNull(int(r))
		}
		return null
	}
	return nil
}

func (b *Bytes) take(rows []int32) Bytes {
	size := 0
	for _, r := range rows {
		if r >= 0 {
			size += len(b.At(int(r)))
		}
	}
	out := Bytes{Data: make([]byte, 0, size), Ends: make([]uint32, len(rows))}
	for i, r := range rows {
		if r >= 0 {
			out.Data = append(out.Data, b.At(int(r))...)
		}
		out.Ends[i] = uint32(len(out.Data))
	}
	return out
}

func (v *Vector) takeNested(src *Vector, rows []int32) {
	v.Offsets = make([]int32, 1, len(rows)+1)
	var inner []int32
	for _, r := range rows {
		if r >= 0 {
			for j := src.Offsets[r]; j < src.Offsets[r+1]; j++ {
				inner = append(inner, j)
			}
		}
		v.Offsets = append(v.Offsets, int32(len(inner)))
	}
	v.Children = make([]*Vector, len(src.Children))
	for c, child := range src.Children {
		v.Children[c] = child.Take(inner)
	}
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
			v.addBytesOf(src, int(r))
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
	if v.coder != nil {
		return v.coded
	}
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
