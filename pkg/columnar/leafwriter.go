package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// leafWriter gathers one column of one row group: values into a page, pages,
// compressed, into a chunk.
//
//	chunk = [dictionary page] data page...
//	data page = header, compressed( length, repetition levels, length, definition levels, values )
type leafWriter struct {
	path     []string // in the file, such as requestParams key_value key
	name     []string // field names, for statistics
	kind     Kind
	required bool
	maxDef   uint8
	maxRep   uint8
	stats    bool
	wantDict bool
	filter   *filterWriter // nil: none
	o        *WriterOptions
	comp     compressor
	text     compressor // of pages of plain strings

	// The page being filled. Its values are in leafMemory.
	rows  int64
	nulls int64
	raw   int // bytes the codes' strings would take as PLAIN
	bits  int // booleans so far
	width int // bytes of each plain string; 0: they differ
	page  extent

	// The row group.
	dict      *dictionary // nil: PLAIN from here on
	dictPages int
	pages     [][]byte // data pages, each in memory of its own: nothing is copied as they get more
	pageBytes int      // of all pages
	locations []format.PageLocation
	index     pageIndex
	chunkRows int64
	chunk     format.ColumnMetaData
	extent    extent
	nullCount int64

	// The file.
	total      extent
	totalNulls int64

	header bytes.Buffer

	*leafMemory // until the file ends
}

func (l *leafWriter) size() int64 {
	n := int64(l.pageBytes) + int64(len(l.vals)+len(l.codes)+len(l.def)+l.bits/8)/4
	if l.dict != nil {
		n += int64(l.dict.size()) / 2
	}
	return n
}

// append adds entries with their values. A page is cut between rows where it
// would get larger than a page should be.
func (l *leafWriter) append(v *Vector, in *entries, write int64) error {
	if l.kind.InBytes() {
		if cut := l.split(v, in); cut > 0 {
			head, tail := in.slice(0, cut), in.slice(cut, in.n)
			if err := l.append(v, &head, write); err != nil {
				return err
			}
			return l.append(v, &tail, write)
		}
	}
	sel := l.levels(v, in)
	switch k := l.kind; {
	case k == Boolean:
		l.appendBools(v, in, sel)
	case k.InInts():
		l.appendInts(v, in, sel)
	case k.InFloats():
		l.appendFloats(v, in, sel)
	case l.dict != nil:
		l.appendCodes(v, in, sel, write)
		if l.dict.size() > l.o.DictionaryBytes {
			if err := l.flushPage(); err != nil {
				return err
			}
			l.dict = nil
		}
	default:
		l.appendBytes(v, in, sel)
		if len(l.vals) >= pageBytes {
			return l.flushPage()
		}
	}
	return nil
}

// split is the entry, the first of a row, to halve at because the strings are
// too large for a page; 0 to take all.
func (l *leafWriter) split(v *Vector, in *entries) int {
	if in.n < 2 {
		return 0
	}
	size := 0
	switch {
	case v.Codes != nil && v.Dict.Len() < in.n && in.n*longest(v.Dict)+len(l.vals) <= pageBytes:
		return 0
	case v.Codes == nil && len(v.Bytes.Data)+len(l.vals) <= pageBytes:
		return 0
	case in.index == nil && v.Codes == nil:
		end := int(v.Bytes.Ends[in.base+in.n-1])
		size = end
		if in.base > 0 {
			size -= int(v.Bytes.Ends[in.base-1])
		}
	default:
		for e := range in.n {
			if i := in.value(e); i >= 0 {
				size += len(v.ByteAt(i))
			}
		}
	}
	if size+len(l.vals) <= pageBytes {
		return 0
	}
	mid := in.n / 2
	if in.rep == nil {
		return mid
	}
	for e := mid; e > 0; e-- {
		if in.rep[e] == 0 {
			return e
		}
	}
	for e := mid + 1; e < in.n; e++ {
		if in.rep[e] == 0 {
			return e
		}
	}
	return 0
}

// levels adds the levels of the entries. The answer is the values that are not
// null, or nil for all values from in.base; it is for reading.
func (l *leafWriter) levels(v *Vector, in *entries) []int32 {
	if l.maxRep > 0 {
		for _, r := range in.rep {
			if r == 0 {
				l.rows++
			}
		}
		l.rep = append(l.rep, in.rep...)
	} else {
		l.rows += int64(in.n)
	}
	at := len(l.def)
	l.def = grow(l.def, in.n)[:at+in.n]
	def := l.def[at:]
	if !anyNull(v, in) && (in.index == nil || in.def == nil) {
		for e := range def {
			def[e] = l.maxDef
		}
		return in.index
	}
	sel := l.sel[:0]
	for e := range def {
		i := in.value(e)
		switch {
		case i < 0:
			def[e] = in.def[e]
		case v.Null != nil && v.Null[i] && !l.required:
			def[e] = in.depth
		default:
			def[e] = l.maxDef
			sel = append(sel, int32(i))
		}
	}
	l.nulls += int64(in.n - len(sel))
	if sel == nil {
		sel = []int32{}
	}
	l.sel = sel
	return sel
}

