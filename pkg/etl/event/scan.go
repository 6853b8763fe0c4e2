package event

import (
	"encoding/binary"
	"math/bits"

	"github.com/valyala/fastjson"
)

// scan reports whether the line, valid UTF-8, is one JSON value by RFC 8259 that is
// not nested too deep for fastjson, and whether an escape in it may be half of a
// surrogate pair. It takes one look at each byte, and no more memory however hostile
// the line is.
func scan(line []byte) (valid, halves bool) {
	s := scanner{line: line}
	return s.value(), s.halves
}

type scanner struct {
	line   []byte
	at     int
	halves bool
}

// peek is the next byte that is no white space; 0, which is never expected, at the
// end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.line); s.at++ {
		if c := s.line[s.at]; c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

// value reads to the end of the line.
func (s *scanner) value() bool {
	var closers [fastjson.MaxDepth]byte // of the objects and arrays that are open
	depth := 0
	for {
		// A value begins.
		if depth == fastjson.MaxDepth {
			return false
		}
		switch c := s.peek(); c {
		case '{', '[':
			s.at++
			closer := c + ('}' - '{')
			if s.peek() == closer {
				s.at++
				break
			}
			closers[depth] = closer
			depth++
			if c == '{' && !s.key() {
				return false
			}
			continue
		default:
			if !s.scalar(c) {
				return false
			}
		}
		// A value has ended, and with it perhaps what it is in.
		for {
			c := s.peek()
			if depth == 0 {
				return s.at == len(s.line)
			}
			s.at++
			if c == closers[depth-1] {
				depth--
				continue
			}
			if c != ',' || closers[depth-1] == '}' && !s.key() {
				return false
			}
			break
		}
	}
}

// key reads a key and its colon.
func (s *scanner) key() bool {
	if s.peek() != '"' || !s.text() || s.peek() != ':' {
		return false
	}
	s.at++
	return true
}

func (s *scanner) scalar(c byte) bool {
	switch c {
	case '"':
		return s.text()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

func (s *scanner) word(w string) bool {
	if len(s.line)-s.at < len(w) || string(s.line[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) number() bool {
	s.has('-')
	if !s.has('0') && !s.digits() {
		return false
	}
	if s.has('.') && !s.digits() {
		return false
	}
	if s.has('e') || s.has('E') {
		if !s.has('+') {
			s.has('-')
		}
		return s.digits()
	}
	return true
}

func (s *scanner) has(c byte) bool {
	if s.at < len(s.line) && s.line[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.line) && s.line[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > from
}

// text reads a string from its quote on.
func (s *scanner) text() bool {
	line, at := s.line, s.at+1
	for {
		at += plain(line[at:])
		if at >= len(line) {
			return false
		}
		switch line[at] {
		case '"':
			s.at = at + 1
			return true
		case '\\':
			if at++; at >= len(line) {
				return false
			}
			switch line[at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				at++
			case 'u':
				const digits = 4
				if len(line)-at <= digits {
					return false
				}
				for _, c := range line[at+1 : at+1+digits] {
					if c-'0' > 9 && c|0x20-'a' > 'f'-'a' {
						return false
					}
				}
				s.halves = s.halves || line[at+1]|0x20 == 'd'
				at += 1 + digits
			default:
				return false
			}
		default: // a control character
			return false
		}
	}
}

// plain is how many bytes of s come before the first that JSON does not have as it is
// in a string: a quote, a backslash or a control character. It looks at eight at
// once: in each of the masks the lowest byte with its top bit set is one that is
// looked for.
func plain(s []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	at := 0
	for ; len(s)-at >= 8; at += 8 {
		w := binary.LittleEndian.Uint64(s[at:])
		quote, slash := w^ones*'"', w^ones*'\\'
		if found := ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & tops; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for ; at < len(s); at++ {
		if c := s[at]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return at
}
