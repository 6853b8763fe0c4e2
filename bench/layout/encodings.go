package layout

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"

	"github.com/auditlake/auditlake/pkg/columnar"
)

const (
	groupValues = 131072
	pageValues  = 8192
)

// The encodings that are weighed.
const (
	encPlain = iota
	encDictionary
	encDelta       // DELTA_BINARY_PACKED of numbers, DELTA_LENGTH_BYTE_ARRAY of strings
	encDeltaPrefix // DELTA_BYTE_ARRAY
	encSplit       // BYTE_STREAM_SPLIT
	encBinary      // hexadecimal digits as the bytes they stand for, PLAIN
	encodings
)

// columnWeight is the bytes that the values of one column take in each encoding,
// compressed as today; -1 where it does not apply. Levels and page headers, which
// are the same for all, are left out.
type columnWeight struct {
	path    string
	values  int
	written int // the encoding that our writer chooses
	size    [encodings]int
	decode  [encodings]time.Duration // decompressing and decoding all; 0: not measured
}

// weigher encodes pages. Its memory is reused.
type weigher struct {
	comp    *zstd.Encoder // of numbers and codes
	text    *zstd.Encoder // of strings: their literals are coded
	inflate *zstd.Decoder
	buf     []byte
}

// weighColumns encodes every column of the corpus in every encoding.
func weighColumns(c *corpus, progress io.Writer) ([]columnWeight, error) {
	_, _ = fmt.Fprintf(progress, "%s: encodings\n", c.table)
	options := []zstd.EOption{
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1 << 20), zstd.WithEncoderConcurrency(1),
	}
	comp, err := zstd.NewWriter(nil, options...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = comp.Close() }() // only of use for streams
	text, err := zstd.NewWriter(nil, append(options, zstd.WithAllLitEntropyCompression(true))...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = text.Close() }()
	inflate, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer inflate.Close()
	w := &weigher{comp: comp, text: text, inflate: inflate}
	var out []columnWeight
	for _, l := range c.leaves() {
		var weight columnWeight
		var err error
		switch k := l.v.Type.Kind; {
		case k == columnar.Boolean:
			continue
		case k.InInts():
			weight, err = w.ints(present(l.v))
		default:
			weight, err = w.texts(l.v)
			plain := weight.size[encDictionary] >= weight.size[encPlain]
			for _, p := range c.plain {
				plain = plain || p == l.path
			}
			if !plain {
				weight.written = encDictionary
			}
		}
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", l.path, err)
		}
		weight.path = l.path
		if weight.values > 0 {
			out = append(out, weight)
		}
	}
	return out, nil
}

// page is the compressed size of a page, and how long it takes to decompress and
// to decode.
func (w *weigher) page(comp *zstd.Encoder, body []byte, err error, decode func([]byte) error) (int, time.Duration, error) {
	if err != nil {
		return 0, 0, err
	}
	packed := comp.EncodeAll(body, nil)
	start := time.Now()
	if w.buf, err = w.inflate.DecodeAll(packed, w.buf[:0]); err != nil {
		return 0, 0, err
	}
	if decode == nil {
		return len(packed), 0, nil
	}
	err = decode(w.buf)
	return len(packed), time.Since(start), err
}

func present(v *columnar.Vector) []int64 {
	if v.Null == nil {
		return v.Ints
	}
	var out []int64
	for i, x := range v.Ints {
		if !v.IsNull(i) {
			out = append(out, x)
		}
	}
	return out
}

