package columnar

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"sync"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// maxPageValues bounds what a few bytes of run lengths can unpack to. Engines
// write pages of some ten thousand values, or a row group of a constant in one.
const maxPageValues = 1 << 24

// entryBytes is what an entry takes beside its text: a value or the end of one, and levels.
const entryBytes = 8 + 2

// form is how a page's values are held.
type form uint8

const (
	formNone  form = iota // the page has no values, only nulls
	formPlain             // ints, floats or bytes
	formCodes             // codes into the chunk's dictionary
)

// page is a data page, decoded. Levels are by entry. Where every entry is a row,
// values are by entry too, as a Vector has them; else they are dense: one for each
// entry whose definition level is the highest.
type page struct {
	n    int
	full bool    // all definition levels are the highest, def is nil
	def  []uint8 // nil also where the column can have no nulls, or where null says it all
	rep  []uint8 // nil: every entry is a row
	null []bool  // where every entry is a row; nil: none is null

	form   form
	ints   []int64
	floats []float64
	bytes  Bytes
	codes  []int32

	highest int // of codes

	at, val int // entries and values taken so far
	weight  int // bytes in memory, about

	row, end int64 // its rows in the row group, if it was read by its place
}

// chunkReader decodes the pages of one column chunk in order.
type chunkReader struct {
	node    *fileNode
	values  bool // false: only levels are wanted
	codec   format.CompressionCodec
	buf     []byte   // what is left of the chunk, where it is read page by page
	pos     int64    // where that begins in the file
	left    int64    // values that the metadata still promises
	sparse  *sparse  // where pages are taken by their places
	scratch *scratch // while a page is decoded
	codes   []int32

	cache chunkCache            // where pages are kept
	found map[int64]*storedPage // there, by their place in the file, and not taken yet

	dict       *Bytes // the dictionary, by type
	dictInts   []int64
	dictFloats []float64
	hasDict    bool
}

// next decodes the next data page; io.EOF after the last.
func (c *chunkReader) next() (*page, error) {
	if c.sparse != nil {
		return c.nextPlace()
	}
	for {
		if c.left <= 0 {
			return nil, io.EOF
		}
		if len(c.buf) == 0 && c.found[c.pos] == nil {
			return nil, corruptf("column %q: the chunk ends with %d values to come", c.node.name, c.left)
		}
		p, n, err := c.read(c.pos, c.buf)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.node.name, err)
		}
		c.pos += int64(n)
		c.buf = c.buf[min(n, len(c.buf)):]
		if p != nil {
			if c.left -= int64(p.n); c.left < 0 {
				return nil, corruptf("column %q: %d values too many", c.node.name, -c.left)
			}
			return p, nil
		}
	}
}

// scratch is memory that a page is decoded in. No page refers to it.
type scratch struct {
	inflated []byte
	levels   []uint8
}

// scratches are lent to readers for a page each: a lake of small files has about as
// many readers as pages.
var scratches = sync.Pool{New: func() any { return &scratch{} }}

// maxScratch is the most memory that waits for the next page; few are larger.
const maxScratch = 4 << 20

// borrow has scratch memory until it is given back.
func (c *chunkReader) borrow() (giveBack func()) {
	s := scratches.Get().(*scratch)
	c.scratch = s
	return func() {
		c.scratch = nil
		if cap(s.inflated) <= maxScratch && cap(s.levels) <= maxScratch {
			scratches.Put(s)
		}
	}
}

// read takes the page at a place in the file, of n bytes: one that was found, or the
// one at the front of b. It gives none if the page was one of a dictionary or an index.
func (c *chunkReader) read(at int64, b []byte) (p *page, n int, err error) {
	s, ok := c.found[at]
	if ok {
		delete(c.found, at)
		c.cache.use(at)
	} else {
		if s, err = c.decode(b); err != nil {
			return nil, 0, err
		}
		c.cache.offer(at, s)
	}
	switch {
	case s.page == nil:
		return nil, s.length, nil
	case s.dict && c.hasDict:
		return nil, 0, corruptf("a second dictionary page")
	case s.dict:
		c.dictInts, c.dictFloats, c.dict, c.hasDict = s.page.ints, s.page.floats, &s.page.bytes, true
		return nil, s.length, nil
	}
	if s.page.form == formCodes && (!c.hasDict || s.page.highest >= c.dict.Len()) {
		return nil, 0, corruptf("code %d in a dictionary that lacks it", s.page.highest)
	}
	own := *s.page // how far it is taken is the reader's
	return &own, s.length, nil
}

// decode decodes the page at the front of b.
func (c *chunkReader) decode(b []byte) (*storedPage, error) {
	var h format.PageHeader
	n, err := decodeThriftPrefix(b, &h)
	if err != nil {
		return nil, corruptf("page header: %w", err)
	}
	if h.CompressedPageSize < 0 || int(h.CompressedPageSize) > len(b)-n {
		return nil, corruptf("a page of %d bytes, %d are left", h.CompressedPageSize, len(b)-n)
	}
	body := b[n : n+int(h.CompressedPageSize)]
	s := &storedPage{length: n + len(body)}
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		if c.values {
			s.dict = true
			s.page, err = c.dictionary(&h, body)
		}
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		s.page, err = c.dataV1(&h, body)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		s.page, err = c.dataV2(&h, body)
	case h.Type == format.IndexPage:
	default:
		err = corruptf("page of type %s without its header", h.Type)
	}
	if err != nil {
		return nil, err
	}
	if p := s.page; p != nil {
		p.weight = entryBytes*p.n + len(p.bytes.Data)
	}
	return s, nil
}