func (l *leafWriter) appendBools(v *Vector, in *entries, sel []int32) {
	add := func(i int64) {
		if l.bits%8 == 0 {
			l.vals = append(l.vals, 0)
		}
		l.vals[l.bits/8] |= byte(i&1) << (l.bits % 8)
		l.bits++
		l.page.addInts(i, i)
	}
	if sel == nil {
		for _, i := range v.Ints[in.base : in.base+in.n] {
			add(i)
		}
	}
	for _, i := range sel {
		add(v.Ints[i])
	}
}

func (l *leafWriter) appendInts(v *Vector, in *entries, sel []int32) {
	ints := v.Ints
	if sel == nil {
		ints = v.Ints[in.base : in.base+in.n]
	}
	n := len(ints)
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return
	}
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	at := len(l.vals)
	if physicalType(l.kind) == format.Int32 {
		l.vals = append(l.vals, make([]byte, 4*n)...)
		dst := l.vals[at:]
		for k := range n {
			var i int64
			if sel == nil {
				i = ints[k]
			} else {
				i = ints[sel[k]]
			}
			lo, hi = min(lo, i), max(hi, i)
			binary.LittleEndian.PutUint32(dst[4*k:], uint32(i))
		}
	} else {
		l.vals = append(l.vals, make([]byte, 8*n)...)
		dst := l.vals[at:]
		for k := range n {
			var i int64
			if sel == nil {
				i = ints[k]
			} else {
				i = ints[sel[k]]
			}
			lo, hi = min(lo, i), max(hi, i)
			binary.LittleEndian.PutUint64(dst[8*k:], uint64(i))
		}
	}
	l.page.addInts(lo, hi)
}

func (l *leafWriter) appendFloats(v *Vector, in *entries, sel []int32) {
	add := func(f float64) {
		if l.kind == Float {
			l.vals = binary.LittleEndian.AppendUint32(l.vals, math.Float32bits(float32(f)))
			f = float64(float32(f))
		} else {
			l.vals = binary.LittleEndian.AppendUint64(l.vals, math.Float64bits(f))
		}
		l.page.addFloat(f)
	}
	if sel == nil {
		for _, f := range v.Floats[in.base : in.base+in.n] {
			add(f)
		}
	}
	for _, i := range sel {
		add(v.Floats[i])
	}
}

func (l *leafWriter) appendBytes(v *Vector, in *entries, sel []int32) {
	n := len(sel)
	if sel == nil {
		n = in.n
	}
	var lo, hi []byte
	for k := range n {
		i := in.base + k
		if sel != nil {
			i = int(sel[k])
		}
		s := v.ByteAt(i)
		l.measure(s)
		l.vals = grow(l.vals, 4+len(s))
		l.vals = binary.LittleEndian.AppendUint32(l.vals, uint32(len(s)))
		l.vals = append(l.vals, s...)
		if l.filter != nil {
			l.filter.add(s)
		}
		if !l.stats {
			continue
		}
		if k == 0 {
			lo, hi = s, s
		} else if bytes.Compare(s, hi) > 0 {
			hi = s
		} else if bytes.Compare(s, lo) < 0 {
			lo = s
		}
	}
	if l.stats && n > 0 {
		l.page.addBytes(lo, hi)
	}
}

// measure looks at a plain string before it is added to the page.
func (l *leafWriter) measure(s []byte) {
	if len(s) != l.width {
		if l.width = 0; len(l.vals) == 0 {
			l.width = len(s)
		}
	}
}

func (l *leafWriter) appendCodes(v *Vector, in *entries, sel []int32, write int64) {
	d := l.dict
	n := len(sel)
	if sel == nil {
		n = in.n
	}
	translated := v.Codes != nil && v.Dict.Len() <= 4*n
	if translated {
		d.translate(v.Dict, write)
	}
	for k := range n {
		i := in.base + k
		if sel != nil {
			i = int(sel[k])
		}
		var code int32
		if translated {
			from := v.Codes[i]
			if code = d.inputCodes[from]; code < 0 {
				code = d.code(v.Dict.At(int(from)))
				d.inputCodes[from] = code
			}
			l.raw += 4 + len(v.Dict.At(int(from)))
		} else {
			s := v.ByteAt(i)
			code = d.code(s)
			l.raw += 4 + len(s)
		}
		l.codes = append(l.codes, code)
	}
}

