package columnar

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// plain decodes n PLAIN values.
func (c *chunkReader) plain(p *page, b []byte, n int) error {
	if c.node.typ.Kind == Decimal {
		return c.plainDecimals(p, b, n)
	}
	var size int
	switch c.node.physical {
	case format.Int32, format.Float:
		size = 4
	case format.Int64, format.Double:
		size = 8
	case format.Int96:
		size = 12
	case format.Boolean:
		if len(b) < (n+7)/8 {
			return corruptf("%d booleans in %d bytes", n, len(b))
		}
		p.ints = make([]int64, n, p.n)
		for i := range p.ints {
			p.ints[i] = int64(b[i/8]>>(i%8)) & 1
		}
		return nil
	case format.ByteArray:
		return p.bytes.decodePlain(b, n, p.n)
	default:
		return fmt.Errorf("%s is not supported", c.node.physical)
	}
	if len(b) < n*size {
		return corruptf("%d values of %d bytes in %d bytes", n, size, len(b))
	}
	switch c.node.physical {
	case format.Int32:
		p.ints = make([]int64, n, p.n)
		for i := range p.ints {
			p.ints[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
	case format.Int64:
		p.ints = make([]int64, n, p.n)
		for i := range p.ints {
			p.ints[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	case format.Int96:
		p.ints = make([]int64, n, p.n)
		for i := range p.ints {
			p.ints[i] = int96(b[12*i:])
		}
	case format.Float:
		p.floats = make([]float64, n, p.n)
		for i := range p.floats {
			p.floats[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
	case format.Double:
		p.floats = make([]float64, n, p.n)
		for i := range p.floats {
			p.floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	c.rescale(p.ints)
	return nil
}

func (c *chunkReader) rescale(ints []int64) {
	if c.node.scale != scaleNone {
		for i := range ints {
			ints[i] = c.node.scale.apply(ints[i])
		}
	}
}

// int96 is a timestamp of Impala and old Spark: nanoseconds of the day, and the
// Julian day, 2440588 being 1970-01-01.
func int96(b []byte) int64 {
	nanos := int64(binary.LittleEndian.Uint64(b))
	days := int64(binary.LittleEndian.Uint32(b[8:])) - 2440588
	return days*86400e6 + scaleNanos.apply(nanos)
}

// decodePlain makes b n strings, each after its length, with room for most.
func (b *Bytes) decodePlain(src []byte, n, most int) error {
	if len(src) < 4*n {
		return corruptf("%d strings in %d bytes", n, len(src))
	}
	data := make([]byte, len(src)-4*n)
	ends := make([]uint32, n, most)
	at := 0
	for i := range ends {
		if len(src) < 4 {
			return corruptf("string %d of %d is missing", i, n)
		}
		length := binary.LittleEndian.Uint32(src)
		if uint64(length) > uint64(len(src)-4) || uint64(length) > uint64(len(data)-at) {
			return corruptf("a string of %d bytes, %d are left", length, len(src)-4)
		}
		at += copy(data[at:], src[4:4+length])
		src = src[4+length:]
		ends[i] = uint32(at)
	}
	b.Data, b.Ends = data[:at], ends
	return nil
}

// coded decodes a page of dictionary codes. Only strings stay codes.
func (c *chunkReader) coded(p *page, b []byte, n int) error {
	if !c.hasDict {
		return corruptf("a page of codes without a dictionary")
	}
	if len(b) == 0 {
		return corruptf("a page of codes without its bit width")
	}
	size := len(c.dictInts) + len(c.dictFloats) + c.dict.Len()
	if cap(c.codes) < p.n+8 {
		c.codes = make([]int32, p.n+8)
	}
	codes, err := decodeCodes(c.codes, b[1:], int(b[0]), n)
	if err != nil {
		return err
	}
	highest := uint32(0)
	for _, x := range codes {
		highest = max(highest, uint32(x))
	}
	if int(highest) >= size {
		return corruptf("code %d in a dictionary of %d", highest, size)
	}
	switch k := c.node.typ.Kind; {
	case k.InBytes():
		p.form, p.codes, p.highest = formCodes, codes, int(highest)
		c.codes = nil // now the page's
		return nil
	case k.InFloats():
		p.floats = make([]float64, n, p.n)
		for i, x := range codes {
			p.floats[i] = c.dictFloats[x]
		}
	default:
		p.ints = make([]int64, n, p.n)
		for i, x := range codes {
			p.ints[i] = c.dictInts[x]
		}
	}
	p.form, c.codes = formPlain, codes
	return nil
}

func (c *chunkReader) runBools(p *page, b []byte, n int) error {
	if len(b) < 4 {
		return corruptf("booleans without their length")
	}
	codes, err := decodeCodes(c.codes, b[4:], 1, n)
	if err != nil {
		return err
	}
	p.form, p.ints = formPlain, make([]int64, n, p.n)
	for i, x := range codes {
		p.ints[i] = int64(x & 1)
	}
	return nil
}

// deltaCount is the number of values a DELTA_BINARY_PACKED block claims; the
// library would allocate for it.
func deltaCount(b []byte) uint64 {
	for range 2 {
		_, n := binary.Uvarint(b)
		if n <= 0 {
			return math.MaxUint64
		}
		b = b[n:]
	}
	count, n := binary.Uvarint(b)
	if n <= 0 {
		return math.MaxUint64
	}
	return count
}

func (c *chunkReader) deltaInts(p *page, b []byte, n int) error {
	if deltaCount(b) != uint64(n) {
		return corruptf("a delta block of %d values for %d", deltaCount(b), n)
	}
	var enc delta.BinaryPackedEncoding
	var err error
	p.form = formPlain
	switch c.node.physical {
	case format.Int32:
		var ints []int32
		ints, err = enc.DecodeInt32(nil, b)
		p.ints = make([]int64, len(ints))
		for i, x := range ints {
			p.ints[i] = int64(x)
		}
	case format.Int64:
		p.ints, err = enc.DecodeInt64(nil, b)
	default:
		return fmt.Errorf("encoding DELTA_BINARY_PACKED of %s is not supported", c.node.physical)
	}
	if err != nil || len(p.ints) != n {
		return corruptf("a delta block of %d values for %d: %v", len(p.ints), n, err)
	}
	if c.node.typ.Kind == Decimal {
		p.bytes, p.ints = decimalTexts(p.ints, c.node.typ.Scale), nil
	}
	c.rescale(p.ints)
	return nil
}

func (c *chunkReader) deltaStrings(p *page, b []byte, n int) error {
	if deltaCount(b) != uint64(n) {
		return corruptf("a delta block of %d lengths for %d", deltaCount(b), n)
	}
	var enc delta.LengthByteArrayEncoding
	data, offsets, err := enc.DecodeByteArray(nil, b, nil)
	if err != nil || len(offsets) != n+1 || int(offsets[n]) > len(data) {
		return corruptf("delta strings: %v", err)
	}
	for i := range n {
		if offsets[i] > offsets[i+1] {
			return corruptf("delta strings: a negative length")
		}
	}
	p.form, p.bytes = formPlain, Bytes{Data: data[offsets[0]:], Ends: offsets[1:]}
	if first := offsets[0]; first > 0 {
		for i := range p.bytes.Ends {
			p.bytes.Ends[i] -= first
		}
	}
	if c.node.typ.Kind == Decimal {
		p.bytes, err = bigEndianTexts(n, p.bytes.At, c.node.typ.Scale)
	}
	return err
}
