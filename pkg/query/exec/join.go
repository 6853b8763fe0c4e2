package exec

import (
	"encoding/binary"
	"math"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// joinRows is how many pairs of rows go into one chunk.
const joinRows = 4096

// join holds the rows of the right in memory, by key, and gives the pairs of the
// left as they come: however many there are, a chunk of them is in memory.
func (b *builder) join(n *query.Bound, j query.Join) (rows, error) {
	left, err := b.build(n.Inputs[0], nil)
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Inputs[1], nil)
	if err != nil {
		return nil, err
	}
	lkeys, rkeys := keysOf(n.Inputs[0], j.LKeys), keysOf(n.Inputs[1], j.RKeys)
	if j.Network != nil {
		lkeys.network = keysOf(n.Inputs[0], []string{j.Network.Address}).equal[0]
		rkeys.network = keysOf(n.Inputs[1], []string{j.Network.Network}).equal[0]
	}
	return func(yield func(*chunk, error) bool) {
		t := newJoinTable(n)
		var held int64
		defer func() { _ = b.budget.resize(&held, 0) }() // giving back cannot fail
		for c, err := range right {
			if err != nil {
				yield(nil, err)
				return
			}
			t.add(c, rkeys)
			if err := b.budget.resize(&held, t.size()); err != nil {
				yield(nil, err)
				return
			}
		}
		t.seal()
		p := pairing{b: b, table: t, yield: yield}
		for c, err := range left {
			if err != nil {
				yield(nil, err)
				return
			}
			var more bool
			if j.Kind == query.Anti {
				more = p.without(c, lkeys)
			} else {
				more = p.pair(c, lkeys, j.Kind == query.Left)
			}
			if !more {
				return
			}
		}
	}, nil
}

// joinKeys are the columns by which one side is joined.
type joinKeys struct {
	equal   []int
	network int // addresses on the left and networks on the right, or -1
}

func keysOf(n *query.Bound, names []string) joinKeys {
	out := joinKeys{make([]int, len(names)), -1}
	for i, name := range names {
		out.equal[i] = query.FindColumn(n.Cols, []string{name})
	}
	return out
}

// joinTable is the rows of the right: row i is followed by row next[i] of the same
// key. Rows whose key has a null are not in it. A network is part of the key.
type joinTable struct {
	given []int // the columns that the join gives
	cols  []*columnar.Vector
	next  []int32
	first map[string]int32 // the first row, by key
	last  map[string]int32 // the last one, until seal
	keys  int64            // bytes of keys
	bits  networkBits      // of the networks that are there

	key []byte
	sel []int32
}

func newJoinTable(n *query.Bound) *joinTable {
	t := &joinTable{given: n.Right, first: map[string]int32{}, last: map[string]int32{}}
	for _, i := range n.Right {
		t.cols = append(t.cols, columnar.NewVector(n.Inputs[1].Cols[i].Type))
	}
	return t
}

func (t *joinTable) add(c *chunk, keys joinKeys) {
	t.sel = t.sel[:0]
	for _, i := range c.sel {
		var ok bool
		if t.key, ok = appendKey(t.key[:0], c, keys.equal, int(i)); !ok {
			continue
		}
		if keys.network >= 0 {
			p, ok := networkAt(c.cols[keys.network], int(i))
			if !ok {
				continue
			}
			t.bits.add(p)
			t.key = appendNetwork(t.key, p)
		}
		row := int32(len(t.next))
		t.next = append(t.next, -1)
		t.sel = append(t.sel, i)
		if last, ok := t.last[string(t.key)]; ok {
			t.next[last] = row
			t.last[string(t.key)] = row
			continue
		}
		key := string(t.key)
		t.first[key], t.last[key] = row, row
		t.keys += int64(len(key))
	}
	for k, v := range t.cols {
		appendRows(v, c.cols[t.given[k]], t.sel)
	}
}

// size is about how many bytes the table occupies.
func (t *joinTable) size() int64 {
	return sizeOf(t.cols) + 4*int64(len(t.next)) + t.keys + 80*int64(len(t.first))
}

