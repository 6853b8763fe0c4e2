package query

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// secrets are the keys whose values are hidden, and the hiding in JSON. It is
// safe for concurrent use.
type secrets struct {
	keys    map[string]bool // folded
	hashKey []byte          // nil: hashes are hidden
}

// hash is 128 bits of the text's HMAC in hexadecimal digits, as many as a hash of a line
// or an event has.
func (s *secrets) hash(text []byte) []byte {
	mac := hmac.New(sha256.New, s.hashKey)
	mac.Write(text)
	return hex.AppendEncode(nil, mac.Sum(nil)[:16])
}

func newSecrets(keys []string) *secrets {
	s := &secrets{keys: map[string]bool{}}
	for _, k := range keys {
		s.keys[string(fold(nil, []byte(k)))] = true
	}
	return s
}

// has reports whether a key is hidden, in any letter case.
func (s *secrets) has(key []byte) bool {
	var short [64]byte
	return s.keys[string(fold(short[:0], key))]
}

// fold appends the text with one letter standing for all that differ only in case,
// by Unicode's simple rules, as strings.EqualFold has it: of ASCII the capital.
func fold(out, text []byte) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			out = append(out, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if i += n; r == utf8.RuneError && n == 1 {
			out = append(out, text[i-1])
			continue
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		out = utf8.AppendRune(out, least)
	}
	return out
}

// document hides the values of hidden keys in an event that is a JSON object. A
// text that is none is hidden whole, because nothing says where a value is in it.
func (s *secrets) document(text []byte) ([]byte, bool) {
	if start := bytes.TrimLeft(text, " \t\r\n"); len(start) == 0 || start[0] != '{' || !json.Valid(text) {
		return []byte(Redacted), true
	}
	w := &walk{secrets: s, in: text}
	w.value(event)
	return w.result()
}

// text hides the values of hidden keys in a text that may be JSON. One that only
// begins like it, as a value that was cut does, is hidden whole if it may have a
// hidden key.
func (s *secrets) text(text []byte) ([]byte, bool) {
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' && start[0] != '"' {
		return text, false
	}
	if json.Valid(text) {
		w := &walk{secrets: s, in: text}
		w.value(inside)
		return w.result()
	}
	if s.mayMention(text) {
		return []byte(Redacted), true
	}
	return text, false
}

// mayMention reports whether a hidden key occurs in the text, or an escape that
// may stand for a part of one.
func (s *secrets) mayMention(text []byte) bool {
	if bytes.Contains(text, []byte(`\u`)) {
		return true
	}
	folded := fold(nil, text)
	for k := range s.keys {
		if bytes.Contains(folded, []byte(k)) {
			return true
		}
	}
	return false
}

// place is where in an event a JSON value is.
type place uint8

const (
	inside     place = iota // anywhere that means nothing
	event                   // the event itself
	answered                // the member response of an event
	properties              // the member properties of an event, in Azure's envelope
)

// walk goes once over valid JSON and replaces values. What lies between stays, to
// the byte.
type walk struct {
	*secrets
	in   []byte
	at   int
	out  []byte
	done int // in[:done] is in out
}

func (w *walk) result() ([]byte, bool) {
	if w.done == 0 {
		return w.in, false
	}
	return append(w.out, w.in[w.done:]...), true
}

// replace puts text in the place of the input from start up to where the walk is.
func (w *walk) replace(start int, text []byte) {
	w.out = append(append(w.out, w.in[w.done:start]...), text...)
	w.done = w.at
}

func (w *walk) space() {
	for w.at < len(w.in) && (w.in[w.at] == ' ' || w.in[w.at] == '\t' || w.in[w.at] == '\r' || w.in[w.at] == '\n') {
		w.at++
	}
}

// value goes over one value, which is at the place p.
func (w *walk) value(p place) {
	w.space()
	switch w.in[w.at] {
	case '{':
		w.members(func(key []byte) { w.member(p, key) })
	case '[':
		w.elements(func() { w.value(inside) })
	case '"':
		start := w.at
		w.skip()
		if literal := w.in[start:w.at]; mayBeJSON(literal) {
			if text, changed := w.text(unquote(literal)); changed {
				w.replace(start, quote(text))
			}
		}
	default:
		w.skip()
	}
}

