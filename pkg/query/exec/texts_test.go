package exec_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// textLake has so many rows of one text.
func textLake(rows int, text string) *querytest.Lake {
	b := columnar.NewBatch(columnar.Schema{{Name: "i", Type: columnar.Of(columnar.Long)}, {Name: "s", Type: columnar.Of(columnar.String)}})
	for i := range rows {
		b.Columns[0].AppendInt(int64(i))
		b.Columns[1].AppendBytes([]byte(text))
	}
	b.Len = rows
	l := &querytest.Lake{}
	l.Add("t", b)
	return l
}

// What few rows become in expressions is bounded, too.
func TestTextsThatGrow(t *testing.T) {
	long := "repeat(s, 1000000)"
	many := "concat(" + strings.Repeat(long+", ", 30) + "s)"
	for name, c := range map[string]struct {
		value  string
		rows   int
		memory bool // it is the query that needs too much, not one text
	}{
		"replace":        {"replace(" + long + ", 'x', " + long + ")", 1, false},
		"regexp_replace": {"regexp_replace(" + long + ", 'x', '" + strings.Repeat("$0", 100) + "')", 1, false},
		"concat":         {many, 1, false},
		"many rows":      {"concat(" + long + ", cast(i as string))", 1000, true},
		"case":           {"case when i >= 0 then " + long + " else s end", 1000, true},
		"in between":     {"length(concat(" + long + ", cast(i as string)))", 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := querytest.ParsePlan("aggregate max(x) as x\n  project " + c.value + " as x\n    scan t")
			if err != nil {
				t.Fatal(err)
			}
			_, err = exec.Run(t.Context(), textLake(c.rows, "x"), plan, exec.Options{MaxMemory: 64 << 20})
			_, limit := errors.AsType[*exec.LimitError](err)
			if limit != c.memory || errors.Is(err, exec.ErrLongText) == c.memory {
				t.Errorf("%v", err)
			}
		})
	}
}

// A replacement has the matches that Go's regexp has, however long the text.
func TestRegexpReplaceAsGoDoes(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString([]string{"a", "b", " ", "\n", "é", "\xff", "x", "aa"}[r.IntN(8)])
		}
		return b.String()
	}
	for _, pattern := range []string{"a", "a*", "a*?", "", "^", "$", "(?m)^", "(?m)$", `\b`, `\B`, "(a)|(b)", "(a*)(b?)", "x*y|x", "^a", "(?i)A+", "é|\n", `\A.`, "(?U)a+b*", "a|aa", "[^a]"} {
		for _, size := range []int{0, 1, 7, 40, 3000} {
			s := text(size)
			want := regexp.MustCompile(pattern).ReplaceAllString(s, "<${0}>")
			plan := query.From("t", query.TimeRange{}).Project(query.As("x", query.Call{Func: "regexp_replace", Args: []query.Expr{query.Column(columnar.String, "s"), query.Str(pattern), query.Str("<$0>")}}))
			out, err := exec.Run(t.Context(), textLake(1, s), plan, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(out.Batch.Columns[0].ByteAt(0)); got != want {
				t.Errorf("seed %d: %q in %.100q:\n%.200q, want\n%.200q", seed, pattern, s, got, want)
			}
		}
	}
}

// Go's search for all matches of this takes the square of the length: days.
func TestRegexpReplaceEnds(t *testing.T) {
	plan, err := querytest.ParsePlan("project length(regexp_replace(repeat(s, 1000000), 'x*y|x', 'z')) as x\n  scan t")
	if err != nil {
		t.Fatal(err)
	}
	best := time.Hour // of some: what else the machine does is not meant
	for try := 0; try < 5 && best > 100*time.Millisecond; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err = exec.Run(ctx, textLake(1, "x"), plan, exec.Options{})
		asked, _ := ctx.Deadline()
		best = min(best, time.Since(asked))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if best > 100*time.Millisecond {
		t.Errorf("it ended %v after it was to", best)
	}
}

// JSON that is nested very deep, or has very many values, well-formed or not, is null like all that is no JSON.
func TestDeepJSON(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("[", 1_000_000):                                                    "",
		`{"a":1,"b":[` + strings.Repeat("1,", 300_000) + `1]}`:                            "",
		`{"a":"kept","b":"` + strings.Repeat(",[", 300_000) + `"}`:                        "kept",
		strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000):             "",
		`{"a":"[[\"[[{","b":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`: `[["[[{`,
	} {
		plan := query.From("t", query.TimeRange{}).Project(query.As("x", query.Call{Func: "get_json_object", Args: []query.Expr{query.Column(columnar.String, "s"), query.Str("$.a")}}))
		out, err := exec.Run(t.Context(), textLake(1, text), plan, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := out.Batch.Columns[0]; got.IsNull(0) != (want == "") || want != "" && string(got.ByteAt(0)) != want {
			t.Errorf("%.60s: %.60v", text, got.Any(0))
		}
	}
}
