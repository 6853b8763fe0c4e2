package columnar

import (
	"errors"
	"io"
	"math"
	"slices"
)

// batchBytes is where a batch is cut short because a column's strings are large:
// above what 8192 delivered lines take, as whole pages are not copied.
const batchBytes = 8 << 20

// cursor hands out the rows of a column chunk, any number at a time, although
// every column has its page ends elsewhere.
type cursor struct {
	node   *fileNode
	values bool
	chunk  *chunkReader
	queue  []*page // with rows not taken yet
	ended  bool
	row    int64 // of the row group, that comes next

	marked          bool
	markRow         int64
	markAt, markVal int     // in the first page
	popped          []*page // taken since the mark
}

// span is the entries of some rows of one column: a page or part of it, or
// several of them laid together. What it holds is not changed any more.
type span struct {
	n    int
	full bool
	def  []uint8
	rep  []uint8
	null []bool

	form   form
	ints   []int64
	floats []float64
	bytes  Bytes
	codes  []int32
	dict   *Bytes
}

func (c *cursor) load() error {
	p, err := c.chunk.next()
	if errors.Is(err, io.EOF) {
		c.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	if p.n > 0 {
		c.queue = append(c.queue, p)
	}
	return nil
}

// ready decodes pages until n rows are there and says how many of them a batch
// may take, at least 1: fewer where strings get too large for one batch, or where
// codes give way to plain strings.
func (c *cursor) ready(n int) (int, error) {
	rows, size, kind := 0, 0, formNone
	for i := 0; ; i++ {
		for i >= len(c.queue) && !c.ended {
			if err := c.load(); err != nil {
				return 0, err
			}
		}
		if i >= len(c.queue) {
			if rows < n {
				return 0, corruptf("column %q: %d rows are missing", c.node.name, n-rows)
			}
			return n, nil
		}
		p := c.queue[i]
		if p.form != formNone && c.node.typ.Kind.InBytes() {
			if kind != formNone && kind != p.form && rows > 0 {
				return min(rows, n), nil
			}
			kind = p.form
		}
		if p.rep == nil {
			left := p.n - p.at
			if p.form == formPlain && p.bytes.Len() > 0 {
				k := p.rowsWithin(min(left, n-rows), batchBytes-size)
				if k < min(left, n-rows) {
					return max(rows+k, 1), nil
				}
				size += p.sizeOf(k)
			}
			if rows += left; rows >= n {
				return n, nil
			}
			continue
		}
		// The rows that begin in this page. The last of them may go on in the next.
		begin := 0
		for _, r := range p.rep[p.at:] {
			if r == 0 {
				begin++
			}
		}
		if rows+begin > n {
			return n, nil
		}
		if rows += begin; rows == n && c.chunk.sparse != nil { // pages begin with rows
			return n, nil
		}
		if size += p.sizeOf(p.n - p.at); size > batchBytes && rows > 1 {
			return rows - 1, nil
		}
	}
}

// held is the bytes of the pages that wait, or may be come back to, about.
func (c *cursor) held() (bytes int) {
	for _, p := range c.queue {
		bytes += p.weight
	}
	for _, p := range c.popped {
		bytes += p.weight
	}
	return bytes
}

// sizeOf is the bytes of the strings in the next k entries, or a little more.
func (p *page) sizeOf(k int) int {
	ends := p.bytes.Ends
	if len(ends) == 0 || p.val >= len(ends) || k == 0 {
		return 0
	}
	start := 0
	if p.val > 0 {
		start = int(ends[p.val-1])
	}
	return int(ends[min(p.val+k, len(ends))-1]) - start
}

// rowsWithin is how many of the next n rows have strings of at most limit bytes, or
// fewer.
func (p *page) rowsWithin(n, limit int) int {
	for n > 0 && p.sizeOf(n) > limit {
		n /= 2
	}
	return n
}

// part is some entries of a page: [at, at+n), with values [val, val+vals).
type part struct {
	p            *page
	at, n        int
	val, valsLen int
}

// take hands out the next n rows, which ready has promised.
func (c *cursor) take(n int) (span, error) {
	parts, err := c.advance(n)
	if err != nil {
		return span{}, err
	}
	return c.join(parts)
}

// advance goes over the next n rows.
func (c *cursor) advance(n int) ([]part, error) {
	c.row += int64(n)
	var parts []part
	for rows := 0; ; {
		for len(c.queue) == 0 && !c.ended {
			if err := c.load(); err != nil {
				return nil, err
			}
		}
		if len(c.queue) == 0 {
			if rows < n {
				return nil, corruptf("column %q: %d rows are missing", c.node.name, n-rows)
			}
			break
		}
		p := c.queue[0]
		var k int
		if p.rep == nil {
			k = min(n-rows, p.n-p.at)
			rows += k
		} else {
			k, rows = p.entries(rows, n)
		}
		if k > 0 {
			parts = append(parts, p.cut(k, c.node.def, c.values))
		}
		if p.at < p.n {
			break
		}
		c.pop()
		if rows == n && (p.rep == nil || c.chunk.sparse != nil) {
			break
		}
	}
	return parts, nil
}

// entries is how many entries belong to the rows up to n when rows have begun.
func (p *page) entries(rows, n int) (k, begun int) {
	for _, r := range p.rep[p.at:] {
		if r == 0 {
			if rows == n {
				break
			}
			rows++
		}
		k++
	}
	return k, rows
}

func (p *page) cut(k int, maximum uint8, values bool) part {
	out := part{p: p, at: p.at, n: k, val: p.val, valsLen: k}
	if !p.full && p.rep != nil {
		out.valsLen = 0
		for _, d := range p.def[p.at : p.at+k] {
			if d == maximum {
				out.valsLen++
			}
		}
	}
	if !values {
		out.valsLen = 0
	}
	p.at += k
	p.val += out.valsLen
	return out
}

// join lays parts together; one part is not copied.
func (c *cursor) join(parts []part) (span, error) {
	if len(parts) == 1 {
		return parts[0].span(c.chunk.dict), nil
	}
	s := span{full: true, dict: c.chunk.dict}
	vals, size := 0, 0
	codes, plain, levels := false, false, false
	for _, x := range parts {
		s.n += x.n
		s.full = s.full && x.p.full
		levels = levels || x.p.def != nil
		vals += x.valsLen
		if x.valsLen > 0 {
			codes = codes || x.p.form == formCodes
			plain = plain || x.p.form == formPlain
			size += x.bytes(c.chunk.dict)
		}
	}
	if int64(size) > math.MaxUint32 {
		return span{}, corruptf("column %q: a row of %d bytes", c.node.name, size)
	}
	if levels {
		s.def = make([]uint8, 0, s.n)
	}
	if len(parts) > 0 && parts[0].p.rep != nil {
		s.rep = make([]uint8, 0, s.n)
	}
	if !s.full && s.rep == nil {
		s.null = make([]bool, 0, s.n)
	}
	switch k := c.node.typ.Kind; {
	case !codes && !plain:
	case codes && !plain:
		s.form, s.codes = formCodes, make([]int32, 0, vals)
	case k.InBytes():
		s.form = formPlain
		s.bytes = Bytes{Data: make([]byte, 0, size), Ends: make([]uint32, 0, vals)}
	case k.InFloats():
		s.form, s.floats = formPlain, make([]float64, 0, vals)
	default:
		s.form, s.ints = formPlain, make([]int64, 0, vals)
	}
	for _, x := range parts {
		if levels {
			if x.p.full {
				for range x.n {
					s.def = append(s.def, c.node.def)
				}
			} else {
				s.def = append(s.def, x.p.def[x.at:x.at+x.n]...)
			}
		}
		if s.rep != nil {
			s.rep = append(s.rep, x.p.rep[x.at:x.at+x.n]...)
		}
		if s.null != nil && x.p.null != nil {
			s.null = append(s.null, x.p.null[x.at:x.at+x.n]...)
		} else if s.null != nil {
			s.null = append(s.null, make([]bool, x.n)...)
		}
		x.values(&s)
	}
	return s, nil
}

// values appends the part's values to those of a span.
func (x part) values(s *span) {
	from, to := x.val, x.val+x.valsLen
	switch {
	case x.valsLen == 0 || s.form == formNone:
	case x.p.form == formNone: // nulls
		switch {
		case s.codes != nil:
			s.codes = append(s.codes, slices.Repeat([]int32{-1}, x.valsLen)...)
		case s.ints != nil:
			s.ints = append(s.ints, make([]int64, x.valsLen)...)
		case s.floats != nil:
			s.floats = append(s.floats, make([]float64, x.valsLen)...)
		default:
			s.bytes.Ends = append(s.bytes.Ends, slices.Repeat([]uint32{uint32(len(s.bytes.Data))}, x.valsLen)...)
		}
	case s.codes != nil:
		s.codes = append(s.codes, x.p.codes[from:to]...)
	case s.ints != nil:
		s.ints = append(s.ints, x.p.ints[from:to]...)
	case s.floats != nil:
		s.floats = append(s.floats, x.p.floats[from:to]...)
	case x.p.form == formCodes:
		for _, code := range x.p.codes[from:to] {
			if code < 0 {
				s.bytes.Append(nil)
			} else {
				s.bytes.Append(s.dict.At(int(code)))
			}
		}
	default:
		s.bytes.appendRange(&x.p.bytes, from, to)
	}
}

func (x part) bytes(dict *Bytes) int {
	if x.p.form == formCodes {
		n := 0
		for _, code := range x.p.codes[x.val : x.val+x.valsLen] {
			if code >= 0 {
				n += len(dict.At(int(code)))
			}
		}
		return n
	}
	if x.p.bytes.Len() == 0 {
		return 0
	}
	first := 0
	if x.val > 0 {
		first = int(x.p.bytes.Ends[x.val-1])
	}
	return int(x.p.bytes.Ends[x.val+x.valsLen-1]) - first
}

func (x part) span(dict *Bytes) span {
	p := x.p
	s := span{n: x.n, full: p.full, dict: dict}
	if p.def != nil {
		s.def = p.def[x.at : x.at+x.n]
	}
	if p.null != nil {
		s.null = p.null[x.at : x.at+x.n : x.at+x.n]
	}
	if p.rep != nil {
		s.rep = p.rep[x.at : x.at+x.n]
	}
	if x.valsLen == 0 || p.form == formNone {
		return s
	}
	from, to := x.val, x.val+x.valsLen
	s.form = p.form
	switch {
	case p.codes != nil:
		s.codes = p.codes[from:to:to]
	case p.ints != nil:
		s.ints = p.ints[from:to:to]
	case p.floats != nil:
		s.floats = p.floats[from:to:to]
	case from == 0:
		end := p.bytes.Ends[to-1]
		s.bytes = Bytes{Data: p.bytes.Data[:end:end], Ends: p.bytes.Ends[:to:to]}
	default:
		s.bytes.appendRange(&p.bytes, from, to)
	}
	return s
}

// appendRange adds strings from up to to of src.
func (b *Bytes) appendRange(src *Bytes, from, to int) {
	if from == to {
		return
	}
	first := uint32(0)
	if from > 0 {
		first = src.Ends[from-1]
	}
	shift := uint32(len(b.Data)) - first // wraps around, and back
	b.Data = append(b.Data, src.Data[first:src.Ends[to-1]]...)
	for _, e := range src.Ends[from:to] {
		b.Ends = append(b.Ends, e+shift)
	}
}
