package columnar

import (
	"encoding/binary"
	"errors"
)

var errThrift = errors.New("broken thrift structure")

// thriftStruct is the length of the compact-protocol struct at the front of b. It
// looks at every length before the library allocates for it: a list that claims
// two billion row groups would end the process, not the call.
func thriftStruct(b []byte) (int, error) {
	w := thriftWalk{b: b}
	w.structure(0)
	if w.bad {
		return 0, errThrift
	}
	return w.at, nil
}

type thriftWalk struct {
	b   []byte
	at  int
	bad bool
}

func (w *thriftWalk) byte() byte {
	if w.at >= len(w.b) {
		w.bad = true
		return 0
	}
	w.at++
	return w.b[w.at-1]
}

func (w *thriftWalk) uvarint() uint64 {
	u, n := binary.Uvarint(w.b[w.at:])
	if n <= 0 {
		w.bad = true
		return 0
	}
	w.at += n
	return u
}

func (w *thriftWalk) skip(n uint64) {
	if n > uint64(len(w.b)-w.at) {
		w.bad = true
		return
	}
	w.at += int(n)
}

func (w *thriftWalk) structure(depth int) {
	for !w.bad {
		head := w.byte()
		if head == 0 {
			return
		}
		if head>>4 == 0 {
			w.uvarint() // a field id in full
		}
		if t := head & 15; t > 2 { // 1 and 2 are true and false: no more bytes
			w.value(t, depth+1)
		}
	}
}

func (w *thriftWalk) value(t byte, depth int) {
	if depth > 32 {
		w.bad = true
	}
	if w.bad {
		return
	}
	switch t {
	case 1, 2, 3: // bool in a list, byte
		w.skip(1)
	case 4, 5, 6: // i16, i32, i64
		w.uvarint()
	case 7: // double
		w.skip(8)
	case 8: // binary
		w.skip(w.uvarint())
	case 9, 10: // list, set
		head := w.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = w.uvarint()
		}
		// No element of these files is an empty struct, so each takes 2 bytes.
		size := uint64(1)
		if head&15 == 12 {
			size = 2
		}
		if n > uint64(len(w.b)-w.at)/size {
			w.bad = true
			return
		}
		for ; n > 0 && !w.bad; n-- {
			w.value(head&15, depth+1)
		}
	case 12:
		w.structure(depth + 1)
	default: // maps and UUIDs: Parquet has none
		w.bad = true
	}
}
