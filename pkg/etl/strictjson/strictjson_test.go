package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fastjson"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// taken says whether the text should be taken for JSON: by the package of Go, and by
// fastjson, which has the same limit of nesting.
func taken(text []byte) bool {
	var p fastjson.Parser
	if !utf8.Valid(text) || !json.Valid(text) {
		return false
	}
	_, err := p.ParseBytes(text)
	return err == nil
}

// plain is the value as encoding/json reads it.
func plain(v strictjson.Value) any {
	switch v.Kind() {
	case strictjson.Object:
		out := map[string]any{}
		for m := v.First(); !m.None(); m = m.Next() {
			out[string(m.Key())] = plain(m)
		}
		return out
	case strictjson.Array:
		out := []any{}
		for m := v.First(); !m.None(); m = m.Next() {
			out = append(out, plain(m))
		}
		return out
	case strictjson.String:
		return string(v.Text())
	case strictjson.Number:
		return json.Number(v.Source())
	case strictjson.True, strictjson.False:
		return v.Kind() == strictjson.True
	}
	return nil
}

// tester is what testing.T and rapid.T share.
type tester interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

func decoded(t tester, text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkText holds what is read in a text against what encoding/json reads, and says
// whether it is JSON.
func checkText(t tester, p *strictjson.Parser, text []byte) {
	v, err := p.Parse(text)
	if got, want := err == nil, taken(text); got != want {
		t.Fatalf("%q is taken for JSON: %t, want %t", text, got, want)
	}
	if err != nil {
		return
	}
	want := decoded(t, text)
	// Halves of pairs stay escapes here and become U+FFFD there.
	halves := bytes.Contains(bytes.ToLower(text), []byte(`\ud`))
	if diff := cmp.Diff(want, plain(v)); !halves && diff != "" {
		t.Fatalf("%q is read as another value (-want +got):\n%s", text, diff)
	}
	compact, canonical := v.Append(nil), v.AppendCanonical(nil)
	for form, out := range map[string][]byte{"compact": compact, "canonical": canonical} {
		if diff := cmp.Diff(want, decoded(t, out)); !halves && diff != "" {
			t.Fatalf("%q: the %s form %q is another value (-want +got):\n%s", text, form, out, diff)
		}
		var tight bytes.Buffer
		if err := json.Compact(&tight, out); err != nil || tight.String() != string(out) {
			t.Fatalf("%q: the %s form %q has white space (%v)", text, form, out, err)
		}
	}
	var q strictjson.Parser
	again, err := q.Parse(compact)
	if err != nil {
		t.Fatalf("%q: %q: %v", text, compact, err)
	}
	if got := again.AppendCanonical(nil); !bytes.Equal(got, canonical) {
		t.Fatalf("%q: canonical form %q, of its compact form %q", text, canonical, got)
	}
	sorted := keys(t, canonical, nil)
	for i := 1; i < len(sorted); i++ {
		if len(sorted[i]) == len(sorted[i-1]) && sorted[i][0] == sorted[i-1][0] && sorted[i][1] <= sorted[i-1][1] {
			t.Fatalf("%q: keys of %q are not in order", text, canonical)
		}
	}
}

// keys are the keys of a text's first object, as pairs of nesting and name.
func keys(t tester, text []byte, out [][2]string) [][2]string {
	var v map[string]json.RawMessage
	if json.Unmarshal(text, &v) != nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, [2]string{"0", fmt.Sprint(key)})
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var pieces = []string{
	"{", "}", "[", "]", ",", ":", `"`, `"a"`, `"key":`, `{"a":1}`, `[]`, `{}`, "null", "true", "false", "nul", "0", "-", "-0", "01", "1.", "1.5",
	".5", "1e5", "1E+05", "1e", "-1e-1", "+1", " ", "\t", "\n", "\r", "\v", "\x00", "\x1f", "\x7f", "é", "\u2028", `"\n"`, `"\u00e9"`, `"\uD83d\uDE00"`,
	`"\ud800"`, `"\u12g4"`, `"\x"`, `"\u1"`, "\"\x01\"", `"a longer text, of more than eight bytes"`, `"with \"quotes\" and \\ in it"`, `\`, "NaN", "'a'", "//", "\xff",
}

var values = []string{
	`"a"`, `""`, `"a longer text, of more than eight bytes"`, `"\ud800\udc00\u0041"`, "0", "-1.5e+7", "true", "false", "null", "[]", "{ }", "[1 , 2]",
	`{"a":[{"b":"c"}]}`, `"\b\f\n\r\t\/\\\""`, `"é and more than eight"`, `{"b":1,"a":2,"b":3}`, "\"\u00e9\xcc\"", `"\udc00\ud800\u0000"`,
}

var names = []string{"k", "", "a", "abcdefgh", "abcdefghi", "abcdefg", `\u0061`, `a\u0000`, "é", " "}

// TestJSONIsWhatGoTakesForIt on texts of JSON with a fault or without.
func TestJSONIsWhatGoTakesForIt(t *testing.T) {
	var p strictjson.Parser
	rapid.Check(t, func(rt *rapid.T) {
		var text string
		if rapid.Bool().Draw(rt, "anything") {
			text = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(rt, "pieces"), "")
		} else {
			var members []string
			for range rapid.IntRange(0, 6).Draw(rt, "members") {
				space := rapid.SampledFrom([]string{"", "", " ", "\t "}).Draw(rt, "space")
				members = append(members, `"`+rapid.SampledFrom(names).Draw(rt, "name")+`"`+space+":"+rapid.SampledFrom(values).Draw(rt, "value")+space)
			}
			text = "{" + strings.Join(members, ",") + "}"
			at := rapid.IntRange(0, len(text)).Draw(rt, "at")
			switch rapid.IntRange(0, 3).Draw(rt, "fault") {
			case 1:
				text = text[:at]
			case 2:
				text = text[:at] + rapid.SampledFrom(pieces).Draw(rt, "piece") + text[at:]
			case 3:
				text = text[:at] + text[min(at+1, len(text)):]
			}
		}
		checkText(rt, &p, []byte(text))
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range append(append([]string{}, values...), pieces...) {
		f.Add([]byte(seed))
		f.Add([]byte(`{"b":` + seed + `,"a":[` + seed + `]}`))
	}
	var p strictjson.Parser
	f.Fuzz(func(t *testing.T, text []byte) { checkText(t, &p, text) })
}

func TestNestingHasALimit(t *testing.T) {
	var p strictjson.Parser
	for _, inner := range []string{"", "1", `"a"`, "[]", "{}"} {
		for n := strictjson.MaxDepth - 2; n <= strictjson.MaxDepth+1; n++ {
			for _, text := range []string{
				strings.Repeat("[", n) + inner + strings.Repeat("]", n),
				strings.Repeat(`{"a":`, n) + `[` + inner + `]` + strings.Repeat("}", n),
			} {
				if _, err := p.Parse([]byte(text)); (err == nil) != taken([]byte(text)) {
					t.Errorf("%d levels and %q: %v", n, inner, err)
				}
			}
		}
	}
}

func TestForms(t *testing.T) {
	for text, want := range map[string][2]string{
		` { "b" : 1 , "a" : [ true , null ] } `:       {`{"b":1,"a":[true,null]}`, `{"a":[true,null],"b":1}`},
		`{"a":1,"b":2,"a":3}`:                         {`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		`{"\u0061":"\u0062","\n":"\/"}`:               {`{"a":"b","\n":"/"}`, `{"\n":"/","a":"b"}`},
		`["\ud83d\ude00\u0001","\ud800A","\udc00"]`:   {`["😀\u0001","\\ud800A","\\udc00"]`, `["😀\u0001","\\ud800A","\\udc00"]`},
		`{"abcdefgh2":0,"abcdefgh1":0,"abcdefgh":-0}`: {`{"abcdefgh2":0,"abcdefgh1":0,"abcdefgh":-0}`, `{"abcdefgh":-0,"abcdefgh1":0,"abcdefgh2":0}`},
		`{"x":{"b":"","a":{}},"w":1E+02}`:             {`{"x":{"b":"","a":{}},"w":1E+02}`, `{"w":1E+02,"x":{"a":{},"b":""}}`},
	} {
		var p strictjson.Parser
		v, err := p.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, [2]string{string(v.Append(nil)), string(v.AppendCanonical(nil))}); diff != "" {
			t.Errorf("%s: compact and canonical (-want +got):\n%s", text, diff)
		}
	}
}

