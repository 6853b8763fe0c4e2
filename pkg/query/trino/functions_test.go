package trino_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// constants are arguments that suit functions whose arguments are constants.
var constants = map[string][]query.Expr{
	"date_format":     {query.Str("yyyy-MM-dd"), query.Str("Europe/Zurich")},
	"from_unixtime":   {query.Str("%Y"), query.Str("UTC")},
	"get_json_object": {query.Str("$.a[0]")},
	"in_network":      {query.Str("10.0.0.0/8")},
	"network":         {query.Int(24), query.Int(64)},
	"regexp_extract":  {query.Str("(a)+"), query.Int(1)},
	"regexp_replace":  {query.Str("a+"), query.Str("$0")},
	"sha2":            {query.Int(256)},
	"to_timestamp":    {query.Str("yyyy-MM-dd HH:mm"), query.Str("Asia/Kolkata")},
}

// printed is a call over a table with a column of each kind.
func printed(t *testing.T, e query.Expr) (string, error) {
	t.Helper()
	b := columnar.NewBatch(columnar.Schema{
		{Name: "string", Type: columnar.Of(columnar.String)},
		{Name: "long", Type: columnar.Of(columnar.Long)},
		{Name: "double", Type: columnar.Of(columnar.Double)},
		{Name: "date", Type: columnar.Of(columnar.Date)},
		{Name: "timestamp", Type: columnar.Of(columnar.Timestamp)},
	})
	lake := &querytest.Lake{}
	lake.Add("t", b)
	bound, err := query.Bind(t.Context(), lake, query.From("t", query.TimeRange{}).Project(query.As("x", e)))
	if err != nil {
		t.Fatal(err)
	}
	return trino.Print(bound, func(*query.Bound) (string, error) { return "t", nil })
}

// TestEveryFunctionIsSaid: a new function is said in Trino's SQL, or is a case of
// TestFunctionsThatAreNotSaid.
func TestEveryFunctionIsSaid(t *testing.T) {
	for _, f := range query.Functions() {
		for args := len(f.Args) - f.Optional; args <= len(f.Args)+1; args++ {
			if args > len(f.Args) && !f.Repeats {
				continue
			}
			call := query.Fn(f.Name)
			for i := range args {
				k := f.Args[min(i, len(f.Args)-1)]
				arg := query.Expr(query.Name(k.String()))
				if f.Fixed && i > 0 {
					if c, there := constants[f.Name]; there {
						arg = c[min(i, len(c))-1]
					} else {
						arg = query.Str("Europe/Zurich")
					}
				}
				call.Args = append(call.Args, arg)
			}
			if text, err := printed(t, call); err != nil {
				t.Errorf("%s: %v: say it in forms, or why not in TestFunctionsThatAreNotSaid", call, err)
			} else if strings.ContainsAny(text, "$") && !strings.Contains(text, "'$") {
				t.Errorf("%s: an argument is left out: %s", call, text)
			}
		}
	}
}

// TestFunctionsThatAreNotSaid are the calls whose constants Trino has nothing for.
func TestFunctionsThatAreNotSaid(t *testing.T) {
	s, at := query.Name("string"), query.Name("timestamp")
	tests := map[string]query.Expr{
		"sha2 (Trino has no SHA-2 of 224 bits)":                                           query.Fn("sha2", s, query.Int(224)),
		"sha2 (Trino has no SHA-2 of 384 bits)":                                           query.Fn("sha2", s, query.Int(384)),
		"regexp_extract (its expression repeats a?, which may be empty)":                  query.Fn("regexp_extract", s, query.Str("(?:a?){2,}")),
		"regexp_replace (its expression matches the empty text and others)":               query.Fn("regexp_replace", s, query.Str("a*"), query.Str("-")),
		`to_timestamp (its pattern has an element, MST, that is not said in Trino's SQL)`: query.Fn("to_timestamp", s, query.Str("yyyy z")),
		`hour (Trino has no time zone "Local", or another under that name)`:               query.Fn("hour", at, query.Str("Local")),
	}
	for _, want := range slices.Sorted(maps.Keys(tests)) {
		_, err := printed(t, tests[want])
		var unsupported *trino.UnsupportedError
		if !errors.As(err, &unsupported) {
			t.Errorf("%s: %v", tests[want], err)
			continue
		}
		if diff := cmp.Diff("function "+want, unsupported.Construct); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tests[want], diff)
		}
	}
}

// TestEveryLetterThatBeginsAWord: the letters are written out, and may be more in the next
// Unicode.
func TestEveryLetterThatBeginsAWord(t *testing.T) {
	text, err := printed(t, query.Fn("initcap", query.Name("string")))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(text, "strpos('")
	list, _, _ = strings.Cut(list, "'")
	var want strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.ToTitle(r) != unicode.ToUpper(r) {
			want.WriteRune(r)
		}
	}
	if diff := cmp.Diff(want.String(), list); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

// TestArgumentsAreComputedOnce: what is nested does not grow with each level.
func TestArgumentsAreComputedOnce(t *testing.T) {
	e := query.Expr(query.Name("string"))
	var lengths []int
	for range 6 {
		e = query.Fn("right", query.Fn("split_part", e, query.Str("$1"), query.Name("long")), query.Int(-5))
		text, err := printed(t, e)
		if err != nil {
			t.Fatal(err)
		}
		lengths = append(lengths, len(text))
	}
	for i := 2; i < len(lengths); i++ {
		if grown, before := lengths[i]-lengths[i-1], lengths[1]-lengths[0]; grown > 2*before {
			t.Errorf("%d characters more on level %d, and %d on the second", grown, i+1, before)
		}
	}
}
