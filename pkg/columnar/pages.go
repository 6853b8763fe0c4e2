package columnar

import (
	"context"
	"sync"

	"github.com/parquet-go/parquet-go/format"
)

// maxIndex is up to which size a file's page index is read. Of our files it takes
// some 70 bytes a page.
const maxIndex = 4 << 20

// index is the page index of a file: where the pages of a column chunk are, which
// rows they have, and their bounds. It is read as a whole when it is first asked for,
// if OpenFile did not come across it, and a chunk's part of it is decoded when that is
// asked for. Safe for concurrent use.
type index struct {
	at, length int64 // in the file; a length of 0: there is none of use

	mu      sync.Mutex
	raw     []byte              // guarded by mu; nil: not read yet
	places  map[chunkAt]places  // guarded by mu
	columns map[chunkAt]*bounds // guarded by mu
}

// chunkAt is the column chunk of a leaf in a row group.
type chunkAt struct{ group, leaf int }

// places are the data pages of a chunk; nil if that is not known.
type places []format.PageLocation

// bounds are those of the pages of a chunk.
type bounds = format.ColumnIndex

// findIndex notes where the index is. It is kept at once if it is in the end of the
// file, which was read, and the file has row groups that are more than one batch: of
// smaller ones nothing can be left out.
func (f *File) findIndex(end []byte) {
	x := &index{places: map[chunkAt]places{}, columns: map[chunkAt]*bounds{}}
	f.index = x
	var from, to, sum int64
	add := func(at int64, length int32) {
		if at <= 0 || length <= 0 {
			return
		}
		if sum == 0 || at < from {
			from = at
		}
		to, sum = max(to, at+int64(length)), sum+int64(length)
	}
	large := false
	for g := range f.meta.RowGroups {
		large = large || f.meta.RowGroups[g].NumRows > batchRows
		for i := range f.meta.RowGroups[g].Columns {
			c := &f.meta.RowGroups[g].Columns[i]
			add(c.ColumnIndexOffset, c.ColumnIndexLength)
			add(c.OffsetIndexOffset, c.OffsetIndexLength)
		}
	}
	length := to - from
	if sum == 0 || to > f.size || length > maxIndex || length > 2*sum+fetchGap {
		return
	}
	x.at, x.length = from, length
	if !large {
		return
	}
	f.weight += 2 * length
	if start := f.size - int64(len(end)); from >= start {
		x.raw = append([]byte{}, end[from-start:to-start]...)
	}
}