// flushPage ends the page, if it has a row.
func (l *leafWriter) flushPage() error {
	if len(l.def) == 0 {
		return nil
	}
	encoding := format.Plain
	if l.dict != nil {
		width := bits.Len(uint(max(l.dict.values.Len()-1, 0)))
		if l.dictPages == 0 && l.dict.size()+len(l.codes)*width/8 >= l.raw && l.raw > 0 {
			l.plainPage()
		}
	}
	// A page before the first value needs no dictionary; some readers trip over
	// an empty one.
	if l.dict != nil && l.dict.values.Len() > 0 {
		encoding = format.RLEDictionary
		l.dictPages++
		l.codeBounds()
		if err := l.packCodes(); err != nil {
			return err
		}
	}
	body := l.scratch[:0]
	for _, levels := range []struct {
		max    uint8
		levels []uint8
	}{{l.maxRep, l.rep}, {l.maxDef, l.def}} {
		if levels.max == 0 {
			continue
		}
		enc := rle.Encoding{BitWidth: bits.Len8(levels.max)}
		packed, err := enc.EncodeLevels(l.packed, levels.levels)
		if err != nil {
			return fmt.Errorf("encode levels: %w", err)
		}
		l.packed = packed
		body = binary.LittleEndian.AppendUint32(body, uint32(len(packed)))
		body = append(body, packed...)
	}
	levels := len(body)
	body = append(grow(body, len(l.vals)), l.vals...)
	l.scratch = body
	if len(body) > maxPageBytes {
		return fmt.Errorf("page of %d bytes is over the limit of %d", len(body), maxPageBytes)
	}

	l.locations = append(l.locations, format.PageLocation{Offset: int64(l.pageBytes), FirstRowIndex: l.chunkRows})
	h := format.PageHeader{Type: format.DataPage, UncompressedPageSize: int32(len(body))}
	h.DataPageHeader = thrift.New(format.DataPageHeader{
		NumValues: int32(len(l.def)), Encoding: encoding,
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
		Statistics: format.Statistics{NullCount: l.nulls},
	})
	if l.kind.InBytes() && encoding == format.Plain {
		l.packed = l.text.appendStrings(l.packed[:0], body, levels, l.width)
	} else {
		l.packed = l.comp.append(l.packed[:0], body)
	}
	page, err := l.paged(&h)
	if err != nil {
		return err
	}
	l.pages, l.pageBytes = append(l.pages, page), l.pageBytes+len(page)
	l.locations[len(l.locations)-1].CompressedPageSize = int32(len(page))
	l.countPage(format.DataPage, encoding)

	l.chunk.NumValues += int64(len(l.def))
	l.chunkRows += l.rows
	l.nullCount += l.nulls
	if l.stats {
		l.index.add(l.kind, &l.page, l.nulls, len(l.def))
		l.extent.merge(l.kind, &l.page)
	}
	l.page.reset()
	l.def, l.rep, l.vals, l.codes = l.def[:0], l.rep[:0], l.vals[:0], l.codes[:0]
	l.rows, l.nulls, l.raw, l.bits, l.width = 0, 0, 0, 0, 0
	return nil
}

// plainPage turns the first page of a chunk to PLAIN, where a dictionary would
// only make it larger, and with it the chunk.
func (l *leafWriter) plainPage() {
	for _, c := range l.codes {
		s := l.dict.values.At(int(c))
		l.measure(s)
		l.vals = binary.LittleEndian.AppendUint32(l.vals, uint32(len(s)))
		l.vals = append(l.vals, s...)
	}
	if l.stats {
		l.codeBounds()
	}
	l.codes = l.codes[:0]
	l.dict = nil
}

// codeBounds finds the bounds of the page's strings, looking at each once.
func (l *leafWriter) codeBounds() {
	if !l.stats || len(l.codes) == 0 {
		return
	}
	for len(l.seen) < l.dict.values.Len() {
		l.seen = append(l.seen, -1)
	}
	number := int32(len(l.locations))
	lo := l.dict.values.At(int(l.codes[0]))
	hi := lo
	for _, c := range l.codes {
		if l.seen[c] == number {
			continue
		}
		l.seen[c] = number
		if s := l.dict.values.At(int(c)); bytes.Compare(s, lo) < 0 {
			lo = s
		} else if bytes.Compare(s, hi) > 0 {
			hi = s
		}
	}
	l.page.addBytes(lo, hi)
}

