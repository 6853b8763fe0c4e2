package columnar

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/huff0"
)

// recordEncoder writes pages of ids as frames of Zstandard (RFC 8878). In PLAIN the ids
// of a column are records: a length, the same for all, and random digits. A search for
// matches finds the length and else nothing, for three quarters of the time. So here it
// is known instead of searched:
//
//	block   literals               sequences: (literals, match, distance)
//	0       levels, record 0       (all of them, 4, size of a record)
//	1...    digits of each record  (digits, 4, as before) for each, the codes without bits
//
// A match is the length of the next record. Literals are coded by Huffman.
type recordEncoder struct {
	huff     huff0.Scratch
	literals []byte
	seen     [seenSlots]uint64
}

const (
	recordHead  = 4   // the length of a string in PLAIN
	minRecords  = 256 // fewer are not worth it
	minRecord   = 16  // bytes of a string
	maxRecord   = 127
	maxLevels   = 4 << 10 // bytes before the first record
	fewLiterals = 1 << 10 // so many may stay as they are, behind those that are coded
	blockBytes  = 128 << 10
	seenSlots   = 4096
	blockLast   = 1
	blockCoded  = 2 << 1
	singleFrame = 0xA0 // the window is the content, whose size has four bytes
	allRLE      = 0x54 // each of the three codes is the same in all sequences
	matchOfFour = 1    // code of a match's length
)

var recordEncoders = sync.Pool{New: func() any { return &recordEncoder{} }}

// appendRecords adds src, compressed, to dst. From levels on, src is records of strings
// of the given size. ok is false where they are few, or repeat, so that a search for
// matches is better; dst is then as it was.
func appendRecords(dst, src []byte, levels, size int) (out []byte, ok bool) {
	record := recordHead + size
	n := (len(src) - levels) / record
	if size < minRecord || size > maxRecord || n < minRecords || levels > maxLevels {
		return dst, false
	}
	e := recordEncoders.Get().(*recordEncoder)
	defer recordEncoders.Put(e)
	records := src[levels:]
	if e.repeat(records, record) {
		return dst, false
	}
	out = binary.LittleEndian.AppendUint32(dst, 0xFD2FB528)
	out = append(out, singleFrame)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(src)))
	out = appendFirstBlock(out, src[:levels+record], record)
	// What is left are digits, each but the last with the length behind it.
	digits := records[record+recordHead:]
	for len(digits) > 0 {
		if out, ok = e.block(out, digits[:min(len(digits), blockBytes/record*record)], record); !ok {
			return dst, false
		}
		digits = digits[min(len(digits), blockBytes/record*record):]
	}
	return out, true
}

// repeat reports whether records begin or end alike too often.
func (e *recordEncoder) repeat(records []byte, record int) bool {
	const word, few = 8, 16
	n := len(records) / record
	for _, at := range []int{recordHead, record - word} {
		clear(e.seen[:])
		alike := 0
		for i := at; i < len(records); i += record {
			w := binary.LittleEndian.Uint64(records[i:])
			slot := &e.seen[w*0x9E3779B97F4A7C15>>(64-bits.Len(seenSlots-1))]
			if *slot == w {
				alike++
			}
			*slot = w
		}
		if alike > n/few {
			return true
		}
	}
	return false
}

// appendFirstBlock has its literals as they are. After it the distance between records
// is known.
func appendFirstBlock(out, literals []byte, record int) []byte {
	at := len(out)
	out = appendRaw(append(out, 0, 0, 0), literals)
	length, lengthBits, lengthExtra := literalLengthCode(len(literals))
	distance := uint64(record + 3) // up to 3 are the last ones used
	code := bits.Len64(distance) - 1
	out = append(out, 1, allRLE, length, byte(code), matchOfFour)
	w := bitWriter{out: out}
	w.add(lengthExtra, lengthBits)
	w.add(distance&(1<<code-1), code)
	return endBlock(w.end(), at, false)
}

// block codes digits of records with the lengths between them; of the last records of
// all there is no length behind the digits.
func (e *recordEncoder) block(out, src []byte, record int) ([]byte, bool) {
	size := record - recordHead
	last := len(src)%record != 0
	e.literals = e.literals[:0]
	for i := 0; i < len(src); i += record {
		e.literals = append(e.literals, src[i:i+size]...)
	}
	e.huff.Reuse = huff0.ReusePolicyNone
	coded, _, err := huff0.Compress4X(e.literals, &e.huff)
	at := len(out)
	out = append(out, 0, 0, 0)
	switch {
	case err == nil:
		const compressed, eighteenBits = 2, 3 << 2
		head := uint64(len(coded))<<22 | uint64(len(e.literals))<<4 | eighteenBits | compressed
		out = append(out, byte(head), byte(head>>8), byte(head>>16), byte(head>>24), byte(head>>32))
		out = append(out, coded...)
	case len(e.literals) < fewLiterals:
		out = appendRaw(out, e.literals)
	default:
		return out, false
	}
	sequences := len(src) / record
	switch {
	case sequences == 0:
		return endBlock(append(out, 0), at, last), true
	case sequences < 128:
		out = append(out, byte(sequences))
	default:
		out = append(out, byte(sequences>>8)+128, byte(sequences))
	}
	length, lengthBits, lengthExtra := literalLengthCode(size)
	const lastDistance = 0
	out = append(out, allRLE, length, lastDistance, matchOfFour)
	w := bitWriter{out: out}
	for range sequences {
		w.add(lengthExtra, lengthBits)
	}
	return endBlock(w.end(), at, last), true
}

// appendRaw has literals as they are.
func appendRaw(out, literals []byte) []byte {
	const twentyBits = 3 << 2
	head := uint32(len(literals))<<4 | twentyBits
	out = append(out, byte(head), byte(head>>8), byte(head>>16))
	return append(out, literals...)
}

// endBlock fills in the header of the block that begins at a position.
func endBlock(out []byte, at int, last bool) []byte {
	head := uint32(len(out)-at-3)<<3 | blockCoded
	if last {
		head |= blockLast
	}
	out[at], out[at+1], out[at+2] = byte(head), byte(head>>8), byte(head>>16)
	return out
}

// literalLengthCode is the code of a number of literals, and the bits that follow it.
func literalLengthCode(n int) (code byte, length int, extra uint64) {
	switch {
	case n < 16:
		return byte(n), 0, 0
	case n < 24:
		return byte(16 + (n-16)/2), 1, uint64(n % 2)
	case n < 32:
		return byte(20 + (n-24)/4), 2, uint64(n % 4)
	case n < 48:
		return byte(22 + (n-32)/8), 3, uint64(n % 8)
	case n < 64:
		return 24, 4, uint64(n - 48)
	}
	top := bits.Len(uint(n)) - 1
	return byte(25 + top - 6), top, uint64(n - 1<<top)
}

// bitWriter writes bits from the lowest of each byte on, as they are read from the end.
type bitWriter struct {
	out  []byte
	bits uint64
	n    int
}

func (w *bitWriter) add(x uint64, n int) {
	w.bits |= x << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.bits))
		w.bits >>= 8
	}
}

// end closes with the one that marks the end.
func (w *bitWriter) end() []byte {
	w.add(1, 1)
	if w.n > 0 {
		w.out = append(w.out, byte(w.bits))
	}
	return w.out
}
