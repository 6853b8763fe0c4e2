package trino

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// printCall is a call of a function of query.Functions. The arguments are printed, each
// such that it can be an operand of anything; kinds are theirs. What it prints can be
// an operand of anything, too.
func printCall(c query.Call, args []string, kinds []columnar.Kind) (string, error) {
	typed, cols := query.Call{Func: c.Func}, make([]query.BoundCol, len(args))
	anyNull := false
	for i, k := range kinds {
		cols[i] = query.BoundCol{Path: []string{fmt.Sprint("a", i)}, Type: columnar.Of(k)}
		typed.Args = append(typed.Args, query.Expr(query.Col{Path: cols[i].Path}))
		if _, constant := c.Args[i].(query.Const); constant {
			typed.Args[i] = c.Args[i]
		}
		anyNull = anyNull || k == columnar.Invalid
	}
	result, err := query.TypeOf(typed, cols)
	if err != nil {
		return "", err
	}
	say, known := forms[c.Func]
	switch {
	case anyNull:
		return null(result.Kind), nil
	case !known:
		return "", unsupported(c.Func, "nobody has said it in Trino's SQL")
	}
	return say(call{typed, args, kinds[0]})
}

// unsupported is why a function cannot be said.
func unsupported(name, why string) error {
	return &UnsupportedError{"function " + name + " (" + why + ")"}
}

// call is a call none of whose arguments is NULL itself.
type call struct {
	query.Call
	args []string
	kind columnar.Kind // of the first argument
}

// constant is the value of an argument, of Kind Invalid where it is no constant.
func (c call) constant(i int) columnar.Value {
	k, _ := c.Args[i].(query.Const)
	return k.Value
}

// text is an argument that must be a constant.
func (c call) text(i int) string { return string(c.constant(i).Bytes) }

// form says calls of one function.
type form func(c call) (string, error)

// plainly is a function that Trino has under a name, with the same arguments.
func plainly(name string) form {
	return func(c call) (string, error) { return name + "(" + strings.Join(c.args, ", ") + ")", nil }
}

// as is a text in which $1 is the first argument. One that is there more than once is
// computed once.
func as(text string) form {
	return func(c call) (string, error) { return fill(text, c.args...), nil }
}

// strictly is the same where Trino's answer may be other than null for a null.
func strictly(text string) form {
	return func(c call) (string, error) {
		var tests []string
		for i := range c.args {
			if c.constant(i).Kind == columnar.Invalid {
				tests = append(tests, fmt.Sprintf("$%d IS NULL", i+1))
			}
		}
		if tests == nil {
			return fill(text, c.args...), nil
		}
		return fill("IF("+strings.Join(tests, " OR ")+", NULL, "+text+")", c.args...), nil
	}
}

// fill puts arguments in their places, which are not within quotes.
func fill(text string, args ...string) string {
	pieces := strings.Split(text, "'") // every second is within quotes
	var places []string
	for i, a := range args {
		place := fmt.Sprint("$", i+1)
		uses := 0
		for p := 0; p < len(pieces); p += 2 {
			uses += strings.Count(pieces[p], place)
		}
		if uses > 1 && !simple(a) && !isText(a) {
			return let(a, func(name string) string {
				named := slices.Clone(args)
				named[i] = name
				return fill(text, named...)
			})
		}
		places = append(places, place, a)
	}
	r := strings.NewReplacer(places...)
	for p := 0; p < len(pieces); p += 2 {
		pieces[p] = r.Replace(pieces[p])
	}
	return strings.Join(pieces, "'")
}

// isText reports whether an expression is a constant text.
func isText(x string) bool {
	inner, ok := strings.CutPrefix(strings.TrimPrefix(x, "U&"), "'")
	if !ok || inner == "" {
		return false
	}
	return inner[len(inner)-1] == '\'' && !strings.Contains(strings.ReplaceAll(inner[:len(inner)-1], "''", ""), "'")
}

