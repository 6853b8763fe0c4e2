package columnar

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A filter says of a value that a column chunk may have it, or surely has not: the
// split-block bloom filter of parquet-format's BloomFilter.md, over the xxHash64 of
// the values as PLAIN has them. A file's filters lie behind its last row group:
//
//	PAR1 | row group... | filter... | column index... | offset index... | footer
//	filter = header, blocks of 32 bytes
//
// They are fetched when somebody first asks for a value, and then kept with the File.
// A filter that is broken or of another kind is as good as none.

const (
	filterBlock = bloom.BlockSize // bytes
	// filterBits is the least number of bits for each value. Sizes are powers of
	// two, since some readers take no other, so there are up to twice as many: one
	// value in thirty, down to one in seven hundred, looks as if it was there.
	filterBits = 8
	// maxFilterBytes bounds a filter, and filters that are fetched at once.
	maxFilterBytes = 16 << 20
	// filterHeader is more than a header takes, for files that do not say how long a
	// filter is.
	filterHeader = 64
)

// Prober is Bounds that may know more of single values.
type Prober interface {
	// MayHold is false only if no row has the value, of the column's kind, in the
	// column at the path. It may read from the file; what goes wrong is true.
	MayHold(path string, v Value) bool
}

// MayHold is that of the Bounds, and true if they are no Prober.
func MayHold(b Bounds, path string, v Value) bool {
	p, ok := b.(Prober)
	return !ok || p.MayHold(path, v)
}

// filterWriter gathers the hashes of a column chunk's strings.
type filterWriter struct{ hashes []uint64 }

func (f *filterWriter) add(s []byte) { f.hashes = append(f.hashes, xxhash.Sum64(s)) }

// take is the bits of the filter, and makes ready for the next chunk; nil if there
// was no value.
func (f *filterWriter) take() []byte {
	if len(f.hashes) == 0 {
		return nil
	}
	size := filterBlock
	for 8*size < filterBits*len(f.hashes) && size < maxFilterBytes {
		size *= 2
	}
	filter := make(bloom.SplitBlockFilter, size/filterBlock)
	filter.InsertBulk(f.hashes)
	f.hashes = f.hashes[:0]
	return filter.Bytes()
}

// takeFilter is the filter of the chunk that ends, or nil. Strings that have been in
// the dictionary are in it once.
func (l *leafWriter) takeFilter() []byte {
	if l.filter == nil {
		return nil
	}
	if l.wantDict {
		for i := range l.spare.values.Len() {
			l.filter.add(l.spare.values.At(i))
		}
	}
	return l.filter.take()
}

// writeFilters puts the filters of all row groups into the tail of a file, which
// begins at w.offset.
func (w *Writer) writeFilters(enc *thrift.Encoder, tail *bytes.Buffer) error {
	header := format.BloomFilterHeader{
		Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
		Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
		Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
	}
	for g, filters := range w.filters {
		for c, bits := range filters {
			if bits == nil {
				continue
			}
			at := tail.Len()
			header.NumBytes = int32(len(bits))
			if err := enc.Encode(&header); err != nil {
				return fmt.Errorf("encode bloom filter: %w", err)
			}
			tail.Write(bits)
			m := &w.rowGroups[g].Columns[c].MetaData
			m.BloomFilterOffset, m.BloomFilterLength = w.offset+int64(at), int32(tail.Len()-at)
		}
	}
	return nil
}

// filters are those of a File that were fetched.
type filters struct {
	mu     sync.Mutex
	kept   map[chunkID]bloom.SplitBlockFilter // guarded by mu; nil: broken
	bytes  int64                              // guarded by mu
	onKept func(int64)                        // guarded by mu
}

type chunkID struct{ group, leaf int }

func (f *filters) get(id chunkID) (bloom.SplitBlockFilter, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.kept[id]
	return b, ok
}

func (f *filters) keep(id chunkID, b bloom.SplitBlockFilter) {
	f.mu.Lock()
	_, had := f.kept[id]
	if f.kept == nil {
		f.kept = map[chunkID]bloom.SplitBlockFilter{}
	}
	f.kept[id] = b
	n := int64(len(b)*filterBlock) + filterHeader
	if had {
		n = 0
	}
	f.bytes += n
	onKept := f.onKept
	f.mu.Unlock()
	if onKept != nil && n > 0 {
		onKept(n)
	}
}

// OnGrowth has grown called whenever the File, or a copy of it by With, comes to keep
// so many bytes more. It is nil to begin with.
func (f *File) OnGrowth(grown func(bytes int64)) {
	f.filters.mu.Lock()
	defer f.filters.mu.Unlock()
	f.filters.onKept = grown
}

