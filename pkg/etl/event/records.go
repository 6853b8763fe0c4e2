package event

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Wrapped are the events of a line that wraps several, as Event Hubs deliver them,
// and how many: {"records":[…]}, strict JSON in valid UTF-8 with no other member
// and at least one record, and at most 262,144. ok is false of any other line, and costs nothing where
// it begins otherwise.
//
// A record is the line's own text from its first to its last byte.
func Wrapped(line []byte) (records iter.Seq[[]byte], n int64, ok bool) {
	from, ok := openWrapper(line)
	if !ok || !utf8.Valid(line) || !json.Valid(line) {
		return nil, 0, false
	}
	end := skipValue(line, from-1)
	if at := skipSpace(line, end); line[at] != '}' {
		return nil, 0, false
	}
	records = func(yield func([]byte) bool) {
		for at := skipSpace(line, from); line[at] != ']'; at = skipSpace(line, at) {
			if line[at] == ',' {
				at = skipSpace(line, at+1)
			}
			end := skipValue(line, at)
			if !yield(line[at:end:end]) {
				return
			}
			at = end
		}
	}
	for range records {
		n++
	}
	return records, n, n > 0 && n <= maxValues
}

// openWrapper is the position behind the bracket of {"records":[ at the start of a
// line.
func openWrapper(line []byte) (at int, ok bool) {
	for _, token := range []string{"{", `"records"`, ":", "["} {
		at = skipSpace(line, at)
		if !bytes.HasPrefix(line[at:], []byte(token)) {
			return 0, false
		}
		at += len(token)
	}
	return at, true
}

func skipSpace(line []byte, at int) int {
	for at < len(line) && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r' || line[at] == '\n') {
		at++
	}
	return at
}

// skipValue is the position behind the JSON value at a position of valid JSON.
func skipValue(line []byte, at int) int {
	for depth := 0; ; {
		switch line[at] {
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		case '"':
			for at++; line[at] != '"'; at++ {
				if line[at] == '\\' {
					at++
				}
			}
			at++
		case ',', ':', ' ', '\t', '\r', '\n':
			at++
			continue
		default:
			for at < len(line) && !bytes.ContainsRune([]byte(",:]} \t\r\n"), rune(line[at])) {
				at++
			}
		}
		if depth == 0 {
			return at
		}
	}
}