// member goes over the value of a key in an object at the place p.
func (w *walk) member(p place, key []byte) {
	w.space()
	object := w.in[w.at] == '{'
	is := func(name string) bool { return bytes.EqualFold(key, []byte(name)) }
	switch {
	case p == answered && !isStatus(string(key)), w.has(key):
		w.hide()
	case (p == event || p == properties) && is("response") && object:
		w.value(answered)
	case p == properties && is("response") && w.in[w.at] == '"':
		w.opened(answered)
	case p == properties && is("requestParams") && w.in[w.at] == '"':
		w.opened(inside)
	case (p == event || p == properties) && (is("response") || is("requestParams")) && !object:
		w.hide() // what it should be an object of may be anywhere in it
	case p == event && is("properties") && object:
		w.value(properties)
	case p == event && is("records") && w.in[w.at] == '[':
		w.elements(func() { w.value(event) })
	case p == event && (is("properties") || is("records")):
		w.hide()
	default:
		w.value(inside)
	}
}

// opened goes over the object that comes next as JSON in a string, which is at the
// place p in there. A string that holds no object is hidden.
func (w *walk) opened(p place) {
	start := w.at
	w.skip()
	text := unquote(w.in[start:w.at])
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) == 0 || first[0] != '{' || !json.Valid(text) {
		if len(first) > 0 {
			w.replace(start, []byte(`"`+Redacted+`"`))
		}
		return
	}
	inner := &walk{secrets: w.secrets, in: text}
	inner.value(p)
	if text, changed := inner.result(); changed {
		w.replace(start, quote(text))
	}
}

// hide replaces the value that comes next, unless it is null.
func (w *walk) hide() {
	start := w.at
	w.skip()
	if !bytes.Equal(w.in[start:w.at], []byte("null")) {
		w.replace(start, []byte(`"`+Redacted+`"`))
	}
}

// members calls of before every value of an object; it must go over it.
func (w *walk) members(of func(key []byte)) {
	w.at++
	for w.space(); w.in[w.at] != '}'; w.space() {
		if w.in[w.at] == ',' {
			w.at++
			continue
		}
		start := w.at
		w.skip()
		key := unquote(w.in[start:w.at])
		w.space()
		w.at++ // the colon
		of(key)
	}
	w.at++
}

func (w *walk) elements(of func()) {
	w.at++
	for w.space(); w.in[w.at] != ']'; w.space() {
		if w.in[w.at] == ',' {
			w.at++
			continue
		}
		of()
	}
	w.at++
}

// skip goes over one value as it is.
func (w *walk) skip() {
	switch w.in[w.at] {
	case '"':
		for w.at++; w.in[w.at] != '"'; w.at++ {
			if w.in[w.at] == '\\' {
				w.at++
			}
		}
		w.at++
	case '{':
		w.members(func([]byte) { w.space(); w.skip() })
	case '[':
		w.elements(w.skip)
	default:
		for ; w.at < len(w.in); w.at++ {
			switch w.in[w.at] {
			case ',', ']', '}', ' ', '\t', '\r', '\n':
				return
			}
		}
	}
}

// mayBeJSON reports whether the text of a JSON string may be JSON that has keys. An
// escape may stand for anything.
func mayBeJSON(literal []byte) bool {
	start := bytes.TrimLeft(literal[1:], " ")
	return start[0] == '{' || start[0] == '[' || start[0] == '\\'
}

// unquote is the text of a valid JSON string.
func unquote(literal []byte) []byte {
	if bytes.IndexByte(literal, '\\') < 0 {
		return literal[1 : len(literal)-1]
	}
	var text string
	if err := json.Unmarshal(literal, &text); err != nil {
		return literal[1 : len(literal)-1]
	}
	return []byte(text)
}

// quote is a text as a JSON string that escapes no more than it must.
func quote(text []byte) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(string(text)); err != nil {
		return []byte(`"` + Redacted + `"`) // a string cannot fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