func (l *leafWriter) packCodes() error {
	width := bits.Len(uint(max(l.dict.values.Len()-1, 0)))
	enc := rle.Encoding{BitWidth: width}
	packed, err := enc.EncodeInt32(l.packed, l.codes)
	if err != nil {
		return fmt.Errorf("encode dictionary codes: %w", err)
	}
	l.packed = packed
	l.vals = append(append(l.vals[:0], byte(width)), packed...)
	return nil
}

// paged is a page of the chunk: the header, and a body of so many bytes, compressed
// in l.packed.
func (l *leafWriter) paged(h *format.PageHeader) ([]byte, error) {
	h.CompressedPageSize = int32(len(l.packed))
	l.header.Reset()
	var p thrift.CompactProtocol
	if err := thrift.NewEncoder(p.NewWriter(&l.header)).Encode(h); err != nil {
		return nil, fmt.Errorf("encode page header: %w", err)
	}
	l.chunk.TotalUncompressedSize += int64(l.header.Len()) + int64(h.UncompressedPageSize)
	return slices.Concat(l.header.Bytes(), l.packed), nil
}

func (l *leafWriter) countPage(t format.PageType, e format.Encoding) {
	for i := range l.chunk.EncodingStats {
		if s := &l.chunk.EncodingStats[i]; s.PageType == t && s.Encoding == e {
			s.Count++
			return
		}
	}
	l.chunk.EncodingStats = append(l.chunk.EncodingStats, format.PageEncodingStats{PageType: t, Encoding: e, Count: 1})
}

// flushChunk ends the column's part of a row group: its dictionary page, if it has
// one, comes before l.pages.
func (l *leafWriter) flushChunk() (dictPage []byte, err error) {
	if err := l.flushPage(); err != nil {
		return nil, err
	}
	if l.dictPages > 0 {
		values := l.vals[:0]
		d := l.spare
		for i := range d.values.Len() {
			s := d.values.At(i)
			values = binary.LittleEndian.AppendUint32(values, uint32(len(s)))
			values = append(values, s...)
		}
		l.vals = values[:0]
		if len(values) > maxPageBytes {
			return nil, fmt.Errorf("dictionary of %d bytes is over the limit of %d", len(values), maxPageBytes)
		}
		h := format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: int32(len(values))}
		h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: int32(d.values.Len()), Encoding: format.Plain})
		l.packed = l.text.append(l.packed[:0], values)
		if dictPage, err = l.paged(&h); err != nil {
			return nil, err
		}
		l.countPage(format.DictionaryPage, format.Plain)
	}
	return dictPage, nil
}

// describe completes the chunk's metadata for pages that begin at offset.
func (l *leafWriter) describe(offset int64, dictPage []byte) (format.ColumnChunk, *format.ColumnIndex, format.OffsetIndex) {
	m := l.chunk
	m.Type, m.Codec, m.PathInSchema = physicalType(l.kind), l.comp.codec, l.path
	m.Encoding = []format.Encoding{format.RLE}
	for _, s := range m.EncodingStats {
		if !slices.Contains(m.Encoding, s.Encoding) {
			m.Encoding = append(m.Encoding, s.Encoding)
		}
	}
	slices.Sort(m.Encoding)
	if len(dictPage) > 0 {
		m.DictionaryPageOffset = offset
	}
	m.DataPageOffset = offset + int64(len(dictPage))
	m.TotalCompressedSize = int64(len(dictPage) + l.pageBytes)
	m.Statistics.NullCount = l.nullCount
	if l.stats {
		if lo, hi := l.extent.values(l.kind); len(lo.Bytes) <= maxChunkBytes && len(hi.Bytes) <= maxChunkBytes {
			m.Statistics.MinValue, m.Statistics.MaxValue = plainValue(lo), plainValue(hi)
		}
	}
	oi := format.OffsetIndex{PageLocations: append([]format.PageLocation(nil), l.locations...)}
	for i := range oi.PageLocations {
		oi.PageLocations[i].Offset += m.DataPageOffset
	}
	var ci *format.ColumnIndex
	if l.stats && !l.index.missing {
		ci = l.index.columnIndex()
	}
	return format.ColumnChunk{MetaData: m}, ci, oi
}

// reset makes ready for the next row group.
func (l *leafWriter) reset() {
	if l.stats {
		l.total.merge(l.kind, &l.extent)
	}
	l.totalNulls += l.nullCount
	l.extent.reset()
	clear(l.pages)
	l.pages, l.pageBytes, l.locations, l.index = l.pages[:0], 0, l.locations[:0], pageIndex{}
	l.chunkRows, l.nullCount, l.dictPages = 0, 0, 0
	l.chunk = format.ColumnMetaData{}
	l.seen = l.seen[:0]
	if l.wantDict {
		if l.spare == nil {
			l.spare = newDictionary()
		}
		l.spare.reset()
		l.dict = l.spare
	}
}
