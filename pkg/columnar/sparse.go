package columnar

import (
	"context"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// byteRange is bytes of a file: from up to to.
type byteRange struct{ from, to int64 }

// rowRange is rows of a row group: from up to to.
type rowRange struct{ from, to int64 }

// fetched is what has been read of a row group.
type fetched struct{ parts []fetchedPart }

type fetchedPart struct {
	from int64
	b    []byte
}

// bytes are those of a range, if they are there.
func (f *fetched) bytes(r byteRange) ([]byte, bool) {
	for _, p := range f.parts {
		if r.from >= p.from && r.to <= p.from+int64(len(p.b)) {
			return p.b[r.from-p.from : r.to-p.from : r.to-p.from], true
		}
	}
	return nil, false
}

// read fetches what is not there yet, neighbours with one ReadRange.
func (f *fetched) read(ctx context.Context, src Source, need []byteRange) error {
	need = slices.DeleteFunc(need, func(r byteRange) bool { _, ok := f.bytes(r); return ok })
	slices.SortFunc(need, func(a, b byteRange) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	for i := 0; i < len(need); {
		r := need[i]
		for i++; i < len(need) && need[i].from-r.to <= fetchGap; i++ {
			r.to = max(r.to, need[i].to)
		}
		b, err := readRange(ctx, src, r.from, r.to-r.from)
		if err != nil {
			return err
		}
		f.parts = append(f.parts, fetchedPart{r.from, b})
	}
	return nil
}

// sparse is a chunk of which pages are left out.
type sparse struct {
	places places
	page   int       // the next one
	rows   int64     // of the row group
	dict   byteRange // of a dictionary, perhaps
	in     *fetched
}

// open begins a chunk; places are nil where they are not known or all pages are read.
// Where only levels are wanted, pages are decoded in part, and not kept.
func (c *cursor) open(m *format.ColumnMetaData, p places, rows int64, in *fetched, cache chunkCache) {
	start, _ := chunkRange(m)
	c.queue, c.popped, c.ended, c.row = nil, nil, false, 0
	c.chunk = &chunkReader{node: c.node, values: c.values, codec: m.Codec, left: m.NumValues, pos: start}
	if c.values && cache.CachedFile != nil {
		c.chunk.cache, c.chunk.found = cache, map[int64]*storedPage{}
	}
	if p != nil {
		c.chunk.sparse = &sparse{places: p, rows: rows, dict: byteRange{start, p[0].Offset}, in: in}
	}
}

// need adds the bytes that some rows take, but for pages that are found.
func (c *chunkReader) need(out []byteRange, m *format.ColumnMetaData, rows []rowRange) []byteRange {
	s := c.sparse
	if s == nil {
		if c.buf != nil || c.findAll() {
			return out
		}
		start, end := chunkRange(m)
		return append(out, byteRange{start, end})
	}
	if c.values && !c.hasDict && s.dict.to > s.dict.from && len(rows) > 0 && c.find(s.dict.from) == nil {
		out = append(out, s.dict)
	}
	next := 0
	for _, r := range rows {
		for i := max(next, s.places.page(r.from)); i < len(s.places) && s.places[i].FirstRowIndex < r.to; i++ {
			if p := &s.places[i]; c.find(p.Offset) == nil {
				out = append(out, byteRange{p.Offset, p.Offset + int64(p.CompressedPageSize)})
			}
			next = i + 1
		}
	}
	return out
}

// find looks for a page where pages are kept. What was found stays until it is taken.
func (c *chunkReader) find(at int64) *storedPage {
	s := c.found[at]
	if s == nil {
		if s = c.cache.find(at); s != nil {
			c.found[at] = s
		}
	}
	return s
}

// findAll reports whether all pages to come are found.
func (c *chunkReader) findAll() bool {
	if c.cache.CachedFile == nil {
		return false
	}
	at := c.pos
	for left := c.left; left > 0; {
		s := c.find(at)
		if s == nil {
			return false
		}
		at += int64(s.length)
		if s.page != nil && !s.dict {
			left -= int64(s.page.n)
		}
	}
	return true
}

// nextPlace is next by the places of pages.
func (c *chunkReader) nextPlace() (*page, error) {
	s := c.sparse
	if s.page == len(s.places) {
		return nil, io.EOF
	}
	if c.values && !c.hasDict && s.dict.to > s.dict.from {
		if p, err := c.at(s.dict); err != nil || p != nil {
			return nil, corruptf("column %q: dictionary: %w", c.node.name, err)
		}
		s.dict = byteRange{} // or there is none
	}
	place := &s.places[s.page]
	p, err := c.at(byteRange{place.Offset, place.Offset + int64(place.CompressedPageSize)})
	if err != nil {
		return nil, corruptf("column %q: %w", c.node.name, err)
	}
	from, to := s.places.rows(s.page, s.rows)
	if p == nil || int64(p.rows()) != to-from || p.rep != nil && p.rep[0] != 0 {
		return nil, corruptf("column %q: page %d is not of the %d rows that the page index says", c.node.name, s.page, to-from)
	}
	p.row, p.end = from, to
	s.page++
	return p, nil
}

// at takes the page in a range of bytes.
func (c *chunkReader) at(r byteRange) (*page, error) {
	b, ok := c.sparse.in.bytes(r)
	if !ok && c.found[r.from] == nil {
		return nil, corruptf("bytes %d to %d were not fetched", r.from, r.to)
	}
	p, _, err := c.read(r.from, b)
	return p, err
}

// rows is how many rows begin in the page.
func (p *page) rows() int {
	if p.rep == nil {
		return p.n
	}
	n := 0
	for _, r := range p.rep {
		if r == 0 {
			n++
		}
	}
	return n
}

// seek goes forward to a row. Where the places of pages are known it leaps over those
// between.
func (c *cursor) seek(row int64) error {
	if s := c.chunk.sparse; s != nil {
		for len(c.queue) > 0 && c.queue[0].end <= row {
			c.pop()
		}
		switch {
		case len(c.queue) == 0:
			s.page = max(s.page, s.places.page(row))
			c.row = s.places[s.page].FirstRowIndex
		case c.queue[0].at == 0:
			c.row = c.queue[0].row
		}
	}
	if row <= c.row {
		return nil
	}
	_, err := c.advance(int(row - c.row))
	return err
}

// pop takes the first page from the queue.
func (c *cursor) pop() {
	if c.marked {
		c.popped = append(c.popped, c.queue[0])
	}
	c.queue = c.queue[1:]
}

// mark has reset come back to where the cursor is now.
func (c *cursor) mark() {
	c.marked, c.markRow, c.popped = true, c.row, nil
	c.markAt, c.markVal = 0, 0
	if len(c.queue) > 0 {
		c.markAt, c.markVal = c.queue[0].at, c.queue[0].val
	}
}

// unmark forgets the mark.
func (c *cursor) unmark() { c.marked, c.popped = false, nil }

// reset goes back to the mark, if there is still one, and forgets it. Pages are not
// decoded again; those that were leapt over are not there, and must be again.
func (c *cursor) reset() {
	if !c.marked {
		return
	}
	c.queue = append(c.popped, c.queue...)
	for i, p := range c.queue {
		p.at, p.val = 0, 0
		if i == 0 {
			p.at, p.val = c.markAt, c.markVal
		}
	}
	c.row = c.markRow
	c.unmark()
}
