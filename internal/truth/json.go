package truth

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
)

// member is one member of a JSON object: its key, unescaped, and its value as
// delivered.
type member struct {
	key   string
	value []byte
}

// membersOf are the members of a JSON object in delivered order, repeated keys
// and all. The text has to be valid JSON; anything but an object has none.
func membersOf(text []byte) []member {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] != '{' {
		return nil
	}
	var out []member
	for i := 1; ; {
		for isSpace(text[i]) || text[i] == ',' {
			i++
		}
		if text[i] == '}' {
			return out
		}
		end := i + lengthOf(text[i:])
		key := unquoted(text[i:end])
		for i = end; isSpace(text[i]) || text[i] == ':'; {
			i++
		}
		end = i + lengthOf(text[i:])
		out = append(out, member{key, text[i:end]})
		i = end
	}
}

// lengthOf is the length of the JSON value that text begins with.
func lengthOf(text []byte) int {
	switch text[0] {
	case '"':
		for i := 1; ; i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
	case '{', '[':
		depth := 0
		for i := 0; ; i++ {
			switch text[i] {
			case '"':
				i += lengthOf(text[i:]) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	if i := bytes.IndexAny(text, ",]} \t\r\n"); i >= 0 {
		return i
	}
	return len(text)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// unquoted is what a JSON string says.
func unquoted(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		panic("truth: valid JSON is not: " + err.Error())
	}
	return s
}

// textOf is a JSON value as text; found is false for null.
func textOf(value []byte) (text string, found bool) {
	switch value[0] {
	case 'n':
		return "", false
	case '"':
		return unquoted(value), true
	case '{', '[':
		var b bytes.Buffer
		if err := json.Compact(&b, value); err != nil {
			panic("truth: valid JSON is not: " + err.Error())
		}
		return b.String(), true
	}
	return string(value), true
}

// memberText is the text of an object's member in JSON text that may be none.
func memberText(object, key string) (text string, found bool) {
	if !json.Valid([]byte(object)) {
		return "", false
	}
	for _, m := range membersOf([]byte(object)) {
		if m.key == key {
			text, found = textOf(m.value)
		}
	}
	return text, found
}

// keyOf is the same for two lines that say the same, whatever the order of
// members and the spelling of strings.
func keyOf(text []byte) [16]byte {
	sum := sha256.Sum256(appendCanonical(nil, text))
	return [16]byte(sum[:16])
}

func appendCanonical(b, text []byte) []byte {
	switch text[0] {
	case '{':
		last := map[string][]byte{}
		var keys []string
		for _, m := range membersOf(text) {
			if _, again := last[m.key]; !again {
				keys = append(keys, m.key)
			}
			last[m.key] = m.value
		}
		slices.Sort(keys)
		b = append(b, '{')
		for _, k := range keys {
			b = append(append(append(b, '"'), k...), '"', ':')
			b = append(appendCanonical(b, last[k]), ',')
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for i := 1; ; {
			for isSpace(text[i]) || text[i] == ',' {
				i++
			}
			if text[i] == ']' {
				return append(b, ']')
			}
			n := lengthOf(text[i:])
			b = append(appendCanonical(b, text[i:i+n]), ',')
			i += n
		}
	case '"':
		return append(append(append(b, '"'), strings.ReplaceAll(unquoted(text), `"`, `\"`)...), '"')
	}
	return append(b, text...)
}
