package query

import (
	"bytes"
	"crypto/md5"  // #nosec G501 -- a function of SQL
	"crypto/sha1" // #nosec G505 -- a function of SQL
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func bytesValue(s []byte) columnar.Value { return columnar.Value{Kind: columnar.String, Bytes: s} }

func longValue(i int) columnar.Value { return columnar.IntValue(columnar.Long, int64(i)) }

func boolValue(b bool) columnar.Value { return Bool(b).Value } //nolint:revive // a value, not a switch

func lower(a []columnar.Value) columnar.Value { return bytesValue(bytes.ToLower(a[0].Bytes)) }
func upper(a []columnar.Value) columnar.Value { return bytesValue(bytes.ToUpper(a[0].Bytes)) }
func trim(a []columnar.Value) columnar.Value  { return bytesValue(bytes.Trim(a[0].Bytes, " ")) }
func ltrim(a []columnar.Value) columnar.Value { return bytesValue(bytes.TrimLeft(a[0].Bytes, " ")) }
func rtrim(a []columnar.Value) columnar.Value { return bytesValue(bytes.TrimRight(a[0].Bytes, " ")) }

func length(a []columnar.Value) columnar.Value { return longValue(utf8.RuneCount(a[0].Bytes)) }

func contains(a []columnar.Value) columnar.Value {
	return boolValue(bytes.Contains(a[0].Bytes, a[1].Bytes))
}

func startsWith(a []columnar.Value) columnar.Value {
	return boolValue(bytes.HasPrefix(a[0].Bytes, a[1].Bytes))
}

func endsWith(a []columnar.Value) columnar.Value {
	return boolValue(bytes.HasSuffix(a[0].Bytes, a[1].Bytes))
}

func strpos(a []columnar.Value) columnar.Value {
	s, before := a[0].Bytes, int64(0)
	if len(a) > 2 {
		if before = a[2].Int - 1; before < 0 || before > int64(utf8.RuneCount(s)) {
			return longValue(0)
		}
		s = s[skipRunes(s, before):]
	}
	at := bytes.Index(s, a[1].Bytes)
	if at < 0 {
		return longValue(0)
	}
	return longValue(int(before) + utf8.RuneCount(s[:at]) + 1)
}

func replace(a []columnar.Value) columnar.Value {
	if len(a[1].Bytes) == 0 {
		return a[0]
	}
	if more := len(a[2].Bytes) - len(a[1].Bytes); more > 0 && len(a[0].Bytes)+bytes.Count(a[0].Bytes, a[1].Bytes)*more > LongestText {
		return bytesValue(make([]byte, LongestText+1))
	}
	return bytesValue(bytes.ReplaceAll(a[0].Bytes, a[1].Bytes, a[2].Bytes))
}

func splitPart(a []columnar.Value) columnar.Value {
	s, sep, n := a[0].Bytes, a[1].Bytes, a[2].Int
	if n < 0 {
		return splitFromEnd(s, sep, n)
	}
	for ; n > 1 && len(sep) > 0; n-- {
		at := bytes.Index(s, sep)
		if at < 0 {
			return columnar.Value{}
		}
		s = s[at+len(sep):]
	}
	if n != 1 {
		return columnar.Value{}
	}
	if at := bytes.Index(s, sep); at >= 0 && len(sep) > 0 {
		s = s[:at]
	}
	return bytesValue(s)
}

// splitFromEnd is the last part for -1.
func splitFromEnd(s, sep []byte, n int64) columnar.Value {
	for ; n < -1 && len(sep) > 0; n++ {
		at := bytes.LastIndex(s, sep)
		if at < 0 {
			return columnar.Value{}
		}
		s = s[:at]
	}
	if n != -1 {
		return columnar.Value{}
	}
	if at := bytes.LastIndex(s, sep); at >= 0 && len(sep) > 0 {
		s = s[at+len(sep):]
	}
	return bytesValue(s)
}

func substring(a []columnar.Value) columnar.Value {
	s, start := a[0].Bytes, a[1].Int
	size := int64(utf8.RuneCount(s))
	if start < 0 {
		start += size + 1
	}
	if start < 1 || start > size {
		return bytesValue(nil)
	}
	count := size - start + 1
	if len(a) > 2 {
		count = min(count, max(a[2].Int, 0))
	}
	from := skipRunes(s, start-1)
	return bytesValue(s[from : from+skipRunes(s[from:], count)])
}

// substringIndex is all of a text with fewer separators.
func substringIndex(a []columnar.Value) columnar.Value {
	s, sep, n := a[0].Bytes, a[1].Bytes, a[2].Int
	if n == 0 || len(sep) == 0 {
		return bytesValue(nil)
	}
	at := 0
	for ; n > 0; n-- {
		found := bytes.Index(s[at:], sep)
		if found < 0 {
			return a[0]
		}
		if at += found; n == 1 {
			return bytesValue(s[:at])
		}
		at += len(sep)
	}
	at = len(s)
	for ; n < 0; n++ {
		if at = bytes.LastIndex(s[:at], sep); at < 0 {
			return a[0]
		}
	}
	return bytesValue(s[at+len(sep):])
}

// skipRunes is how many bytes the first n characters take.
func skipRunes(s []byte, n int64) int {
	at := 0
	for ; n > 0; n-- {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

func left(a []columnar.Value) columnar.Value {
	return bytesValue(a[0].Bytes[:skipRunes(a[0].Bytes, min(a[1].Int, int64(len(a[0].Bytes))))])
}

func right(a []columnar.Value) columnar.Value {
	size := int64(utf8.RuneCount(a[0].Bytes))
	return bytesValue(a[0].Bytes[skipRunes(a[0].Bytes, size-min(max(a[1].Int, 0), size)):])
}

// longest bounds what lpad, rpad and repeat make of one value.
const longest = 1 << 20

// padded is a text cut to so many characters, and the filling that it lacks.
func padded(a []columnar.Value) (text, filling []byte, ok bool) {
	size, want := int64(utf8.RuneCount(a[0].Bytes)), max(a[1].Int, 0)
	if want <= size {
		return a[0].Bytes[:skipRunes(a[0].Bytes, want)], nil, true
	}
	if len(a[2].Bytes) == 0 {
		return a[0].Bytes, nil, true
	}
	if want > longest {
		return nil, nil, false
	}
	pad := int64(utf8.RuneCount(a[2].Bytes))
	filling = bytes.Repeat(a[2].Bytes, int((want-size+pad-1)/pad))
	return a[0].Bytes, filling[:skipRunes(filling, want-size)], true
}

func lpad(a []columnar.Value) columnar.Value {
	text, filling, ok := padded(a)
	if !ok {
		return columnar.Value{}
	}
	return bytesValue(append(filling[:len(filling):len(filling)], text...))
}

func rpad(a []columnar.Value) columnar.Value {
	text, filling, ok := padded(a)
	if !ok {
		return columnar.Value{}
	}
	return bytesValue(append(text[:len(text):len(text)], filling...))
}

func repeat(call) (Eval, error) {
	return func(a []columnar.Value) columnar.Value {
		n := max(a[1].Int, 0)
		if n > longest || n*int64(len(a[0].Bytes)) > longest {
			return columnar.Value{}
		}
		return bytesValue(bytes.Repeat(a[0].Bytes, int(n)))
	}, nil
}

func reverse(a []columnar.Value) columnar.Value {
	out := make([]byte, 0, len(a[0].Bytes))
	for s := a[0].Bytes; len(s) > 0; {
		_, size := utf8.DecodeLastRune(s)
		out = append(out, s[len(s)-size:]...)
		s = s[:len(s)-size]
	}
	return bytesValue(out)
}

// initcap: words are parted by white space.
func initcap(a []columnar.Value) columnar.Value {
	first := true
	return bytesValue(bytes.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			first = true
			return r
		case first:
			first = false
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, a[0].Bytes))
}

func md5Hex(a []columnar.Value) columnar.Value {
	sum := md5.Sum(a[0].Bytes) // #nosec G401 -- a function of SQL; nothing relies on it
	return bytesValue([]byte(hex.EncodeToString(sum[:])))
}

func sha1Hex(a []columnar.Value) columnar.Value {
	sum := sha1.Sum(a[0].Bytes) // #nosec G401 -- a function of SQL; nothing relies on it
	return bytesValue([]byte(hex.EncodeToString(sum[:])))
}

func sha2Hex(c call) (Eval, error) {
	of, ok := map[int64]func() hash.Hash{224: sha256.New224, 256: sha256.New, 0: sha256.New, 384: sha512.New384, 512: sha512.New}[c.args[1].Int]
	if !ok {
		return nil, fmt.Errorf("there is no SHA-2 of %d bits: there are 224, 256, 384 and 512", c.args[1].Int)
	}
	return func(a []columnar.Value) columnar.Value {
		h := of()
		h.Write(a[0].Bytes)
		return bytesValue([]byte(hex.EncodeToString(h.Sum(nil))))
	}, nil
}

func concat(call) (Eval, error) {
	var buf []byte
	return func(a []columnar.Value) columnar.Value {
		buf = buf[:0]
		for _, s := range a {
			if buf = append(buf, s.Bytes...); len(buf) > LongestText {
				break
			}
		}
		return bytesValue(buf)
	}, nil
}

func regexpExtract(c call) (Eval, error) {
	re, err := CompileRegexp(string(c.args[1].Bytes), c.stop)
	if err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	group := int64(0)
	if len(c.args) > 2 {
		group = c.args[2].Int
	}
	if group < 0 || group > int64(re.Groups()) {
		return nil, fmt.Errorf("there is no group %d in the regular expression, which has %d", group, re.Groups())
	}
	return func(a []columnar.Value) columnar.Value {
		at := re.Find(a[0].Bytes)
		if at == nil || at[2*group] < 0 {
			return columnar.Value{}
		}
		return bytesValue(a[0].Bytes[at[2*group]:at[2*group+1]])
	}, nil
}

// regexpReplace: in the replacement $1 is a group, $0 the match, and \ takes the next
// character literally.
func regexpReplace(c call) (Eval, error) {
	re, err := CompileRegexp(string(c.args[1].Bytes), c.stop)
	if err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	parts, err := ParseReplacement(string(c.args[2].Bytes), re.Groups())
	if err != nil {
		return nil, err
	}
	return func(a []columnar.Value) columnar.Value {
		return bytesValue(re.replace(a[0].Bytes, parts))
	}, nil
}

// Replacing is a piece of a replacement: a text, or a group.
type Replacing struct {
	Text  string
	Group int // -1 for a text
}

// ParseReplacement reads what regexp_replace puts in the place of a match of an
// expression with so many groups.
func ParseReplacement(text string, groups int) (out []Replacing, err error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			out = append(out, Replacing{text[i : i+1], -1})
		case c == '$' && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9':
			i++
			group := int(text[i] - '0')
			if group > groups {
				return nil, fmt.Errorf("there is no group %d in the regular expression, which has %d", group, groups)
			}
			out = append(out, Replacing{"", group})
		default:
			out = append(out, Replacing{text[i : i+1], -1})
		}
	}
	return out, nil
}

