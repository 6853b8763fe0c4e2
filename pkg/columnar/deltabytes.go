package columnar

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// packedLengths decodes n lengths in DELTA_BINARY_PACKED (parquet-format
// Encodings.md, "Delta Encoding") from the front of b and gives what is behind
// them. The library decodes such blocks but does not say where they end.
func packedLengths(b []byte, n int) (lengths []int32, rest []byte, err error) {
	var head [3]uint64 // values a block, miniblocks a block, values in all
	for i := range head {
		u, k := binary.Uvarint(b)
		if k <= 0 {
			return nil, nil, corruptf("a delta block breaks off")
		}
		head[i], b = u, b[k:]
	}
	value, k := binary.Varint(b)
	if k <= 0 {
		return nil, nil, corruptf("a delta block breaks off")
	}
	b = b[k:]
	if head[2] != uint64(n) || head[1] == 0 || head[1] > 1<<10 || head[0] > 1<<20 || head[0]%head[1] != 0 || head[0]/head[1]%8 != 0 || head[0] == 0 {
		return nil, nil, corruptf("a delta block of %d values in %d of %d for %d", head[0], head[1], head[2], n)
	}
	miniblocks, size := int(head[1]), int(head[0]/head[1])
	if most := (len(b) + 1) * size * miniblocks; n-1 > most { // each block has a byte at least
		return nil, nil, corruptf("a delta block of %d values in %d bytes", n, len(b))
	}
	if n == 0 {
		return nil, b, nil
	}
	lengths = append(make([]int32, 0, n), int32(value))
	for len(lengths) < n {
		least, k := binary.Varint(b)
		if k <= 0 || len(b)-k < miniblocks {
			return nil, nil, corruptf("a delta block breaks off")
		}
		widths := b[k : k+miniblocks]
		b = b[k+miniblocks:]
		for _, width := range widths {
			if len(lengths) == n {
				break // of miniblocks without a value only the widths are there
			}
			if width > 32 || len(b) < size*int(width)/8 {
				return nil, nil, corruptf("a delta miniblock of %d bits in %d bytes", width, len(b))
			}
			for i := range min(size, n-len(lengths)) {
				value += least + int64(bitsAt(b, i*int(width), int(width)))
				lengths = append(lengths, int32(value))
			}
			b = b[size*int(width)/8:]
		}
	}
	return lengths, b, nil
}

// bitsAt is the number of width bits, 32 at most, from a bit of b on, lowest
// first.
func bitsAt(b []byte, at, width int) (u uint64) {
	for got := 0; got < width; {
		take := min(8-at%8, width-got)
		u |= uint64(b[at/8]>>(at%8)&(1<<take-1)) << got
		got += take
		at += take
	}
	return u
}

// deltaBytes decodes a page in DELTA_BYTE_ARRAY: each string shares the beginning
// of the one before.
func (c *chunkReader) deltaBytes(p *page, b []byte, n int) error {
	prefixes, b, err := packedLengths(b, n)
	if err != nil {
		return err
	}
	suffixes, b, err := packedLengths(b, n)
	if err != nil {
		return err
	}
	total, left, length := 0, len(b), 0
	for i := range n {
		if prefixes[i] < 0 || suffixes[i] < 0 || int(prefixes[i]) > length {
			return corruptf("delta strings: %d and %d bytes of one, after one of %d", prefixes[i], suffixes[i], length)
		}
		length = int(prefixes[i]) + int(suffixes[i])
		total += length
		left -= int(suffixes[i])
		if total > maxPageBytes || left < 0 {
			return corruptf("delta strings of %d bytes, %d of them are left", total, left)
		}
		if c.node.physical == format.FixedLenByteArray && length != c.node.length {
			return corruptf("a string of %d bytes, the schema says %d", length, c.node.length)
		}
	}
	out := Bytes{Data: make([]byte, 0, total), Ends: make([]uint32, n)}
	for i, before := 0, 0; i < n; i++ {
		start := len(out.Data)
		out.Data = append(out.Data, out.Data[before:before+int(prefixes[i])]...)
		out.Data = append(out.Data, b[:suffixes[i]]...)
		b = b[suffixes[i]:]
		out.Ends[i], before = uint32(len(out.Data)), start
	}
	p.form, p.bytes = formPlain, out
	if c.node.typ.Kind == Decimal {
		p.bytes, err = bigEndianTexts(n, out.At, c.node.typ.Scale)
	}
	return err
}
