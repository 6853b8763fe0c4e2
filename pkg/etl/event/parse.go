package event

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// maxValues is how many values an event may have: parsed, each takes some 550 bytes, and
// one that compresses to 60 KB would take all memory there is. Databricks' have hundreds.
const maxValues = 1 << 18

// TooMany reports whether JSON has so many values that parsing it takes more memory than
// there may be.
func TooMany(line []byte) bool {
	if len(line) < maxValues {
		return false
	}
	n := 1
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ',', '[', '{':
			n++
		case '"': // texts may have them as well
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
	// fastjson alone accepts what is not JSON, and what it says of a fault deep in a
	// hostile line is longer than the line.
	valid, halves := scan(line)
	if !valid {
		return nil, c.refuse(NotAnEvent, notJSON(line))
	}
	if TooMany(line) {
		return nil, c.refuse(NotAnEvent, Reason(fmt.Sprintf("more than %d values", maxValues)))
	}
	if halves {
		line = c.escapeHalves(line)
	}
	v, err := p.ParseBytes(line)
	if err != nil {
		return nil, c.refuse(NotAnEvent, notJSON(line))
	}
	return v, ""
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