func jsonObject(c call) (Eval, error) {
	path, err := ParseJSONPath(string(c.args[1].Bytes))
	if err != nil {
		return nil, err
	}
	var p fastjson.Parser
	var buf []byte
	return func(a []columnar.Value) columnar.Value {
		if isHuge(a[0].Bytes) || fastjson.ValidateBytes(a[0].Bytes) != nil {
			return columnar.Value{}
		}
		v, err := p.ParseBytes(a[0].Bytes)
		if err != nil {
			return columnar.Value{}
		}
		for _, step := range path {
			if (v.Type() == fastjson.TypeArray) != step.Element {
				return columnar.Value{}
			}
			if v = v.Get(step.Key); v == nil {
				return columnar.Value{}
			}
		}
		switch v.Type() {
		case fastjson.TypeNull:
			return columnar.Value{}
		case fastjson.TypeString:
			s, err := v.StringBytes()
			if err != nil {
				return columnar.Value{}
			}
			return bytesValue(s)
		}
		buf = v.MarshalTo(buf[:0])
		return bytesValue(buf)
	}, nil
}

// maxJSONValues is how many values a text is taken apart into: each takes some 550 bytes.
const maxJSONValues = 1 << 18

// isHuge reports whether JSON is nested more than fastjson parses, or has more than
// maxJSONValues. Its validation knows no depth, and of what is wrong it tells once more for
// each level around it: of a million brackets for hours.
func isHuge(s []byte) bool {
	depth, values, quoted := 0, 1, false
	for i := 0; i < len(s) && depth <= fastjson.MaxDepth && values <= maxJSONValues; i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == '[' || c == '{'):
			depth++
			values++
		case !quoted && c == ',':
			values++
		case !quoted && (c == ']' || c == '}'):
			depth--
		}
	}
	return depth > fastjson.MaxDepth || values > maxJSONValues
}

