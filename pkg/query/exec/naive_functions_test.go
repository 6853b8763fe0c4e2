package exec_test

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

func at(v any) time.Time { return time.UnixMicro(v.(int64)).UTC() }

// naiveCall is a function over values of which none is null.
func naiveCall(name string, a []any) any {
	str := func(i int) string { return a[i].(string) }
	num := func(i int) int { return int(a[i].(int64)) }
	switch name {
	case "lower":
		return strings.ToLower(str(0))
	case "upper":
		return strings.ToUpper(str(0))
	case "trim":
		return strings.Trim(str(0), " ")
	case "ltrim":
		return strings.TrimLeft(str(0), " ")
	case "rtrim":
		return strings.TrimRight(str(0), " ")
	case "concat":
		out := ""
		for i := range a {
			out += str(i)
		}
		return out
	case "replace":
		if str(1) == "" {
			return a[0]
		}
		return strings.Join(strings.Split(str(0), str(1)), str(2))
	case "split_part":
		parts := []string{str(0)}
		if str(1) != "" {
			parts = strings.Split(str(0), str(1))
		}
		n := num(2)
		if n < 0 {
			n += len(parts) + 1
		}
		if n >= 1 && n <= len(parts) {
			return parts[n-1]
		}
		return nil
	case "substring":
		return naiveSubstring([]rune(str(0)), num(1), a[2:])
	case "length":
		return int64(len([]rune(str(0))))
	case "strpos":
		r, sub := []rune(str(0)), []rune(str(1))
		for i := 0; i+len(sub) <= len(r); i++ {
			if slices.Equal(r[i:i+len(sub)], sub) {
				return int64(i + 1)
			}
		}
		return int64(0)
	case "contains":
		return strings.Contains(str(0), str(1))
	case "starts_with":
		return strings.HasPrefix(str(0), str(1))
	case "ends_with":
		return strings.HasSuffix(str(0), str(1))
	case "regexp_extract":
		group := 0
		if len(a) > 2 {
			group = num(2)
		}
		m := regexp.MustCompile(str(1)).FindStringSubmatchIndex(str(0))
		if m == nil || m[2*group] < 0 {
			return nil
		}
		return str(0)[m[2*group]:m[2*group+1]]
	case "get_json_object":
		return naiveJSON(str(0), str(1))
	case "date_format":
		t := at(a[0])
		if str(1) == "%a %j%%" {
			return fmt.Sprintf("%s %03d%%", t.Weekday().String()[:3], t.YearDay())
		}
		return t.Format("2006-01-02 15:04:05.000000")
	case "hour":
		return int64(at(a[0]).Hour())
	case "day_of_week":
		return int64([]int{7, 1, 2, 3, 4, 5, 6}[at(a[0]).Weekday()])
	case "unix_millis":
		return at(a[0]).UnixMilli()
	case "unix_timestamp":
		return at(a[0]).Unix()
	case "unix_micros":
		return a[0]
	case "year", "quarter", "month", "day", "minute", "second", "dayofyear", "weekofyear", "weekday", "dayofweek":
		return naivePart(name, at(a[0]))
	case "mod":
		l, r := a[0].(int64), a[1].(int64)
		if r == 0 {
			return nil
		}
		return l - l/r*r
	case "left":
		return string([]rune(str(0))[:min(num(1), len([]rune(str(0))))])
	case "right":
		r := []rune(str(0))
		return string(r[max(0, len(r)-num(1)):])
	case "lpad", "rpad":
		r := []rune(str(0))
		if len(r) >= num(1) {
			return string(r[:num(1)])
		}
		fill := string([]rune(strings.Repeat(str(2), num(1)))[:num(1)-len(r)])
		if name == "lpad" {
			return fill + str(0)
		}
		return str(0) + fill
	case "repeat":
		return strings.Repeat(str(0), num(1))
	case "md5":
		return fmt.Sprintf("%x", md5.Sum([]byte(str(0))))
	case "regexp_replace":
		return regexp.MustCompile(str(1)).ReplaceAllLiteralString(str(0), str(2))
	case "timestamp_millis":
		return a[0].(int64) * 1000
	case "greatest":
		return slices.MaxFunc(a, naiveCompare)
	case "least":
		return slices.MinFunc(a, naiveCompare)
	case "abs":
		if f, ok := a[0].(float64); ok {
			return math.Abs(f)
		}
		return max(a[0].(int64), -a[0].(int64))
	case "floor":
		return math.Floor(a[0].(float64))
	case "ceil":
		return math.Ceil(a[0].(float64))
	}
	panic(name)
}