// ints weighs whole numbers as 64 bits: what 32 bits would save is zeros.
func (w *weigher) ints(values []int64) (columnWeight, error) {
	out := columnWeight{values: len(values), written: encPlain}
	out.size[encDeltaPrefix], out.size[encBinary] = -1, -1
	var packer delta.BinaryPackedEncoding
	var splitter bytestreamsplit.Encoding
	ints := make([]int64, pageValues)
	add := func(enc int, body []byte, err error, decode func([]byte) error) error {
		n, took, err := w.page(w.comp, body, err, decode)
		out.size[enc] += n
		out.decode[enc] += took
		return err
	}
	for group := range chunks(values, groupValues) {
		codes := map[int64]int32{}
		var dict []byte
		for page := range chunks(group, pageValues) {
			var plain []byte
			pageCodes := make([]int32, len(page))
			for i, x := range page {
				plain = binary.LittleEndian.AppendUint64(plain, uint64(x))
				code, ok := codes[x]
				if !ok {
					code = int32(len(codes))
					codes[x] = code
					dict = binary.LittleEndian.AppendUint64(dict, uint64(x))
				}
				pageCodes[i] = code
			}
			coded, err := packCodes(pageCodes, len(codes))
			if err = add(encDictionary, coded, err, nil); err != nil {
				return out, err
			}
			if err = add(encPlain, plain, nil, func(b []byte) error {
				for i := range page {
					ints[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
				}
				return nil
			}); err != nil {
				return out, err
			}
			packed, err := packer.EncodeInt64(nil, page)
			if err = add(encDelta, packed, err, func(b []byte) error { _, err := packer.DecodeInt64(ints[:0], b); return err }); err != nil {
				return out, err
			}
			split, err := splitter.EncodeInt64(nil, page)
			if err = add(encSplit, split, err, func(b []byte) error { _, err := splitter.DecodeInt64(ints[:0], b); return err }); err != nil {
				return out, err
			}
		}
		if err := add(encDictionary, dict, nil, nil); err != nil {
			return out, err
		}
	}
	return out, nil
}

// texts weighs strings.
func (w *weigher) texts(v *columnar.Vector) (columnWeight, error) {
	out := columnWeight{written: encPlain}
	out.size[encSplit] = -1
	var values [][]byte
	isHex := true
	for i := range v.Len {
		if !v.IsNull(i) {
			s := v.ByteAt(i)
			values = append(values, s)
			isHex = isHex && len(s)%2 == 0 && len(s) >= 32 && len(bytes.Trim(s, "0123456789abcdef")) == 0
		}
	}
	if !isHex {
		out.size[encBinary] = -1
	}
	out.values = len(values)
	var lengths delta.LengthByteArrayEncoding
	var prefixes delta.ByteArrayEncoding
	add := func(enc int, body []byte, err error, decode func([]byte) error) error {
		n, took, err := w.page(w.text, body, err, decode)
		out.size[enc] += n
		out.decode[enc] += took
		return err
	}
	for group := range chunks(values, groupValues) {
		codes := map[string]int32{}
		var dict []byte
		for page := range pagesOfText(group) {
			var plain, data, raw []byte
			offsets := []uint32{0}
			pageCodes := make([]int32, len(page))
			for i, s := range page {
				plain = append(binary.LittleEndian.AppendUint32(plain, uint32(len(s))), s...)
				data = append(data, s...)
				offsets = append(offsets, uint32(len(data)))
				code, ok := codes[string(s)]
				if !ok {
					code = int32(len(codes))
					codes[string(s)] = code
					dict = append(binary.LittleEndian.AppendUint32(dict, uint32(len(s))), s...)
				}
				pageCodes[i] = code
				if isHex {
					raw, _ = hex.AppendDecode(raw, s)
				}
			}
			coded, err := packCodes(pageCodes, len(codes))
			n, _, err := w.page(w.comp, coded, err, nil)
			if err != nil {
				return out, err
			}
			out.size[encDictionary] += n
			if err = add(encPlain, plain, nil, func(b []byte) error {
				text, at := make([]byte, 0, len(b)), 0
				for range page {
					n := int(binary.LittleEndian.Uint32(b[at:]))
					text = append(text, b[at+4:at+4+n]...) //nolint:staticcheck // the copy is what is timed
					at += 4 + n
				}
				return nil
			}); err != nil {
				return out, err
			}
			packed, err := lengths.EncodeByteArray(nil, data, offsets)
			if err = add(encDelta, packed, err, func(b []byte) error { _, _, err := lengths.DecodeByteArray(nil, b, nil); return err }); err != nil {
				return out, err
			}
			packed, err = prefixes.EncodeByteArray(nil, data, offsets)
			if err = add(encDeltaPrefix, packed, err, func(b []byte) error { _, _, err := prefixes.DecodeByteArray(nil, b, nil); return err }); err != nil {
				return out, err
			}
			if isHex {
				if err := add(encBinary, raw, nil, nil); err != nil {
					return out, err
				}
			}
		}
		if err := add(encDictionary, dict, nil, nil); err != nil {
			return out, err
		}
	}
	return out, nil
}

// packCodes is a page of codes of a dictionary that has grown to size.
func packCodes(codes []int32, size int) ([]byte, error) {
	enc := rle.Encoding{BitWidth: bits.Len(uint(size - 1))}
	if enc.BitWidth == 0 {
		enc.BitWidth = 1 // the library takes no less
	}
	return enc.EncodeInt32(nil, codes)
}

// chunks cuts values into parts of n.
func chunks[T any](values []T, n int) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for len(values) > 0 {
			k := min(n, len(values))
			if !yield(values[:k]) {
				return
			}
			values = values[k:]
		}
	}
}

// pagesOfText cuts strings as the writer does: a page of rows, or 1 MiB.
func pagesOfText(values [][]byte) func(func([][]byte) bool) {
	return func(yield func([][]byte) bool) {
		from, size := 0, 0
		for i, s := range values {
			if i > from && (i-from == pageValues || size+len(s) > 1<<20) {
				if !yield(values[from:i]) {
					return
				}
				from, size = i, 0
			}
			size += 4 + len(s)
		}
		if from < len(values) {
			yield(values[from:])
		}
	}
}