// JSONStep is one step into a JSON value: a member of an object, or an element of
// an array by its index.
type JSONStep struct {
	Key     string
	Element bool
}

// ParseJSONPath reads a path such as $.a.b[0]['c d'].
func ParseJSONPath(text string) ([]JSONStep, error) {
	bad := fmt.Errorf("path %q is not like $.a.b[0]['c']", text)
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, bad
	}
	var path []JSONStep
	for rest != "" {
		step, after, err := parseJSONStep(rest)
		if err != nil {
			return nil, bad
		}
		path, rest = append(path, step), after
	}
	return path, nil
}

func parseJSONStep(rest string) (step JSONStep, after string, err error) {
	if name, ok := strings.CutPrefix(rest, "."); ok {
		end := strings.IndexAny(name, ".[")
		if end < 0 {
			end = len(name)
		}
		if end == 0 || name[0] == '*' {
			return step, "", errors.New("no name")
		}
		return JSONStep{Key: name[:end]}, name[end:], nil
	}
	if name, ok := strings.CutPrefix(rest, "['"); ok {
		key, after, ok := strings.Cut(name, "']")
		if !ok {
			return step, "", errors.New("no end")
		}
		return JSONStep{Key: key}, after, nil
	}
	index, after, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]")
	n, err := strconv.ParseUint(index, 10, 31)
	if !ok || rest[0] != '[' || err != nil {
		return step, "", errors.New("no index")
	}
	return JSONStep{Key: strconv.FormatUint(n, 10), Element: true}, after, nil
}
