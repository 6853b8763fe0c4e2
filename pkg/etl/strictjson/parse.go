package strictjson

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// MaxDepth is how many values may lie in each other.
	MaxDepth = 300
	// MaxValues is how many values a text may have: parsed, they take many times the
	// memory that they took in the text, and one that compresses to 60 KB may have
	// millions.
	MaxValues = 1 << 18
)

var (
	// ErrInvalid says that a text is no JSON, not in UTF-8, or nested too deep.
	ErrInvalid = errors.New("not JSON")
	// ErrTooMany says that JSON has more than MaxValues values, empty objects and
	// arrays counted twice.
	ErrTooMany = errors.New("too many values")
)

// Parser parses one text after another and keeps its memory. It is not for concurrent
// use.
type Parser struct {
	src    []byte // the text, and behind it strings that had escapes
	theirs bool   // src is the text itself, which has no escapes so far
	own    []byte // memory for src
	nodes  []node
	sorted []sortable // stack of AppendCanonical
}

// Parse reads text as one value. The text must not change while values of it are used.
func (p *Parser) Parse(text []byte) (Value, error) {
	p.Reset()
	p.src, p.theirs = text, true
	s := scanner{p: p, line: text, last: -1}
	if !s.value() {
		return Value{}, ErrInvalid
	}
	if s.tooMany {
		return Value{}, ErrTooMany
	}
	return Value{p, 0}, nil
}

// Reset forgets all values.
func (p *Parser) Reset() {
	if !p.theirs {
		p.own = p.src
	}
	p.src, p.theirs, p.nodes = p.own[:0], false, p.nodes[:0]
}

// writable makes src memory that can be written to.
func (p *Parser) writable() {
	if p.theirs {
		p.src, p.theirs = append(p.own[:0], p.src...), false
	}
}

// NewString adds a value that no text has. What the Parser has already stays valid.
func (p *Parser) NewString(s string) Value { return p.add(String, s) }

// NewNumber adds a number by its literal, as NewString does a string.
func (p *Parser) NewNumber(literal string) Value { return p.add(Number, literal) }

func (p *Parser) add(k Kind, text string) Value {
	p.writable()
	from := int32(len(p.src))
	p.src = append(p.src, text...)
	p.nodes = append(p.nodes, node{kind: k, escaped: true, from: from, to: int32(len(p.src))})
	return Value{p, int32(len(p.nodes) - 1)}
}

// scanner is a text that is being parsed.
type scanner struct {
	p    *Parser
	line []byte
	at   int

	last    int32 // what came before in the same object or array; -1: nothing
	empty   int   // objects and arrays without values
	tooMany bool  // values are looked at and no longer kept
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

// value reads to the end of the text. It takes no more memory than MaxValues need
// however hostile the text is.
func (s *scanner) value() bool {
	var closers [MaxDepth]byte // of the objects and arrays that are open
	var open [MaxDepth]int32
	depth := 0
	var n node // the value that begins, with its key
	for {
		if depth == MaxDepth {
			return false
		}
		c := s.peek()
		n.kind, n.escaped, n.from = Null, false, int32(s.at)
		switch c {
		case '{', '[':
			n.kind = Array
			if c == '{' {
				n.kind = Object
			}
			closer := c + ('}' - '{')
			s.at++
			if s.peek() == closer {
				s.at++
				s.empty++
				n.to = int32(s.at)
				s.keep(&n)
				break
			}
			open[depth], closers[depth] = s.keep(&n), closer
			s.last = -1
			depth++
			n = node{}
			if c == '{' && !s.key(&n) {
				return false
			}
			continue
		case '"':
			n.kind = String
			var ok bool
			if n.from, n.to, n.escaped, ok = s.text(); !ok {
				return false
			}
			s.keep(&n)
		default:
			if !s.literal(c, &n.kind) {
				return false
			}
			n.to = int32(s.at)
			s.keep(&n)
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
				s.last = open[depth]
				s.p.nodes[s.last].to = int32(s.at)
				continue
			}
			n = node{}
			if c != ',' || closers[depth-1] == '}' && !s.key(&n) {
				return false
			}
			break
		}
	}
}

