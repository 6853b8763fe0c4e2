package generate

import (
	"encoding/binary"
	"strconv"
)

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, r *rng, digits int) []byte {
	for digits > 0 {
		var raw [8]byte
		binary.BigEndian.PutUint64(raw[:], r.next())
		for _, c := range raw[:min(8, (digits+1)/2)] {
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		}
		digits -= 16
	}
	return b
}

func appendUUID(b []byte, r *rng) []byte {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], r.next())
	binary.BigEndian.PutUint64(raw[8:], r.next())
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	for i, c := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

func appendIP(b []byte, r *rng) []byte {
	b = append(b, "203.0.113."...)
	return strconv.AppendInt(b, int64(r.between(1, 254)), 10)
}

// appendTwo appends n with two digits.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10%10), byte('0'+n%10)) }

// appendQuoted appends s as a JSON string. Bytes that are not UTF-8 are kept.
func appendQuoted(b, s []byte) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
