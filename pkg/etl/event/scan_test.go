package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/valyala/fastjson"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

// accepts says whether the line is taken for JSON, by the package and by the one of
// Go together with fastjson, whose limit of nesting it has.
func accepts(line []byte) (got, want bool) {
	var p, q fastjson.Parser
	_, reason := event.NewCleanser().Parse(&p, line)
	want = utf8.Valid(line) && json.Valid(line)
	if want {
		_, err := q.ParseBytes(line)
		want = err == nil
	}
	return reason == "", want
}

// TestJSONIsWhatGoTakesForIt on lines of JSON with a fault or without.
func TestJSONIsWhatGoTakesForIt(t *testing.T) {
	pieces := []string{
		"{", "}", "[", "]", ",", ":", `"`, `"a"`, `"key":`, `{"a":1}`, `[]`, `{}`, "null", "true", "false", "nul", "0", "-", "-0", "01", "1.", "1.5",
		".5", "1e5", "1E+05", "1e", "-1e-1", "+1", " ", "\t", "\n", "\r", "\v", "\x00", "\x1f", "\x7f", "é", "\u2028", `"\n"`, `"\u00e9"`, `"\uD83d\uDE00"`,
		`"\ud800"`, `"\u12g4"`, `"\x"`, `"\u1"`, "\"\x01\"", `"a longer text, of more than eight bytes"`, `"with \"quotes\" and \\ in it"`, `\`, "NaN", "'a'", "//", "\xff",
	}
	values := []string{`"a"`, `""`, `"a longer text, of more than eight bytes"`, `"\ud800\udc00\u0041"`, "0", "-1.5e+7", "true", "false", "null", "[]", "{ }", "[1 , 2]", `{"a":[{"b":"c"}]}`}
	rapid.Check(t, func(rt *rapid.T) {
		var line string
		if rapid.Bool().Draw(rt, "anything") {
			line = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(rt, "pieces"), "")
		} else {
			var members []string
			for range rapid.IntRange(0, 4).Draw(rt, "members") {
				members = append(members, `"k":`+rapid.SampledFrom(values).Draw(rt, "value"))
			}
			line = "{" + strings.Join(members, ",") + "}"
			at := rapid.IntRange(0, len(line)).Draw(rt, "at")
			switch rapid.IntRange(0, 3).Draw(rt, "fault") {
			case 1:
				line = line[:at]
			case 2:
				line = line[:at] + rapid.SampledFrom(pieces).Draw(rt, "piece") + line[at:]
			case 3:
				line = line[:at] + line[min(at+1, len(line)):]
			}
		}
		if got, want := accepts([]byte(line)); got != want {
			rt.Fatalf("%q is taken for JSON: %t, want %t", line, got, want)
		}
	})
}

func TestNestingHasALimit(t *testing.T) {
	for _, inner := range []string{"", "1", `"a"`, "[]", "{}"} {
		for n := fastjson.MaxDepth - 2; n <= fastjson.MaxDepth+1; n++ {
			for _, line := range []string{
				strings.Repeat("[", n) + inner + strings.Repeat("]", n),
				strings.Repeat(`{"a":`, n) + `[` + inner + `]` + strings.Repeat("}", n),
			} {
				if got, want := accepts([]byte(line)); got != want {
					t.Errorf("%d levels and %q: %t, want %t", n, inner, got, want)
				}
			}
		}
	}
}
