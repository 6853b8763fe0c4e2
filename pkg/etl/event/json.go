package event

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/valyala/fastjson"
)

// AppendJSON writes v as compact JSON: members in delivery order, numbers as
// delivered, strings with no escape that JSON does not demand.
func AppendJSON(dst []byte, v *fastjson.Value) []byte {
	switch v.Type() {
	case fastjson.TypeString:
		s, _ := v.StringBytes()
		return AppendString(dst, s)
	case fastjson.TypeObject:
		obj, _ := v.Object()
		dst = append(dst, '{')
		first := true
		obj.Visit(func(key []byte, v *fastjson.Value) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = AppendString(dst, key)
			dst = append(dst, ':')
			dst = AppendJSON(dst, v)
		})
		return append(dst, '}')
	case fastjson.TypeArray:
		items, _ := v.Array()
		dst = append(dst, '[')
		for i, item := range items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, item)
		}
		return append(dst, ']')
	}
	return v.MarshalTo(dst) // number, true, false, null: the literal
}

// appendCanonical writes v like AppendJSON, with the members of every object in
// byte order of their keys and only the last one of a repeated key: two lines
// that say the same give the same bytes.
func (c *Cleanser) appendCanonical(dst []byte, v *fastjson.Value) []byte {
	switch v.Type() {
	case fastjson.TypeObject:
		obj, _ := v.Object()
		base := len(c.sorted)
		obj.Visit(func(key []byte, v *fastjson.Value) {
			c.sorted = append(c.sorted, sortable{prefixOf(key), member{key, v}})
		})
		end := len(c.sorted)
		sortMembers(c.sorted[base:])
		dst = append(dst, '{')
		first := true
		for i := base; i < end; i++ {
			m := c.sorted[i]
			if i+1 < end && bytes.Equal(m.key, c.sorted[i+1].key) {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = AppendString(dst, m.key)
			dst = append(dst, ':')
			dst = c.appendCanonical(dst, m.value)
		}
		c.sorted = c.sorted[:base]
		return append(dst, '}')
	case fastjson.TypeArray:
		items, _ := v.Array()
		dst = append(dst, '[')
		for i, item := range items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = c.appendCanonical(dst, item)
		}
		return append(dst, ']')
	}
	return AppendJSON(dst, v)
}

// sortable is a member with the first bytes of its key as a number.
type sortable struct {
	prefix uint64
	member
}

// prefixOf orders keys as their bytes do, and leaves keys equal that have the same
// first eight.
func prefixOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

func (a *sortable) before(b *sortable) bool {
	if a.prefix != b.prefix {
		return a.prefix < b.prefix
	}
	return bytes.Compare(a.key, b.key) < 0
}

// sortMembers is a stable sort: by insertion for the dozen that objects have, of
// which most are in order.
func sortMembers(m []sortable) {
	if len(m) > fewMembers {
		slices.SortStableFunc(m, func(a, b sortable) int { return bytes.Compare(a.key, b.key) })
		return
	}
	for i := 1; i < len(m); i++ {
		if !m[i].before(&m[i-1]) {
			continue
		}
		x := m[i]
		j := i
		for ; j > 0 && x.before(&m[j-1]); j-- {
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