func TestManyMembersAreSorted(t *testing.T) {
	var text []string
	for i := range 500 {
		text = append(text, fmt.Sprintf(`"key %03d":%d`, (i*7)%100, i))
	}
	var p strictjson.Parser
	checkText(t, &p, []byte("{"+strings.Join(text, ",")+"}"))
}

func TestTooManyValues(t *testing.T) {
	for _, tc := range []struct {
		n    int
		text string
		want error
	}{
		{strictjson.MaxValues - 1, "0,", nil},
		{strictjson.MaxValues, "0,", strictjson.ErrTooMany},
		{strictjson.MaxValues/2 - 1, "{},", nil},
		{strictjson.MaxValues / 2, "[],", strictjson.ErrTooMany},
		{strictjson.MaxValues, `"\n",`, strictjson.ErrTooMany},
		{strictjson.MaxValues, `{"a":[`, strictjson.ErrInvalid},
	} {
		var p strictjson.Parser
		text := "[" + strings.TrimSuffix(strings.Repeat(tc.text, tc.n), ",")
		if _, err := p.Parse([]byte(text + "]")); !errors.Is(err, tc.want) {
			t.Errorf("%d of %s: %v, want %v", tc.n, tc.text, err, tc.want)
		}
		if _, err := p.Parse([]byte(text + ",]")); !errors.Is(err, strictjson.ErrInvalid) {
			t.Errorf("%d of %s and a fault behind them: %v", tc.n, tc.text, err)
		}
	}
}

func TestValuesThatNoTextHas(t *testing.T) {
	var p strictjson.Parser
	p.Reset()
	a, b := p.NewString(`a "quoted" word`), p.NewNumber("17")
	if got := string(b.Append(a.Append(nil))); got != `"a \"quoted\" word"17` {
		t.Error(got)
	}
	line := []byte(`{"a":1}{"b":2}`)
	v, err := p.Parse(line[:len(`{"a":1}`)])
	if err != nil {
		t.Fatal(err)
	}
	c := p.NewString("c")
	if got := string(v.Append(c.Append(nil))); got != `"c"{"a":1}` || string(line) != `{"a":1}{"b":2}` {
		t.Errorf("%s, and the text is %s", got, line)
	}
	if none := (strictjson.Value{}); !none.None() || !none.IsNull() || !none.First().None() || none.Text() != nil || !none.Get("a").None() {
		t.Error("none is something")
	}
}