// inflate gives memory that is borrowed, or src itself.
func (c *chunkReader) inflate(src []byte, size int32) ([]byte, error) {
	b, err := decompress(c.codec, c.scratch.inflated, src, int(size))
	if err == nil && c.codec != format.Uncompressed && cap(b) > cap(c.scratch.inflated) {
		c.scratch.inflated = b
	}
	return b, err
}

// dictionary decodes the values of a dictionary.
func (c *chunkReader) dictionary(h *format.PageHeader, body []byte) (*page, error) {
	n := int(h.DictionaryPageHeader.V.NumValues)
	if n < 0 || n > maxPageValues {
		return nil, corruptf("a dictionary of %d values", n)
	}
	defer c.borrow()()
	b, err := c.inflate(body, h.UncompressedPageSize)
	if err != nil {
		return nil, err
	}
	p := &page{n: n}
	return p, c.plain(p, b, n)
}

func newPage(n int32) (*page, error) {
	if n < 0 || n > maxPageValues {
		return nil, corruptf("a page of %d values", n)
	}
	return &page{n: int(n)}, nil
}

func (c *chunkReader) dataV1(h *format.PageHeader, body []byte) (*page, error) {
	d := &h.DataPageHeader.V
	p, err := newPage(d.NumValues)
	if err != nil {
		return nil, err
	}
	defer c.borrow()()
	b, err := c.inflate(body, h.UncompressedPageSize)
	if err != nil {
		return nil, err
	}
	section := func(maximum uint8, enc format.Encoding) ([]byte, error) {
		if maximum == 0 {
			return nil, nil
		}
		if enc != format.RLE {
			return nil, fmt.Errorf("levels in %s are not supported", enc)
		}
		if len(b) < 4 {
			return nil, corruptf("the page ends before its levels")
		}
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return nil, corruptf("levels of %d bytes, %d are left", n, len(b)-4)
		}
		out := b[4 : 4+n]
		b = b[4+n:]
		return out, nil
	}
	rep, err := section(c.node.rep, d.RepetitionLevelEncoding)
	if err != nil {
		return nil, err
	}
	def, err := section(c.node.def, d.DefinitionLevelEncoding)
	if err != nil {
		return nil, err
	}
	return p, c.fill(p, rep, def, b, d.Encoding)
}

func (c *chunkReader) dataV2(h *format.PageHeader, body []byte) (*page, error) {
	d := &h.DataPageHeaderV2.V
	p, err := newPage(d.NumValues)
	if err != nil {
		return nil, err
	}
	defer c.borrow()()
	r, l := int64(d.RepetitionLevelsByteLength), int64(d.DefinitionLevelsByteLength)
	if r < 0 || l < 0 || r+l > int64(len(body)) || r+l > int64(h.UncompressedPageSize) {
		return nil, corruptf("levels of %d and %d bytes in a page of %d", r, l, len(body))
	}
	rep, def, b := body[:r], body[r:r+l], body[r+l:]
	if len(b) > 0 && (!d.IsCompressed.Valid || d.IsCompressed.V) {
		if b, err = c.inflate(b, h.UncompressedPageSize-int32(r+l)); err != nil {
			return nil, err
		}
	}
	return p, c.fill(p, rep, def, b, d.Encoding)
}

// fill decodes the sections of a page.
func (c *chunkReader) fill(p *page, rep, def, values []byte, enc format.Encoding) error {
	if c.node.rep > 0 {
		levels, err := decodeLevels(make([]uint8, 0, p.n+8), rep, c.node.rep, p.n)
		if err != nil {
			return err
		}
		p.rep = levels
	}
	count := p.n
	p.full = true
	if c.node.def > 0 && !allHighest(def, c.node.def, p.n) {
		own := c.node.def > 1 || c.node.rep > 0 || !c.values
		dst := c.scratch.levels
		if own || cap(dst) < p.n+8 {
			dst = make([]uint8, 0, p.n+8)
		}
		levels, err := decodeLevels(dst, def, c.node.def, p.n)
		if err != nil {
			return err
		}
		p.full = false
		count = p.missing(levels, c.node.def)
		if own {
			p.def = levels
		} else {
			c.scratch.levels = levels
		}
	}
	if count == 0 || !c.values {
		return nil
	}
	if err := c.decodeValues(p, values, count, enc); err != nil {
		return err
	}
	if p.null != nil {
		p.spread()
	}
	return nil
}

