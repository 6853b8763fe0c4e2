package columnar

import "slices"

// readNode is a column, or a part of one, as a reader wants it.
type readNode struct {
	typ      Type
	file     *fileNode // nil: the file lacks it
	children []*readNode
	cursor   *cursor // of a leaf: its own; else of a leaf below, for its levels
	missing  *Vector // the nulls of the last batch, for the next of the same length
}

// spans is what the cursors handed out for a batch.
type spans map[*cursor]span

// vector builds the node's values from the levels of its leaves; slots is how
// many there are. An entry of a leaf is a slot of the node if its repetition
// level begins one and its definition level reaches it (parquet-format README,
// "Nested Encoding").
func (n *readNode) vector(in spans, slots int) (*Vector, error) {
	if n.file == nil {
		if n.missing == nil || n.missing.Len != slots {
			n.missing = nulls(n.typ, slots)
		}
		return n.missing, nil
	}
	s := in[n.cursor]
	v := &Vector{Type: n.typ, Len: slots}
	var err error
	switch n.typ.Kind {
	case Struct:
		if v.Null, err = n.slotNulls(&s, slots); err != nil {
			return nil, err
		}
		err = n.childVectors(v, in, slots)
	case Map, List:
		var inner int
		if inner, err = n.offsets(v, &s, slots); err == nil {
			err = n.childVectors(v, in, inner)
		}
	default:
		err = n.scalars(v, &s, slots)
	}
	return v, err
}

func (n *readNode) childVectors(v *Vector, in spans, slots int) error {
	v.Children = make([]*Vector, len(n.children))
	for i, c := range n.children {
		var err error
		if v.Children[i], err = c.vector(in, slots); err != nil {
			return err
		}
	}
	return nil
}

func (n *readNode) miscounted(got, want int) error {
	return corruptf("column %q: %d values, its neighbours have %d", n.file.name, got, want)
}

// slotNulls says which slots of a struct are null; nil for none.
func (n *readNode) slotNulls(s *span, slots int) ([]bool, error) {
	if s.rep == nil && s.n != slots {
		return nil, n.miscounted(s.n, slots)
	}
	if s.full && s.rep == nil {
		return nil, nil
	}
	null := make([]bool, 0, slots)
	some := false
	for e := range s.n {
		if s.rep != nil && s.rep[e] > n.file.rep {
			continue
		}
		d := n.cursor.node.def
		switch {
		case s.def != nil:
			d = s.def[e]
		case s.null != nil && s.null[e]:
			d = 0 // of two levels
		}
		if d < n.file.slot {
			continue
		}
		null = append(null, d < n.file.def)
		some = some || d < n.file.def
	}
	if len(null) != slots {
		return nil, n.miscounted(len(null), slots)
	}
	if !some {
		return nil, nil
	}
	return null, nil
}

// offsets fills a map's or list's Offsets and Null; inner is how many elements
// there are in all.
func (n *readNode) offsets(v *Vector, s *span, slots int) (inner int, err error) {
	f := n.file
	v.Offsets = make([]int32, 1, slots+1)
	null := make([]bool, 0, slots)
	some := false
	for e := range s.n {
		d := n.cursor.node.def
		if !s.full {
			d = s.def[e]
		}
		if d < f.slot {
			continue
		}
		r := s.rep[e]
		if r <= f.rep {
			if len(null) > 0 {
				v.Offsets = append(v.Offsets, int32(inner))
			}
			null = append(null, d < f.def)
			some = some || d < f.def
		} else if len(null) == 0 {
			return 0, corruptf("column %q: a list goes on that did not begin", f.name)
		}
		if d > f.def && r <= f.rep+1 {
			inner++
		}
	}
	if len(null) != slots {
		return 0, n.miscounted(len(null), slots)
	}
	if slots > 0 {
		v.Offsets = append(v.Offsets, int32(inner))
	}
	if some {
		v.Null = null
	}
	return inner, nil
}

// scalars fills a leaf's vector. Values are not copied where every entry is a row, or
// no null is between them.
func (n *readNode) scalars(v *Vector, s *span, slots int) error {
	if s.full || s.rep == nil {
		if s.n != slots {
			return n.miscounted(s.n, slots)
		}
		if s.form == formNone && slots > 0 {
			*v = *nulls(v.Type, slots)
			return nil
		}
		v.Ints, v.Floats, v.Bytes = s.ints, s.floats, s.bytes
		if s.form == formCodes {
			v.Codes, v.Dict = s.codes, s.dict
		}
		if slices.Contains(s.null, true) {
			v.Null = s.null
		}
		return nil
	}
	index, null, err := n.denseIndex(s, slots)
	if err != nil {
		return err
	}
	v.Null = null
	switch {
	case s.form == formCodes:
		v.Codes, v.Dict = take(s.codes, index, -1), s.dict
	case v.Type.Kind.InInts():
		v.Ints = take(s.ints, index, 0)
	case v.Type.Kind.InFloats():
		v.Floats = take(s.floats, index, 0)
	default:
		v.Bytes = Bytes{Data: s.bytes.Data, Ends: make([]uint32, slots)}
		end := uint32(0)
		for i, d := range index {
			if d >= 0 {
				end = s.bytes.Ends[d]
			}
			v.Bytes.Ends[i] = end
		}
	}
	return nil
}

// denseIndex is where each slot's value is among a leaf's dense values, -1 for a
// null, and which slots are null; nil for none.
func (n *readNode) denseIndex(s *span, slots int) (index []int32, null []bool, err error) {
	index, null = make([]int32, slots), make([]bool, slots)
	at, dense := 0, int32(0)
	for _, d := range s.def {
		if d < n.file.slot {
			continue
		}
		if at == slots {
			return nil, nil, n.miscounted(at+1, slots)
		}
		if d == n.file.def {
			index[at] = dense
			dense++
		} else {
			index[at], null[at] = -1, true
		}
		at++
	}
	if at != slots {
		return nil, nil, n.miscounted(at, slots)
	}
	if int(dense) == slots {
		null = nil
	}
	return index, null, nil
}

// nulls is n nulls of a type.
func nulls(t Type, n int) *Vector {
	v := &Vector{Type: t, Len: n}
	if n > 0 {
		v.Null = make([]bool, n)
		for i := range v.Null {
			v.Null[i] = true
		}
	}
	switch k := t.Kind; {
	case k.InInts():
		v.Ints = make([]int64, n)
	case k.InFloats():
		v.Floats = make([]float64, n)
	case k.InBytes():
		v.Bytes.Ends = make([]uint32, n)
	case k == Struct:
		for _, f := range t.Fields {
			v.Children = append(v.Children, nulls(f.Type, n))
		}
	case k == Map:
		v.Offsets = make([]int32, n+1)
		v.Children = []*Vector{nulls(*t.Key, 0), nulls(*t.Elem, 0)}
	case k == List:
		v.Offsets = make([]int32, n+1)
		v.Children = []*Vector{nulls(*t.Elem, 0)}
	}
	return v
}