// keep adds a value behind the last one.
func (s *scanner) keep(n *node) int32 {
	p := s.p
	if s.tooMany = s.tooMany || len(p.nodes)+s.empty >= MaxValues; s.tooMany {
		return 0
	}
	i := int32(len(p.nodes))
	p.nodes = append(p.nodes, *n)
	switch {
	case s.last >= 0:
		p.nodes[s.last].next = i
	case i > 0:
		p.nodes[i-1].first = i // its object or array comes right before it
	}
	s.last = i
	return i
}

// key reads a key and its colon.
func (s *scanner) key(n *node) (ok bool) {
	if s.peek() != '"' {
		return false
	}
	if n.key, n.keyTo, n.keyEscaped, ok = s.text(); !ok || s.peek() != ':' {
		return false
	}
	s.at++
	return true
}

// literal reads a number or a word.
func (s *scanner) literal(c byte, kind *Kind) bool {
	switch c {
	case 't':
		*kind = True
		return s.word("true")
	case 'f':
		*kind = False
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	*kind = Number
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

const ones, tops = 0x0101010101010101, 0x8080808080808080

// text reads a string from its quote on, and gives where what it says is.
func (s *scanner) text() (from, to int32, escaped, ok bool) {
	line, at := s.line, s.at+1
	start := at
	beyond := uint64(0) // has a top bit where a byte may be beyond ASCII
	for {
		// Eight at once: in each of the masks the lowest byte with its top bit set is a
		// quote, a backslash or a control character.
		for ; len(line)-at >= 8; at += 8 {
			w := binary.LittleEndian.Uint64(line[at:])
			beyond |= w
			quote, slash := w^ones*'"', w^ones*'\\'
			if found := ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & tops; found != 0 {
				at += bits.TrailingZeros64(found) / 8
				break
			}
		}
		for at < len(line) && line[at] >= ' ' && line[at] != '"' && line[at] != '\\' {
			beyond |= uint64(line[at])
			at++
		}
		if at >= len(line) {
			return 0, 0, false, false
		}
		switch line[at] {
		case '"':
			if beyond&tops != 0 && !utf8.Valid(line[start:at]) {
				return 0, 0, false, false
			}
			s.at = at + 1
			if !escaped {
				return int32(start), int32(at), false, true
			}
			s.p.writable()
			from = int32(len(s.p.src))
			s.p.src = unescape(s.p.src, line[start:at])
			return from, int32(len(s.p.src)), true, true
		case '\\':
			escaped = true
			n := escapeLength(line[at:])
			if n == 0 {
				return 0, 0, false, false
			}
			at += n
		default: // a control character
			return 0, 0, false, false
		}
	}
}

// escapeLength is the length of the escape that s begins with; 0: it is none.
func escapeLength(s []byte) int {
	if len(s) < len(`\n`) {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return len(`\n`)
	case 'u':
		if _, ok := unit(s); ok {
			return len(`\u0000`)
		}
	}
	return 0
}

// unescape adds what s, valid between quotes, says. An escape \ud800 that is no half of
// a pair stands for no character: it stays as it is.
func unescape(dst, s []byte) []byte {
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		s = s[n:] // at a backslash
		c := s[1]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := unit(s)
			length := len(`\u0000`)
			switch low, ok := unit(s[length:]); {
			case !utf16.IsSurrogate(r):
				dst = utf8.AppendRune(dst, r)
			case ok && utf16.DecodeRune(r, low) != utf8.RuneError:
				dst = utf8.AppendRune(dst, utf16.DecodeRune(r, low))
				length += len(`\u0000`)
			default:
				dst = append(dst, s[:length]...)
			}
			s = s[length:]
			continue
		}
		dst = append(dst, c)
		s = s[len(`\n`):]
	}
}

// unit is the UTF-16 code unit of an escape \uXXXX at the start of s.
func unit(s []byte) (rune, bool) {
	const length = len(`\ud800`)
	if len(s) < length || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var b [2]byte
	if _, err := hex.Decode(b[:], s[2:length]); err != nil {
		return 0, false
	}
	return rune(b[0])<<8 | rune(b[1]), true
}

// plain is how many bytes of s come before the first that JSON does not have as it is
// in a string: a quote, a backslash or a control character.
func plain(s []byte) int {
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
