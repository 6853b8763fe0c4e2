package columnar

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// A decimal is kept as text: exact in 38 digits, and right for equality, groups
// and printing as it is. Its form is one: a minus or nothing, at least one digit,
// and after a point all digits of the scale.

const (
	maxPrecision    = 38 // of Spark, Delta and Parquet's 16 bytes
	maxDecimalBytes = 16
)

// decimalType is the type that a file states; of Kind Invalid if there is none
// such.
func decimalType(precision, scale int32) Type {
	if precision < 1 || precision > maxPrecision || scale < 0 || scale > precision {
		return Type{}
	}
	return DecimalOf(int(precision), int(scale))
}

// parseDecimalType reads decimal(p,s) of a schemaString.
func parseDecimalType(name string) (Type, bool) {
	inner, ok := strings.CutPrefix(name, "decimal(")
	if !ok {
		return Type{}, false
	}
	p, s, ok := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
	if !ok || !strings.HasSuffix(inner, ")") {
		return Type{}, false
	}
	precision, err1 := strconv.ParseInt(strings.TrimSpace(p), 10, 32)
	scale, err2 := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err1 != nil || err2 != nil {
		return Type{}, false
	}
	t := decimalType(int32(precision), int32(scale))
	return t, t.Kind == Decimal
}

// DecimalValue is the constant of a decimal type that a text such as 12.5 or
// -1e3 means; an error if the type cannot hold it exactly.
func DecimalValue(t Type, text string) (Value, error) {
	if len(text) > 4*maxPrecision {
		return Value{}, fmt.Errorf("%q is no %s", text[:maxPrecision]+"...", t)
	}
	digits, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.ParseInt(text[i+1:], 10, 16)
		if err != nil || e < -2*maxPrecision || e > 2*maxPrecision {
			return Value{}, fmt.Errorf("%q is no %s", text, t)
		}
		digits, exponent = text[:i], int(e)
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	// The unscaled value is the digits, shifted so that the point is at its end.
	shift := t.Scale - len(fraction) + exponent
	unscaled, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return Value{}, fmt.Errorf("%q is no %s", text, t)
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	if shift >= 0 {
		unscaled.Mul(unscaled, power)
	} else if _, rest := unscaled.QuoRem(unscaled, power, new(big.Int)); rest.Sign() != 0 {
		return Value{}, fmt.Errorf("%q has more digits after the point than %s", text, t)
	}
	if n := len(new(big.Int).Abs(unscaled).String()); n > t.Precision && unscaled.Sign() != 0 {
		return Value{}, fmt.Errorf("%q has more digits than %s", text, t)
	}
	return Value{Kind: Decimal, Bytes: withPoint(nil, unscaled.Append(nil, 10), t.Scale)}, nil
}

// withPoint adds an integer's text to dst with a point before the last scale
// digits.
func withPoint(dst, digits []byte, scale int) []byte {
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	if scale == 0 {
		return append(dst, digits...)
	}
	if len(digits) <= scale {
		dst = append(dst, '0', '.')
		for range scale - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

func decimalTexts(ints []int64, scale int) Bytes {
	out := Bytes{Data: make([]byte, 0, 8*len(ints)), Ends: make([]uint32, 0, len(ints))}
	var digits [20]byte
	for _, i := range ints {
		out.Data = withPoint(out.Data, strconv.AppendInt(digits[:0], i, 10), scale)
		out.Ends = append(out.Ends, uint32(len(out.Data)))
	}
	return out
}

// plainDecimals decodes n PLAIN decimals, in any of the four forms that
// parquet-format LogicalTypes.md, "DECIMAL", allows.
func (c *chunkReader) plainDecimals(p *page, b []byte, n int) error {
	scale, size := c.node.typ.Scale, 0
	switch c.node.physical {
	case format.Int32:
		size = 4
	case format.Int64:
		size = 8
	case format.FixedLenByteArray:
		size = c.node.length
	}
	if len(b) < n*size {
		return corruptf("%d decimals of %d bytes in %d bytes", n, size, len(b))
	}
	switch c.node.physical {
	case format.Int32:
		ints := make([]int64, n)
		for i := range ints {
			ints[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
		p.bytes = decimalTexts(ints, scale)
		return nil
	case format.Int64:
		ints := make([]int64, n)
		for i := range ints {
			ints[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
		p.bytes = decimalTexts(ints, scale)
		return nil
	}
	at := func(i int) []byte { return b[i*size : (i+1)*size] }
	if c.node.physical == format.ByteArray {
		var stored Bytes
		if err := stored.decodePlain(b, n, n); err != nil {
			return err
		}
		at = stored.At
	}
	var err error
	p.bytes, err = bigEndianTexts(n, at, scale)
	return err
}

// bigEndianTexts is the text of n integers in two's complement.
func bigEndianTexts(n int, at func(int) []byte, scale int) (Bytes, error) {
	out := Bytes{Ends: make([]uint32, 0, n)}
	var digits []byte
	for i := range n {
		stored := at(i)
		if len(stored) == 0 || len(stored) > maxDecimalBytes {
			return Bytes{}, corruptf("a decimal of %d bytes", len(stored))
		}
		digits = appendBigEndian(digits[:0], stored)
		out.Data = withPoint(out.Data, digits, scale)
		out.Ends = append(out.Ends, uint32(len(out.Data)))
	}
	return out, nil
}

// appendBigEndian adds the text of an integer in two's complement to dst.
func appendBigEndian(dst, b []byte) []byte {
	if len(b) <= 8 {
		u := int64(int8(b[0]))
		for _, x := range b[1:] {
			u = u<<8 | int64(x)
		}
		return strconv.AppendInt(dst, u, 10)
	}
	i := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return i.Append(dst, 10)
}

// compareDecimals orders two texts of one scale by size.
func compareDecimals(a, b []byte) int {
	negative := bytes.HasPrefix(a, []byte("-"))
	if other := bytes.HasPrefix(b, []byte("-")); negative != other {
		if negative {
			return -1
		}
		return 1
	}
	order := cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b))
	if negative {
		return -order
	}
	return order
}