// MayHold implements Prober.
func (b groupBounds) MayHold(path string, v Value) bool {
	n := b.f.root
	for name := range strings.SplitSeq(path, ".") {
		if n.typ.Kind != Struct {
			return true
		}
		if n = n.child(name); n == nil {
			return true
		}
	}
	if n.leaf < 0 || b.g.Columns[n.leaf].MetaData.BloomFilterOffset <= 0 {
		return true
	}
	hash, ok := n.hash(v)
	if !ok {
		return true
	}
	filter := b.f.filter(b.ctx, chunkID{b.group, n.leaf})
	return len(filter) == 0 || filter.Check(hash)
}

// hash is that of a value as the column's PLAIN has it; ok is false where that is not
// plain from the value.
func (n *fileNode) hash(v Value) (h uint64, ok bool) {
	if n.rep > 0 || n.scale != scaleNone || n.typ.Kind == Decimal || n.typ.Kind == Invalid {
		return 0, false
	}
	switch {
	case n.physical == format.ByteArray && v.Kind.InBytes():
		return xxhash.Sum64(v.Bytes), true
	case n.physical == format.Int64 && v.Kind.InInts():
		return xxhash.Sum64(binary.LittleEndian.AppendUint64(nil, uint64(v.Int))), true
	case n.physical == format.Int32 && v.Kind.InInts() && v.Int == int64(int32(v.Int)):
		return xxhash.Sum64(binary.LittleEndian.AppendUint32(nil, uint32(v.Int))), true
	}
	return 0, false
}

// filter is the filter of a column chunk that has one, or nil. With it those of the
// same column come that lie right behind it.
func (f *File) filter(ctx context.Context, id chunkID) bloom.SplitBlockFilter {
	if b, ok := f.filters.get(id); ok {
		return b
	}
	place := func(g int) (start, length int64) {
		m := &f.meta.RowGroups[g].Columns[id.leaf].MetaData
		return m.BloomFilterOffset, int64(m.BloomFilterLength)
	}
	from, length := place(id.group)
	if length <= 0 {
		var err error
		if length, err = f.filterLength(ctx, from); err != nil {
			return nil
		}
	}
	if length > maxFilterBytes+filterHeader || from+length > f.size {
		return nil
	}
	ends := []int64{from + length}
	for g := id.group + 1; g < len(f.meta.RowGroups); g++ {
		start, more := place(g)
		end := ends[len(ends)-1]
		if start != end || more <= 0 || end+more-from > maxFilterBytes || end+more > f.size {
			break
		}
		ends = append(ends, end+more)
	}
	b, err := readRange(ctx, f.src, from, ends[len(ends)-1]-from)
	if err != nil {
		return nil
	}
	at := int64(0)
	for i, end := range ends {
		f.filters.keep(chunkID{id.group + i, id.leaf}, parseFilter(b[at:end-from]))
		at = end - from
	}
	first, _ := f.filters.get(id)
	return first
}

// filterLength is how long the filter at an offset is.
func (f *File) filterLength(ctx context.Context, offset int64) (int64, error) {
	b, err := readRange(ctx, f.src, offset, min(filterHeader, f.size-offset))
	if err != nil {
		return 0, err
	}
	var h format.BloomFilterHeader
	n, err := decodeThriftPrefix(b, &h)
	if err == nil && h.NumBytes < 0 {
		err = corruptf("a bloom filter of %d bytes", h.NumBytes)
	}
	return int64(n) + int64(h.NumBytes), err
}

// parseFilter is the filter that b is, or nil for one that is not known.
func parseFilter(b []byte) bloom.SplitBlockFilter {
	var h format.BloomFilterHeader
	n, err := decodeThriftPrefix(b, &h)
	if err != nil || h.NumBytes <= 0 || h.NumBytes%filterBlock != 0 || int(h.NumBytes) != len(b)-n {
		return nil
	}
	_, blocks := h.Algorithm.Value.(*format.SplitBlockAlgorithm)
	_, xx := h.Hash.Value.(*format.XxHash)
	_, plain := h.Compression.Value.(*format.BloomFilterUncompressed)
	if !blocks || !xx || !plain {
		return nil
	}
	out := make(bloom.SplitBlockFilter, h.NumBytes/filterBlock)
	for i := range out {
		for w := range out[i] {
			out[i][w] = bloom.Word(binary.LittleEndian.Uint32(b[n:]))
			n += 4
		}
	}
	return out
}