// seal ends adding. Strings become codes of a dictionary with a value for each
// row, so that a pair takes no copy of them.
func (t *joinTable) seal() {
	t.last = nil
	if t.bits.some() {
		t.leastOfEach()
	}
	for _, v := range t.cols {
		if !v.Type.Kind.InBytes() {
			continue
		}
		dict := v.Bytes
		v.Bytes, v.Dict, v.Codes = columnar.Bytes{}, &dict, make([]int32, v.Len)
		for i := range v.Codes {
			v.Codes[i] = int32(i)
			if v.IsNull(i) {
				v.Codes[i] = -1
			}
		}
	}
}

// find is the first row with the key of a row of the left, or -1.
func (t *joinTable) find(c *chunk, keys joinKeys, i int32) int32 {
	var ok bool
	if t.key, ok = appendKey(t.key[:0], c, keys.equal, int(i)); !ok {
		return -1
	}
	if keys.network >= 0 {
		return t.findNetwork(c.cols[keys.network], int(i))
	}
	if row, ok := t.first[string(t.key)]; ok {
		return row
	}
	return -1
}

// pairing gives the rows of a join.
type pairing struct {
	b     *builder
	table *joinTable
	yield func(*chunk, error) bool

	l, r  []int32 // the pairs of the next chunk; r of -1 is nulls
	every []int32
	sel   []int32
}

// pair gives the pairs of the rows of a chunk, and if keep also those rows that
// have no partner. It reports whether there is a need for more.
func (p *pairing) pair(c *chunk, keys joinKeys, keep bool) bool { //nolint:revive // the two kinds of one loop
	for _, i := range c.sel {
		row := p.table.find(c, keys, i)
		if row < 0 && keep {
			p.l, p.r = append(p.l, i), append(p.r, -1)
		}
		for ; row >= 0; row = p.table.next[row] {
			p.l, p.r = append(p.l, i), append(p.r, row)
			if len(p.l) == joinRows && !p.flush(c) {
				return false
			}
		}
		if len(p.l) >= joinRows && !p.flush(c) {
			return false
		}
	}
	return p.flush(c)
}

func (p *pairing) flush(c *chunk) bool {
	if len(p.l) == 0 {
		return true
	}
	if err := p.b.joined(len(p.l)); err != nil {
		p.yield(nil, err)
		return false
	}
	out := &chunk{n: len(p.l), cols: make([]*columnar.Vector, 0, len(c.cols)+len(p.table.cols))}
	for _, v := range c.cols {
		out.cols = append(out.cols, v.Take(p.l))
	}
	for _, v := range p.table.cols {
		out.cols = append(out.cols, v.Take(p.r))
	}
	p.every = everyRow(p.every, out.n)
	out.sel = p.every[:out.n]
	p.l, p.r = p.l[:0], p.r[:0]
	return p.yield(out, nil)
}

// without gives the rows of a chunk that have no partner.
func (p *pairing) without(c *chunk, keys joinKeys) bool {
	p.sel = p.sel[:0]
	for _, i := range c.sel {
		if p.table.find(c, keys, i) < 0 {
			p.sel = append(p.sel, i)
		}
	}
	return len(p.sel) == 0 || p.yield(&chunk{c.n, c.cols, p.sel}, nil)
}

// appendKey writes the key of a row so that equal keys have equal bytes. It
// reports false if a part of it is null.
func appendKey(key []byte, c *chunk, cols []int, i int) ([]byte, bool) {
	for _, col := range cols {
		v := c.cols[col]
		if v.IsNull(i) {
			return key, false
		}
		key = appendValueKey(key, v, i)
	}
	return key, true
}

// appendValueKey writes a value that is not null so that equal values of a column
// have equal bytes, also where others follow.
func appendValueKey(key []byte, v *columnar.Vector, i int) []byte {
	switch k := v.Type.Kind; {
	case k.InInts():
		return binary.LittleEndian.AppendUint64(key, uint64(v.Ints[i]))
	case k.InFloats():
		return binary.LittleEndian.AppendUint64(key, floatBits(v.Floats[i]))
	}
	s := v.ByteAt(i)
	return append(binary.AppendUvarint(key, uint64(len(s))), s...)
}

// floatBits is the same for all doubles that are equal: -0 is 0, and all NaNs are
// one value.
func floatBits(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f)
}