// missing counts the values that are there, and notes those that are not.
func (p *page) missing(levels []uint8, highest uint8) (count int) {
	if p.rep != nil {
		for _, d := range levels {
			if d == highest {
				count++
			}
		}
		return count
	}
	p.null = make([]bool, p.n)
	for i, d := range levels {
		if d == highest {
			count++
		} else {
			p.null[i] = true
		}
	}
	return count
}

// spread moves dense values to their entries.
func (p *page) spread() {
	p.ints = spread(p.ints, p.null, 0)
	p.floats = spread(p.floats, p.null, 0)
	p.codes = spread(p.codes, p.null, -1)
	if ends := p.bytes.Ends; ends != nil {
		p.bytes.Ends = spread(ends, p.null, 0)
		end := uint32(0)
		for i, null := range p.null {
			if null {
				p.bytes.Ends[i] = end
			}
			end = p.bytes.Ends[i]
		}
	}
}

// spread needs no more memory where dense has room.
func spread[T any](dense []T, null []bool, none T) []T {
	if dense == nil {
		return nil
	}
	k, n := len(dense), len(null)
	out := dense[:min(n, cap(dense))]
	if len(out) < n {
		out = make([]T, n)
	}
	for i := n - 1; i >= 0; i-- {
		if null[i] {
			out[i] = none
		} else {
			k--
			out[i] = dense[k]
		}
	}
	return out
}

// decodeValues decodes the values of a page, dense.
func (c *chunkReader) decodeValues(p *page, values []byte, count int, enc format.Encoding) error {
	switch enc {
	case format.Plain:
		p.form = formPlain
		return c.plain(p, values, count)
	case format.RLEDictionary, format.PlainDictionary: //nolint:staticcheck // deprecated for writers; files have it
		return c.coded(p, values, count)
	case format.RLE:
		if c.node.physical == format.Boolean {
			return c.runBools(p, values, count)
		}
	case format.DeltaBinaryPacked:
		return c.deltaInts(p, values, count)
	case format.DeltaLengthByteArray:
		if c.node.physical == format.ByteArray {
			return c.deltaStrings(p, values, count)
		}
	case format.DeltaByteArray:
		if c.node.typ.Kind.InBytes() {
			return c.deltaBytes(p, values, count)
		}
	}
	return fmt.Errorf("encoding %s of %s is not supported", enc, c.node.physical)
}

// runs looks over the runs of the RLE/bit-packing hybrid before they are decoded:
// a run header of five bytes may claim two billion values. used is the bytes that
// hold the first n values.
func runs(b []byte, width, n int) (used []byte, err error) {
	at := 0
	for left := n; left > 0; {
		head, k := binary.Uvarint(b[at:])
		if k <= 0 {
			return nil, corruptf("runs end with %d values to come", left)
		}
		at += k
		count := head >> 1
		if head&1 == 1 {
			// Groups of 8. The last may reach past n, and some writers pad further.
			if count > uint64(left+7)/8+64 || count*uint64(width) > uint64(len(b)-at) {
				return nil, corruptf("a packed run of %d x 8 values, %d to come in %d bytes", count, left, len(b)-at)
			}
			at += int(count) * width
			left -= int(count) * 8
			continue
		}
		if count > uint64(left) || (width+7)/8 > len(b)-at {
			return nil, corruptf("a run of %d values, %d to come", count, left)
		}
		at += (width + 7) / 8
		left -= int(count)
	}
	return b[:at], nil
}

// allHighest reports whether the levels are one run of the highest, as those of
// a column without nulls are.
func allHighest(b []byte, maximum uint8, n int) bool {
	head, k := binary.Uvarint(b)
	return k > 0 && head == uint64(n)<<1 && len(b) > k && b[k] == maximum
}

// decodeLevels decodes n levels into dst, which has room.
func decodeLevels(dst []uint8, b []byte, maximum uint8, n int) ([]uint8, error) {
	width := bits.Len8(maximum)
	used, err := runs(b, width, n)
	if err != nil {
		return nil, fmt.Errorf("levels: %w", err)
	}
	enc := rle.Encoding{BitWidth: width}
	levels, err := enc.DecodeLevels(dst[:0], used)
	if err != nil || len(levels) < n {
		return nil, corruptf("levels: %d of %d: %v", len(levels), n, err)
	}
	levels = levels[:n]
	for _, l := range levels {
		if l > maximum {
			return nil, corruptf("level %d over %d", l, maximum)
		}
	}
	return levels, nil
}

// decodeCodes decodes n dictionary codes, into dst if it is large enough.
func decodeCodes(dst []int32, b []byte, width, n int) ([]int32, error) {
	if cap(dst) < n+8 {
		dst = make([]int32, n+8)
	}
	if width == 0 {
		clear(dst[:n])
		return dst[:n], nil
	}
	if width > 32 {
		return nil, corruptf("codes of %d bits", width)
	}
	used, err := runs(b, width, n)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	enc := rle.Encoding{BitWidth: width}
	codes, err := enc.DecodeInt32(dst[:0], used)
	if err != nil || len(codes) < n {
		return nil, corruptf("codes: %d of %d: %v", len(codes), n, err)
	}
	return codes[:n], nil
}
