package columnar

// writeNode is a type in the tree of a file's schema. Shredding a batch walks the
// tree and hands every leaf its values with their levels (the Dremel encoding,
// parquet-format README "Nested Encoding").
type writeNode struct {
	kind     Kind
	required bool // a map's key
	children []*writeNode
	leaf     *leafWriter

	out      entries // for the children; its slices are the parent's or the ones below
	index    []int32
	def, rep []uint8
}

// entries are what one node gets of some rows: a value, or the place of one that
// an ancestor lacks. An entry is what becomes a pair of levels in a leaf.
type entries struct {
	n     int
	base  int     // without index, entry e is value base+e
	index []int32 // value of entry e; -1: an ancestor is null or empty
	rep   []uint8 // repetition level of entry e; nil: all 0
	def   []uint8 // definition level of entry e where index is -1; nil: it is nowhere
	depth uint8   // definition level reached by an entry that has a value here

	maxRep uint8
}

func (in *entries) value(e int) int {
	if in.index == nil {
		return in.base + e
	}
	return int(in.index[e])
}

// slice is entries from up to to.
func (in *entries) slice(from, to int) entries {
	out := *in
	out.n = to - from
	if in.index == nil {
		out.base = in.base + from
	} else {
		out.index = in.index[from:to]
	}
	if in.def != nil {
		out.def = in.def[from:to]
	}
	if in.rep != nil {
		out.rep = in.rep[from:to]
	}
	return out
}

func anyNull(v *Vector, in *entries) bool {
	if v.Null == nil {
		return false
	}
	if in.index != nil {
		return true
	}
	for _, null := range v.Null[in.base : in.base+in.n] {
		if null {
			return true
		}
	}
	return false
}

func (n *writeNode) shred(v *Vector, in *entries, write int64) error {
	switch n.kind {
	case Struct:
		out := n.shredStruct(v, in)
		for i, c := range n.children {
			if err := c.shred(v.Children[i], out, write); err != nil {
				return err
			}
		}
		return nil
	case Map, List:
		out := n.shredList(v, in)
		for i, c := range n.children {
			if err := c.shred(v.Children[i], out, write); err != nil {
				return err
			}
		}
		return nil
	}
	return n.leaf.append(v, in, write)
}

// shredPiece is shred for rows of a piece from at on.
func (n *writeNode) shredPiece(p *Piece, at, rows int, write int64) error {
	if p.Fields == nil {
		in := entries{n: rows, base: p.From + at}
		if p.Rows != nil {
			in.index = p.Rows[at : at+rows]
		}
		return n.shred(p.Column, &in, write)
	}
	in := entries{n: rows, depth: 1}
	n.def = n.def[:0]
	for e := range rows {
		def := in.depth
		if p.Null != nil && p.Null[at+e] {
			def = 0
		}
		n.def = append(n.def, def)
	}
	in.def = n.def
	for i, c := range n.children {
		in.index = p.Fields[i].Rows[at : at+rows]
		if err := c.shred(p.Fields[i].Column, &in, write); err != nil {
			return err
		}
	}
	return nil
}

func (n *writeNode) depth(in *entries) uint8 {
	if n.required {
		return in.depth
	}
	return in.depth + 1
}

func (n *writeNode) shredStruct(v *Vector, in *entries) *entries {
	s := &n.out
	*s = *in
	s.depth = n.depth(in)
	if !anyNull(v, in) {
		return s
	}
	index, def := n.index[:0], n.def[:0]
	for e := range in.n {
		i, d := in.value(e), uint8(0)
		switch {
		case i < 0:
			d = in.def[e]
		case v.Null[i]:
			i, d = -1, in.depth
		}
		index, def = append(index, int32(i)), append(def, d)
	}
	n.index, n.def = index, def
	s.index, s.def = index, def
	return s
}

// shredList makes the entries of a list's elements, or of a map's keys and
// values: one for each element, and one for each list that has none.
func (n *writeNode) shredList(v *Vector, in *entries) *entries {
	index, def, rep := n.index[:0], n.def[:0], n.rep[:0]
	empty := n.depth(in)
	level := in.maxRep + 1
	for e := range in.n {
		r := uint8(0)
		if in.rep != nil {
			r = in.rep[e]
		}
		i := in.value(e)
		switch {
		case i < 0:
			index, def, rep = append(index, -1), append(def, in.def[e]), append(rep, r)
			continue
		case v.IsNull(i):
			index, def, rep = append(index, -1), append(def, in.depth), append(rep, r)
			continue
		case v.Offsets[i] == v.Offsets[i+1]:
			index, def, rep = append(index, -1), append(def, empty), append(rep, r)
			continue
		}
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			index, def, rep = append(index, j), append(def, 0), append(rep, r)
			r = level
		}
	}
	n.index, n.def, n.rep = index, def, rep
	n.out = entries{n: len(index), index: index, def: def, rep: rep, depth: empty + 1, maxRep: level}
	return &n.out
}
