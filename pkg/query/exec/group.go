package exec

import (
	"math"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// coder numbers the distinct values of a column from 0, null being one of them,
// in the order in which they are first seen.
type coder struct {
	values *columnar.Vector // by number; strings in Bytes
	null   int32            // its number + 1; 0: not seen

	texts textTable
	dict  *columnar.Bytes // the last dictionary, and
	remap []int32         // the numbers + 1 of its codes; 0: not looked up

	ints intTable // integers that are not near, or the bits of doubles
	near []int32  // numbers + 1 of the integers from base on; 0: not seen
	base int64
	held int64 // bytes, without the tables
}

// nearInts is how many integers around the first one are found by index. Dates
// and booleans all are.
const nearInts = 1 << 14

// size is about how many bytes the coder occupies.
func (k *coder) size() int64 { return k.held + k.texts.size() + k.ints.size() }

func newCoder(t columnar.Type) *coder { return &coder{values: columnar.NewVector(t)} }

// codes sets out[j] to the number of value sel[j] of v.
func (k *coder) codes(v *columnar.Vector, sel, out []int32) {
	switch {
	case v.Codes != nil:
		if k.dict != v.Dict {
			k.dict = v.Dict
			k.remap = resize(k.remap, v.Dict.Len()+1)
			clear(k.remap)
		}
		for j, i := range sel {
			c := v.Codes[i] + 1
			n := k.remap[c]
			if n == 0 {
				if c == 0 {
					n = k.nullCode() + 1
				} else {
					n = k.str(v.Dict.At(int(c-1))) + 1
				}
				k.remap[c] = n
			}
			out[j] = n - 1
		}
	case v.Type.Kind.InBytes():
		for j, i := range sel {
			if v.IsNull(int(i)) {
				out[j] = k.nullCode()
			} else {
				out[j] = k.str(v.Bytes.At(int(i)))
			}
		}
	case v.Type.Kind.InFloats():
		for j, i := range sel {
			if v.IsNull(int(i)) {
				out[j] = k.nullCode()
			} else {
				out[j] = k.float(v.Floats[i])
			}
		}
	default:
		last, number := int64(0), int32(-1) // of the row before: times and dates come in runs
		for j, i := range sel {
			if v.IsNull(int(i)) {
				out[j] = k.nullCode()
				continue
			}
			x := v.Ints[i]
			if x == last && number >= 0 {
				out[j] = number
				continue
			}
			if at := uint64(x) - uint64(k.base); at < uint64(len(k.near)) && k.near[at] != 0 {
				out[j] = k.near[at] - 1
			} else {
				out[j] = k.int(x)
			}
			last, number = x, out[j] // #nosec G602 -- out is as long as sel
		}
	}
}

func (k *coder) nullCode() int32 {
	if k.null == 0 {
		k.values.AppendNull()
		k.null = int32(k.values.Len)
	}
	return k.null - 1
}

func (k *coder) str(s []byte) int32 {
	n, slot, hash, ok := k.texts.find(s, &k.values.Bytes)
	if !ok {
		n = int32(k.values.Len)
		k.values.AppendBytes(s)
		k.texts.put(n, slot, hash)
		k.held += int64(len(s)) + 8
	}
	return n
}

func (k *coder) int(x int64) int32 {
	if k.near == nil {
		k.base, k.near = x-nearInts/2, make([]int32, nearInts)
		k.held += 4 * nearInts
	}
	n := int32(k.values.Len)
	if at := uint64(x) - uint64(k.base); at < nearInts {
		k.near[at] = n + 1 // the caller has looked
	} else {
		if n, ok := k.ints.get(uint64(x)); ok {
			return n
		}
		k.ints.put(uint64(x), n)
	}
	k.values.AppendInt(x)
	k.held += 16
	return n
}

// float takes all NaNs for one value and -0 for 0.
func (k *coder) float(f float64) int32 {
	if f == 0 {
		f = 0
	}
	bits := math.Float64bits(f)
	if f != f {
		bits = math.Float64bits(math.NaN())
	}
	if n, ok := k.ints.get(bits); ok {
		return n
	}
	n := int32(k.values.Len)
	k.ints.put(bits, n)
	k.values.AppendFloat(f)
	k.held += 16
	return n
}

// pairs numbers the distinct pairs of two numbers from 0. Small numbers are found
// in a table of rows, the rest in one that hashes.
type pairs struct {
	a, b  []int32 // by number
	rows  [][]int32
	cells int
	rest  intTable
}

// maxCells bounds the table of rows to 4 MiB, past which the other is no slower.
const maxCells = 1 << 20

// codes sets out[j] to the number of the pair of a[j] and b[j]. Out may be a or b.
func (p *pairs) codes(a, b, out []int32) {
	for j, x := range a {
		y := b[j]
		if int(x) < len(p.rows) {
			if row := p.rows[x]; int(y) < len(row) && row[y] != 0 {
				out[j] = row[y] - 1
				continue
			}
		}
		out[j] = p.add(x, y)
	}
}

func (p *pairs) add(x, y int32) int32 {
	key := uint64(uint32(x))<<32 | uint64(uint32(y))
	if n, ok := p.rest.get(key); ok {
		return n
	}
	n := int32(len(p.a))
	p.a, p.b = append(p.a, x), append(p.b, y)
	if p.inTable(x, y) {
		p.rows[x][y] = n + 1
		return n
	}
	p.rest.put(key, n)
	return n
}

// inTable makes room for a pair in the table, if there may be more.
func (p *pairs) inTable(x, y int32) bool {
	if int(x) >= maxCells/8 {
		return false
	}
	for int(x) >= len(p.rows) {
		p.rows = append(p.rows, nil)
	}
	row := p.rows[x]
	if int(y) < len(row) {
		return true
	}
	grown := max(8, 2*len(row))
	for grown <= int(y) && grown < maxCells {
		grown *= 2
	}
	if p.cells+grown-len(row) > maxCells || int(y) >= grown {
		return false
	}
	p.cells += grown - len(row)
	p.rows[x] = append(row, make([]int32, grown-len(row))...)
	return true
}

func (p *pairs) size() int64 {
	return int64(8*len(p.a)+4*p.cells+24*len(p.rows)) + p.rest.size()
}

// groups numbers the distinct combinations of the values of some columns. The
// first column's numbers are paired with the second's, those with the third's,
// and so on.
type groups struct {
	coders []*coder
	pairs  []*pairs // pairs[i] is of what came before and of column i+1
	grid   grid     // of the first two columns
	next   []int32
}

func newGroups(types []columnar.Type) *groups {
	g := &groups{}
	for i, t := range types {
		g.coders = append(g.coders, newCoder(t))
		if i > 0 {
			g.pairs = append(g.pairs, &pairs{})
		}
	}
	return g
}

// codes sets out[j] to the group of row sel[j].
func (g *groups) codes(keys []*columnar.Vector, sel, out []int32) {
	if len(keys) == 0 {
		clear(out)
		return
	}
	first := 0
	if len(keys) > 1 && g.grid.fits(keys[0], keys[1], len(sel)) {
		g.inGrid(keys[0], keys[1], sel, out)
		first = 1
	} else {
		g.coders[0].codes(keys[0], sel, out)
	}
	for i := first; i < len(g.pairs); i++ {
		p := g.pairs[i]
		g.next = resize(g.next, len(sel))
		g.coders[i+1].codes(keys[i+1], sel, g.next)
		p.codes(out, g.next, out)
	}
}

// grid has the numbers of pairs by the codes of two dictionaries, so that a row takes
// one look where these are small.
type grid struct {
	a, b  *columnar.Bytes
	width int
	cells []int32 // number + 1 by codes, each + 1; 0: not looked up
}

// fits makes the grid ready for the dictionaries of two vectors; false if they have
// none, or it would have more cells than a few for each of the rows to come.
func (t *grid) fits(a, b *columnar.Vector, rows int) bool {
	if a.Codes == nil || b.Codes == nil {
		return false
	}
	if t.a == a.Dict && t.b == b.Dict {
		return true
	}
	width := b.Dict.Len() + 1
	cells := (a.Dict.Len() + 1) * width
	if cells > 4*rows {
		return false
	}
	t.a, t.b, t.width = a.Dict, b.Dict, width
	t.cells = resize(t.cells, cells)
	clear(t.cells)
	return true
}

// inGrid is codes for the first two columns.
func (g *groups) inGrid(a, b *columnar.Vector, sel, out []int32) {
	cells, width := g.grid.cells, g.grid.width
	for j, i := range sel {
		cell := int(a.Codes[i]+1)*width + int(b.Codes[i]+1)
		n := cells[cell]
		if n == 0 {
			var x, y [1]int32
			g.coders[0].codes(a, sel[j:j+1], x[:])
			g.coders[1].codes(b, sel[j:j+1], y[:])
			g.pairs[0].codes(x[:], y[:], x[:])
			n = x[0] + 1
			cells[cell] = n
		}
		out[j] = n - 1
	}
}

// len is the number of groups so far; without columns there is always one.
func (g *groups) len() int {
	switch {
	case len(g.coders) == 0:
		return 1
	case len(g.pairs) == 0:
		return g.coders[0].values.Len
	}
	return len(g.pairs[len(g.pairs)-1].a)
}

func (g *groups) size() int64 {
	var n int64
	for _, c := range g.coders {
		n += c.size()
	}
	for _, p := range g.pairs {
		n += p.size()
	}
	return n
}

// columns are the values of the groups, in the order of their numbers.
func (g *groups) columns() []*columnar.Vector {
	out := make([]*columnar.Vector, len(g.coders))
	number := make([]int32, g.len())
	for i := range number {
		number[i] = int32(i)
	}
	for i := len(g.coders) - 1; i >= 0; i-- {
		own := number
		if i > 0 {
			p := g.pairs[i-1]
			own = make([]int32, len(number))
			for j, n := range number {
				number[j], own[j] = p.a[n], p.b[n]
			}
		}
		out[i] = g.coders[i].values.Take(own)
	}
	return out
}