// forms are all functions that can be said. Those of constants that cannot are
// found when they are printed.
var forms = map[string]form{
	"abs":               absolute,
	"add_months":        as("IF($2 BETWEEN BIGINT '-120000' AND BIGINT '120000', date_add('month', least(greatest($2, BIGINT '-120000'), BIGINT '120000'), $1), NULL)"),
	"ceil":              plainly("ceil"),
	"concat":            concat,
	"contains":          as("(strpos($1, $2) > 0)"),
	"date_add":          daysLater("+"),
	"date_format":       dateFormat,
	"date_sub":          daysLater("-"),
	"datediff":          as("date_diff('day', $2, $1)"),
	"day":               clock("day($1)"),
	"day_of_week":       clock("day_of_week($1)"),
	"dayofweek":         clock("(mod(day_of_week($1), 7) + 1)"),
	"dayofyear":         clock("day_of_year($1)"),
	"ends_with":         as("(substr($1, -length($2)) = $2)"),
	"exp":               plainly("exp"),
	"floor":             plainly("floor"),
	"from_unixtime":     fromUnixtime,
	"get_json_object":   jsonObject,
	"greatest":          outermost(">"),
	"hour":              clock("hour($1)"),
	"in_network":        inNetwork,
	"initcap":           initcap,
	"least":             outermost("<"),
	"left":              as("substr($1, 1, least(greatest($2, 0), 1073741824))"),
	"length":            plainly("length"),
	"ln":                as("IF($1 > DOUBLE '0' AND $1 < infinity(), ln($1), NULL)"),
	"log10":             as("IF($1 > DOUBLE '0' AND $1 < infinity(), log10($1), NULL)"),
	"lower":             plainly("lower"),
	"lpad":              pad("lpad"),
	"ltrim":             as("trim(LEADING ' ' FROM $1)"),
	"md5":               as("lower(to_hex(md5(to_utf8($1))))"),
	"minute":            clock("minute($1)"),
	"mod":               as("mod($1, IF($2 = 0, NULL, $2))"),
	"month":             clock("month($1)"),
	"network":           network,
	"pow":               as("IF($2 IS NOT NULL AND ($1 = DOUBLE '1' OR $1 = DOUBLE '-1' AND is_infinite($2)), DOUBLE '1', power($1, $2))"),
	"quarter":           clock("quarter($1)"),
	"regexp_extract":    regexpExtract,
	"regexp_replace":    regexpReplace,
	"repeat":            strictly("CASE WHEN $2 > 1048576 THEN NULL WHEN $2 <= 0 OR $1 = '' THEN '' WHEN " + count + " * length(to_utf8($1)) > 1048576 THEN NULL ELSE rpad('', least(" + count + " * length($1), 1048576), $1) END"),
	"replace":           strictly("IF($2 = '', $1, replace($1, $2, $3))"),
	"reverse":           plainly("reverse"),
	"right":             as("CASE WHEN $2 <= 0 THEN substr($1, 1, 0) WHEN $2 >= length($1) THEN $1 ELSE substr($1, -greatest($2, 1)) END"),
	"round":             round,
	"rpad":              pad("rpad"),
	"rtrim":             as("trim(TRAILING ' ' FROM $1)"),
	"second":            clock("second($1)"),
	"sha1":              as("lower(to_hex(sha1(to_utf8($1))))"),
	"sha2":              sha2,
	"sign":              as("IF($1 > DOUBLE '0', DOUBLE '1', IF($1 < DOUBLE '0', DOUBLE '-1', $1))"),
	"split_part":        strictly(splitPart),
	"sqrt":              as("IF($1 >= DOUBLE '0' AND $1 < infinity(), sqrt($1), NULL)"),
	"starts_with":       plainly("starts_with"),
	"strpos":            position,
	"substring":         substring,
	"substring_index":   strictly(substringIndex),
	"timestamp_micros":  func(c call) (string, error) { return fromMicros(c.args[0]), nil },
	"timestamp_millis":  timeOfMillis,
	"timestamp_seconds": timeOfSeconds,
	"to_timestamp":      toTimestamp,
	"trim":              as("trim(BOTH ' ' FROM $1)"),
	"unix_micros":       func(c call) (string, error) { return micros(c.args[0]), nil },
	"unix_millis":       as("date_diff('millisecond', " + epoch + ", $1)"),
	"unix_timestamp":    as(seconds("$1")),
	"upper":             plainly("upper"),
	"weekday":           clock("(day_of_week($1) - 1)"),
	"weekofyear":        clock("week($1)"),
	"year":              clock("year($1)"),
}

// Of constants Trino computes also the branch of a CASE that is not taken, and ends where
// that is an error: so no branch has one, for whatever there is.

// count is the second argument as a number of characters.
const count = "least(greatest($2, 0), 1048576)"

// Trino splits from the left alone, and separators may overlap: from the end both texts
// are taken in reverse. A text has no more parts than characters and one.
const (
	splitPart = "CASE WHEN $2 = '' THEN IF($3 IN (1, -1), $1, NULL)" +
		" WHEN abs($3 + IF($3 < 0, 1, -1)) > length($1) OR $3 = 0 THEN NULL" +
		" WHEN $3 > 0 THEN element_at(split($1, $2), greatest($3, 1))" +
		" ELSE reverse(element_at(split(reverse($1), reverse($2)), -greatest($3, BIGINT '-2147483647'))) END"
	substringIndex = "CASE WHEN $3 = 0 OR $2 = '' THEN '' WHEN abs($3 + IF($3 < 0, 1, -1)) > length($1) THEN $1" +
		" WHEN $3 > 0 THEN array_join(slice(split($1, $2), 1, $3), $2)" +
		" ELSE reverse(array_join(slice(split(reverse($1), reverse($2)), 1, -greatest($3, BIGINT '-2147483647')), reverse($2))) END"
)

func absolute(c call) (string, error) {
	if c.kind.InFloats() {
		return fill("abs($1)", c.args...), nil
	}
	return fill("IF($1 = BIGINT '-9223372036854775808', NULL, abs(greatest($1, BIGINT '-9223372036854775807')))", c.args...), nil
}