func naivePart(name string, t time.Time) any {
	_, week := t.ISOWeek()
	return int64(map[string]int{
		"year": t.Year(), "quarter": []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}[t.Month()-1], "month": int(t.Month()), "day": t.Day(),
		"minute": t.Minute(), "second": t.Second(), "dayofyear": t.YearDay(), "weekofyear": week,
		"weekday": []int{6, 0, 1, 2, 3, 4, 5}[t.Weekday()], "dayofweek": []int{1, 2, 3, 4, 5, 6, 7}[t.Weekday()],
	}[name])
}

func naiveSubstring(s []rune, start int, length []any) string {
	if start < 0 {
		start += len(s) + 1
	}
	if start < 1 || start > len(s) {
		return ""
	}
	s = s[start-1:]
	if len(length) > 0 {
		s = s[:min(len(s), max(0, int(length[0].(int64))))]
	}
	return string(s)
}

// naiveJSON follows the paths that random plans have.
func naiveJSON(text, path string) any {
	if !json.Valid([]byte(text)) {
		return nil
	}
	steps := map[string][]any{
		"$.x": {"x"}, "$.y[1].k": {"y", 1, "k"}, "$.y[0]": {"y", 0}, "$['K']": {"K"}, "$.response": {"response"}, "$": {},
	}
	raw := json.RawMessage(text)
	for _, s := range steps[path] {
		switch s := s.(type) {
		case string:
			var o map[string]json.RawMessage
			if json.Unmarshal(raw, &o) != nil {
				return nil
			}
			raw = o[s]
		case int:
			var l []json.RawMessage
			if json.Unmarshal(raw, &l) != nil || s >= len(l) {
				return nil
			}
			raw = l[s]
		}
		if raw == nil {
			return nil
		}
	}
	var s *string
	if json.Unmarshal(raw, &s) == nil {
		if s == nil {
			return nil
		}
		return *s
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		panic(err)
	}
	return out.String()
}

func naiveBucket(unit string, t time.Time) any {
	y, m, d := t.Date()
	switch unit {
	case "week":
		d -= []int{6, 0, 1, 2, 3, 4, 5}[t.Weekday()]
	case "month":
		d = 1
	case "quarter":
		m, d = []time.Month{1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10}[m-1], 1
	case "year":
		m, d = 1, 1
	case "day":
	default:
		if unit == "second" || unit == "minute" || unit == "hour" {
			unit = "1" + unit[:1]
		}
		every, err := time.ParseDuration(unit)
		if err != nil {
			panic(err)
		}
		return t.Truncate(every).UnixMicro()
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro()
}

// naiveTimes is arithmetic with a timestamp on the left.
func naiveTimes(e query.Arith, r row) any {
	l, rr := naiveEval(e.L, r), naiveEval(e.R, r)
	if l == nil || rr == nil {
		return nil
	}
	a, b := l.(int64), rr.(int64)
	switch {
	case isTime(e.R):
		return float64(a-b) / 1e6
	case e.Op == query.Add:
		return a + b*1_000_000
	}
	return a - b*1_000_000
}

// isTime reports whether an expression of a random plan is a timestamp: the
// evaluator's values do not tell.
func isTime(e query.Expr) bool {
	switch e := e.(type) {
	case query.Const:
		return e.Value.Kind == columnar.Timestamp
	case query.Col:
		return e.Kind == columnar.Timestamp || e.Kind == columnar.Invalid && strings.Contains(e.Path[0], "at")
	case query.Cast:
		return e.To == columnar.Timestamp
	case query.Bucket:
		return true
	case query.Arith:
		return isTime(e.L) && !isTime(e.R)
	case query.Call:
		return e.Func == "timestamp_millis" || (e.Func == "greatest" || e.Func == "least") && isTime(e.Args[0])
	}
	return false
}
