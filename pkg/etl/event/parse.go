package event

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// manyOpen is the number of brackets from which a line is checked by
// encoding/json first: fastjson's message about a fault at depth d repeats the
// rest of the line d times.
const manyOpen = 64

// maxValues is how many values an event may have: parsed, each takes some 550 bytes, and
// one that compresses to 60 KB would take all memory there is. Databricks' have hundreds.
const maxValues = 1 << 18

// TooMany reports whether JSON has so many values that parsing it takes more memory than
// there may be.
func TooMany(line []byte) bool {
	// A value follows a comma or an opening bracket, which texts may have as well.
	if bytes.Count(line, []byte{','})+bytes.Count(line, []byte{'['})+bytes.Count(line, []byte{'{'}) < maxValues {
		return false
	}
	n := 1
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ',', '[', '{':
			n++
		case '"':
			for i++; i < len(line) && line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		}
	}
	return n > maxValues
}

// Parse reads the line as strict JSON, as Append does. The value is valid until p is used
// again.
func (c *Cleanser) Parse(p *fastjson.Parser, line []byte) (*fastjson.Value, Reason) {
	if !utf8.Valid(line) {
		return nil, c.refuse(BrokenText, "not valid UTF-8")
	}
	if (bytes.Count(line, []byte{'['})+bytes.Count(line, []byte{'{'}) > manyOpen || hasControl(line)) && !json.Valid(line) {
		return nil, c.refuse(NotAnEvent, notJSON(line))
	}
	if TooMany(line) {
		if !json.Valid(line) {
			return nil, c.refuse(NotAnEvent, notJSON(line))
		}
		return nil, c.refuse(NotAnEvent, Reason(fmt.Sprintf("more than %d values", maxValues)))
	}
	line = c.escapeHalves(line)
	// Parse limits the nesting, Validate does not: in this order a hostile line
	// cannot exhaust the stack. Parse alone accepts what is not JSON.
	v, err := p.ParseBytes(line)
	if err == nil {
		err = fastjson.ValidateBytes(line)
	}
	if err != nil {
		return nil, c.refuse(NotAnEvent, notJSON(line))
	}
	return v, ""
}

// hasControl reports whether the line has control characters: fastjson overlooks
// them in a string that also has an escape. It looks at eight bytes at once: a
// byte below ' ' borrows from its top bit in the subtraction.
func hasControl(line []byte) bool {
	const ones = 0x0101010101010101
	for ; len(line) >= 8; line = line[8:] {
		if w := binary.LittleEndian.Uint64(line); (w-ones*' ')&^w&(ones<<7) != 0 {
			return true
		}
	}
	for _, b := range line {
		if b < ' ' {
			return true
		}
	}
	return false
}

// notJSON says why without the piece of the line that fastjson quotes: reasons
// are grouped by, and must not carry event contents.
func notJSON(line []byte) Reason {
	var v json.RawMessage
	if err := json.Unmarshal(line, &v); err != nil {
		return Reason("not JSON: " + err.Error())
	}
	return Reason(fmt.Sprintf("nested more than %d levels deep", fastjson.MaxDepth))
}

// escapeHalves is the line with the text \\ud800 in place of an escape \ud800
// that is no half of a pair. It stands for no character, and fastjson would
// swallow what follows it.
func (c *Cleanser) escapeHalves(line []byte) []byte {
	if !bytes.Contains(line, []byte(`\ud`)) && !bytes.Contains(line, []byte(`\uD`)) {
		return line
	}
	out := c.escaped[:0]
	done := 0
	for i := 0; i < len(line); {
		next := bytes.IndexByte(line[i:], '\\')
		if next < 0 {
			break
		}
		i += next
		half, ok := unit(line[i:])
		switch {
		case !ok || !utf16.IsSurrogate(half):
			i += len(`\n`)
			continue
		case pair(half, line[i+len(`\ud800`):]):
			i += len(`\ud800\udc00`)
			continue
		}
		out = append(append(out, line[done:i]...), '\\')
		done = i
		i += len(`\ud800`)
	}
	c.escaped = append(out, line[done:]...)
	return c.escaped
}

func pair(high rune, rest []byte) bool {
	low, ok := unit(rest)
	return ok && utf16.DecodeRune(high, low) != utf8.RuneError
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