// loadIndex reads the index unless that was done; ok is false if there is none.
func (f *File) loadIndex(ctx context.Context) (ok bool, err error) {
	x := f.index
	if x.length == 0 {
		return false, nil
	}
	x.mu.Lock()
	have := x.raw != nil
	x.mu.Unlock()
	if have {
		return true, nil
	}
	raw, err := readRange(ctx, f.src, x.at, x.length)
	if err != nil {
		return false, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.raw = raw
	return true, nil
}

// decode reads a struct out of the index, which is loaded; false if it is not there
// or not readable.
func (x *index) decode(at int64, length int32, into any) (ok bool) {
	defer func() {
		if recover() != nil { // in the library, over broken input
			ok = false
		}
	}()
	from, to := at-x.at, at-x.at+int64(length)
	if x.raw == nil || length <= 0 || from < 0 || to > int64(len(x.raw)) {
		return false
	}
	return decodeThrift(x.raw[from:to], into) == nil
}

// places are the pages of a chunk, if the index is loaded and says so.
func (f *File) places(at chunkAt) places {
	x := f.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if p, ok := x.places[at]; ok || x.raw == nil {
		return p
	}
	c := &f.meta.RowGroups[at.group].Columns[at.leaf]
	var read format.OffsetIndex
	var p places
	if x.decode(c.OffsetIndexOffset, c.OffsetIndexLength, &read) && fit(places(read.PageLocations), c, f.meta.RowGroups[at.group].NumRows) {
		p = places(read.PageLocations)
	}
	x.places[at] = p
	return p
}

// fit reports whether pages follow each other within their chunk, in bytes and rows.
func fit(p places, c *format.ColumnChunk, rows int64) bool {
	if len(p) == 0 || p[0].FirstRowIndex != 0 {
		return false
	}
	byteAt, end := chunkRange(&c.MetaData)
	row := int64(-1)
	for i := range p {
		size := int64(p[i].CompressedPageSize)
		if p[i].Offset < byteAt || size <= 0 || p[i].Offset+size > end || p[i].FirstRowIndex <= row || p[i].FirstRowIndex >= rows {
			return false
		}
		byteAt, row = p[i].Offset+size, p[i].FirstRowIndex
	}
	return true
}

// page is the page that has a row.
func (p places) page(row int64) int {
	lo, hi := 0, len(p)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; p[mid].FirstRowIndex <= row {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// rows are the rows of a page: from up to to.
func (p places) rows(i int, all int64) (from, to int64) {
	if to = all; i+1 < len(p) {
		to = p[i+1].FirstRowIndex
	}
	return p[i].FirstRowIndex, to
}

// pageBounds are the bounds of a chunk's pages, or nil.
func (f *File) pageBounds(at chunkAt, pages int) *bounds {
	x := f.index
	x.mu.Lock()
	defer x.mu.Unlock()
	b, ok := x.columns[at]
	if ok || x.raw == nil {
		return b
	}
	c := &f.meta.RowGroups[at.group].Columns[at.leaf]
	read := &bounds{}
	if x.decode(c.ColumnIndexOffset, c.ColumnIndexLength, read) && len(read.NullPages) == pages &&
		len(read.MinValues) == pages && len(read.MaxValues) == pages {
		b = read
	}
	x.columns[at] = b
	return b
}

// sliceBounds is the Bounds of some rows of a row group, by the pages that have them.
type sliceBounds struct {
	groupBounds
	from, to int64
}

// Rows implements Bounds.
func (b sliceBounds) Rows() int64 { return b.to - b.from }

// Bound implements Bounds.
func (b sliceBounds) Bound(path string) (Bound, bool) {
	n, ok := b.find(path)
	if n == nil {
		return Bound{Nulls: b.Rows()}, ok
	}
	whole, ok := b.groupBounds.Bound(path)
	if whole.Nulls > 0 { // how many of them are here is not known
		if whole.Nulls >= b.g.NumRows {
			whole.Nulls = b.Rows()
		} else {
			whole.Nulls = -1
		}
	}
	if n.leaf < 0 {
		return whole, ok
	}
	p := b.f.places(chunkAt{b.group, n.leaf})
	if p == nil {
		return whole, ok
	}
	x := b.f.pageBounds(chunkAt{b.group, n.leaf}, len(p))
	if x == nil {
		return whole, ok
	}
	out, some := Bound{Nulls: -1}, false
	counted := len(x.NullCounts) == len(p)
	for i := p.page(b.from); i < len(p) && p[i].FirstRowIndex < b.to; i++ {
		counted = counted && x.NullCounts[i] == 0
		if x.NullPages[i] {
			counted = false
			continue
		}
		lo, hi := n.value(x.MinValues[i]), n.value(x.MaxValues[i])
		if !some {
			out.Min, out.Max, some = lo, hi, true
			continue
		}
		out.Min, out.Max = least(out.Min, lo, -1), least(out.Max, hi, 1)
	}
	switch {
	case !some:
		return Bound{Nulls: b.Rows()}, true
	case counted || n.def == 0:
		out.Nulls = 0
	}
	if n.typ.Kind.InFloats() && !b.f.ours {
		out.Max = Value{} // as in a row group
	}
	return out, true
}

// least is the one of two bounds that is further to a side; unknown if one is.
func least(a, b Value, side int) Value {
	switch {
	case a.Kind == Invalid || b.Kind == Invalid:
		return Value{}
	case b.Compare(a)*side > 0:
		return b
	}
	return a
}
