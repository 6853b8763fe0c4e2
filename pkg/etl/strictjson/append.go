package strictjson

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Append writes v as compact JSON: members in the order of the text, numbers as they
// are there, strings with no escape that JSON does not demand.
func (v Value) Append(dst []byte) []byte {
	switch v.node().kind {
	case String:
		return v.appendText(dst)
	case Object:
		dst = append(dst, '{')
		for m := v.First(); !m.None(); m = m.Next() {
			if m.at > v.at+1 {
				dst = append(dst, ',')
			}
			dst = m.Append(m.appendKey(dst))
		}
		return append(dst, '}')
	case Array:
		dst = append(dst, '[')
		for m := v.First(); !m.None(); m = m.Next() {
			if m.at > v.at+1 {
				dst = append(dst, ',')
			}
			dst = m.Append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, v.Source()...)
}

// appendText writes a string. One that had no escapes needs none.
func (v Value) appendText(dst []byte) []byte {
	n := v.node()
	if n.escaped {
		return AppendString(dst, v.Source())
	}
	return append(dst, v.p.src[n.from-1:n.to+1]...)
}

// appendKey writes the key and the colon.
func (v Value) appendKey(dst []byte) []byte {
	n := v.node()
	if n.keyEscaped {
		dst = AppendString(dst, v.Key())
	} else {
		dst = append(dst, v.p.src[n.key-1:n.keyTo+1]...)
	}
	return append(dst, ':')
}

// AppendCanonical writes v like Append, with the members of every object in byte order
// of their keys and only the last one of a repeated key: two texts that say the same
// give the same bytes.
func (v Value) AppendCanonical(dst []byte) []byte {
	switch v.node().kind {
	case Object:
		return v.appendSorted(dst)
	case Array:
		dst = append(dst, '[')
		for m := v.First(); !m.None(); m = m.Next() {
			if m.at > v.at+1 {
				dst = append(dst, ',')
			}
			dst = m.AppendCanonical(dst)
		}
		return append(dst, ']')
	}
	return v.Append(dst)
}

func (v Value) appendSorted(dst []byte) []byte {
	p := v.p
	base := len(p.sorted)
	for i := v.node().first; i != 0; i = p.nodes[i].next {
		p.sorted = append(p.sorted, sortable{p.prefix(i), i})
	}
	end := len(p.sorted)
	p.sort(p.sorted[base:])
	dst = append(dst, '{')
	first := true
	for i := base; i < end; i++ {
		m := Value{p, p.sorted[i].at}
		if i+1 < end && p.sorted[i].prefix == p.sorted[i+1].prefix && bytes.Equal(m.Key(), Value{p, p.sorted[i+1].at}.Key()) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = m.appendMember(dst)
	}
	p.sorted = p.sorted[:base]
	return append(dst, '}')
}

// appendMember writes key and value in canonical form: as they are in the text, where
// nothing in them can be written in another way.
func (v Value) appendMember(dst []byte) []byte {
	n := v.node()
	switch {
	case n.kind == Object || n.kind == Array:
		return v.AppendCanonical(v.appendKey(dst))
	case n.keyEscaped || n.escaped:
	case n.kind == String && n.from-n.keyTo == int32(len(`":"`)):
		return append(dst, v.p.src[n.key-1:n.to+1]...)
	case n.kind != String && n.from-n.keyTo == int32(len(`":`)):
		return append(dst, v.p.src[n.key-1:n.to]...)
	}
	return v.Append(v.appendKey(dst))
}

// sortable is a member with the first bytes of its key as a number.
type sortable struct {
	prefix uint64
	at     int32
}

// prefix orders keys as their bytes do, and leaves keys equal that have the same first
// eight.
func (p *Parser) prefix(i int32) uint64 {
	n := &p.nodes[i]
	if from := int(n.key); len(p.src)-from >= 8 {
		x := binary.BigEndian.Uint64(p.src[from:])
		if length := n.keyTo - n.key; length < 8 {
			x &^= 1<<(64-8*uint(length)) - 1 // length 0: all
		}
		return x
	}
	var b [8]byte
	copy(b[:], p.src[n.key:n.keyTo])
	return binary.BigEndian.Uint64(b[:])
}

func (p *Parser) before(a, b *sortable) bool {
	if a.prefix != b.prefix {
		return a.prefix < b.prefix
	}
	return p.compare(a, b) < 0
}

func (p *Parser) compare(a, b *sortable) int {
	return bytes.Compare(Value{p, a.at}.Key(), Value{p, b.at}.Key())
}

// fewMembers is how many are sorted faster by insertion.
const fewMembers = 32

// sort is stable: by insertion for the dozen that objects have, of which most are in
// order.
func (p *Parser) sort(m []sortable) {
	if len(m) > fewMembers {
		slices.SortStableFunc(m, func(a, b sortable) int { return p.compare(&a, &b) })
		return
	}
	for i := 1; i < len(m); i++ {
		if !p.before(&m[i], &m[i-1]) {
			continue
		}
		x := m[i]
		j := i
		for ; j > 0 && p.before(&x, &m[j-1]); j-- {
			m[j] = m[j-1]
		}
		m[j] = x
	}
}

const hexDigits = "0123456789abcdef"

// AppendString writes s, valid UTF-8, as a JSON string.
func AppendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		switch b := s[n]; b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		}
		s = s[n+1:]
	}
}