// concat: Trino's own takes 127 texts and not one alone.
func concat(c call) (string, error) { return "(" + strings.Join(c.args, " || ") + ")", nil }

// daysLater is counted from 1970: dates are within five million years of it, and
// Trino's date_add takes an integer.
func daysLater(sign string) form {
	return func(c call) (string, error) {
		const first, last = "BIGINT '-2147483647'", "BIGINT '2147483647'"
		day := "(date_diff('day', DATE '1970-01-01', $1) " + sign + " least(greatest($2, BIGINT '-4294967294'), BIGINT '4294967294'))"
		return fill("IF($1 BETWEEN "+first+" AND "+last+", date_add('day', least(greatest($1, "+first+"), "+last+"), DATE '1970-01-01'), NULL)", fill(day, c.args...)), nil
	}
}

// outermost is the first value than which no other is more, or less. Trino's own takes
// NaN for the largest number, and here it is the least.
func outermost(better string) form {
	return func(c call) (string, error) {
		test := "v " + better + " m"
		switch {
		case !c.kind.InFloats():
		case better == ">":
			test = "is_nan(m) OR " + test
		default:
			test = "NOT is_nan(m) AND (is_nan(v) OR " + test + ")"
		}
		typed := make([]string, len(c.args))
		for i, a := range c.args { // the types of a reduction are one, and a constant text has one of its length
			typed[i] = "CAST(" + a + " AS " + typeName(columnar.Of(c.kind)) + ")"
		}
		if len(typed) == 1 {
			return typed[0], nil
		}
		return "reduce(ARRAY[" + strings.Join(typed[1:], ", ") + "], " + typed[0] + ", (m, v) -> IF(m IS NULL OR v IS NULL, NULL, IF(" + test + ", v, m)), m -> m)", nil
	}
}

func pad(name string) form {
	return strictly("CASE WHEN $2 <= length($1) THEN substr($1, 1, greatest($2, 0)) WHEN $3 = '' THEN $1 WHEN $2 > 1048576 THEN NULL ELSE " + name + "($1, " + count + ", $3) END")
}

// substring: Trino adds place and length, and ends where the sum is no long.
func substring(c call) (string, error) {
	if len(c.args) == 2 {
		return fill("substr($1, $2)", c.args...), nil
	}
	return fill("substr($1, $2, least(greatest($3, 0), 1073741824))", c.args...), nil
}

func position(c call) (string, error) {
	if len(c.args) == 2 {
		return fill("strpos($1, $2)", c.args...), nil
	}
	found := "strpos(substr($1, $3), $2)"
	return strictly("IF($3 < 1 OR $3 > length($1) + 1 OR " + found + " = 0, BIGINT '0', $3 - 1 + " + found + ")")(c)
}

func sha2(c call) (string, error) {
	switch bits := c.constant(1).Int; bits {
	case 0, 256:
		return fill("lower(to_hex(sha256(to_utf8($1))))", c.args...), nil
	case 512:
		return fill("lower(to_hex(sha512(to_utf8($1))))", c.args...), nil
	default:
		return "", unsupported("sha2", fmt.Sprintf("Trino has no SHA-2 of %d bits", bits))
	}
}

// nearest is the nearest whole number, halves away from 0. Trino's own is off where
// adding a half is.
const nearest = "(truncate($1) + IF(abs($1 - truncate($1)) >= DOUBLE '0.5', sign($1), DOUBLE '-0.0'))"

// round: decimals are counted as in query, and so what is beyond is.
func round(c call) (string, error) {
	if len(c.args) == 1 {
		return fill("IF(is_finite($1), "+nearest+", $1)", c.args...), nil
	}
	digits := c.constant(1)
	if digits.Kind == columnar.Invalid {
		up, down := fill(nearest, "($1 * $3)"), fill(nearest, "($1 / $3)")
		text := "CASE WHEN $2 IS NULL THEN NULL WHEN $2 > 15 OR is_infinite($1 * $3) THEN $1 WHEN $2 < -308 THEN IF($1 IS NULL, NULL, DOUBLE '0') WHEN $2 < 0 THEN " + down + " * $3 ELSE " + up + " / $3 END"
		return fill(text, c.args[0], c.args[1], "power(DOUBLE '10', abs(CAST("+c.args[1]+" AS double)))"), nil
	}
	unit := math.Pow(10, math.Abs(float64(digits.Int)))
	text := "IF(is_infinite($1 * $2), $1, " + fill(nearest, "($1 * $2)") + " / $2)"
	switch {
	case digits.Int > 15:
		text = "$1"
	case digits.Int < -308:
		text = "IF($1 = DOUBLE '0' OR is_nan($1), DOUBLE '0', $1)"
	case digits.Int < 0:
		text = "IF(is_infinite($1 * $2), $1, " + fill(nearest, "($1 / $2)") + " * $2)"
	}
	return fill(text, c.args[0], literal(columnar.FloatValue(unit))), nil
}
