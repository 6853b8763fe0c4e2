package trino

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// quoteIdent is a name as Trino reads it, whatever is in it. Trino finds names in any
// letter case, also quoted ones.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteString is a text constant. Control characters are written by their numbers.
func quoteString(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !strings.ContainsFunc(s, isControl) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteString("U&'")
	for _, r := range s {
		switch {
		case r == '\'':
			b.WriteString("''")
		case r == '\\':
			b.WriteString(`\\`)
		case isControl(r):
			fmt.Fprintf(&b, `\%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "'"
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// literal is a constant of the type that values of its kind have in a statement; see
// typeName. It can be an operand of anything as it is.
func literal(v columnar.Value) string {
	switch k := v.Kind; {
	case k == columnar.Invalid:
		return "NULL"
	case k == columnar.Boolean:
		return strconv.FormatBool(v.Int != 0)
	case k == columnar.Date:
		at := time.Unix(v.Int*86400, 0).UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			return fmt.Sprintf("date_add('day', BIGINT '%d', DATE '1970-01-01')", v.Int)
		}
		return "DATE '" + at.Format(time.DateOnly) + "'"
	case k == columnar.Timestamp, k == columnar.TimestampNTZ:
		at := time.UnixMicro(v.Int).UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			return fromMicros(fmt.Sprintf("BIGINT '%d'", v.Int))
		}
		return "TIMESTAMP '" + at.Format("2006-01-02 15:04:05.000000") + "'"
	case k.InFloats():
		switch {
		case math.IsNaN(v.Float):
			return "nan()"
		case math.IsInf(v.Float, 1):
			return "infinity()"
		case math.IsInf(v.Float, -1):
			return "(-infinity())"
		}
		return "DOUBLE '" + strconv.FormatFloat(v.Float, 'e', -1, 64) + "'"
	case k == columnar.Decimal:
		return "DECIMAL '" + string(v.Bytes) + "'"
	case k == columnar.String:
		return quoteString(string(v.Bytes))
	case k == columnar.Binary:
		return "X'" + hex.EncodeToString(v.Bytes) + "'"
	}
	return fmt.Sprintf("BIGINT '%d'", v.Int)
}

// typeName is the type that values have in a statement. Whole numbers of all widths
// are bigint there and floats double, as they are one family in a plan; times are
// timestamp(6) by the clock of UTC, of either kind.
func typeName(t columnar.Type) string {
	switch t.Kind {
	case columnar.Boolean:
		return "boolean"
	case columnar.Date:
		return "date"
	case columnar.Timestamp, columnar.TimestampNTZ:
		return "timestamp(6)"
	case columnar.Float, columnar.Double:
		return "double"
	case columnar.String:
		return "varchar"
	case columnar.Binary:
		return "varbinary"
	case columnar.Decimal:
		return fmt.Sprintf("decimal(%d, %d)", t.Precision, t.Scale)
	case columnar.Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = quoteIdent(f.Name) + " " + typeName(f.Type)
		}
		return "row(" + strings.Join(fields, ", ") + ")"
	case columnar.Map:
		return "map(" + typeName(*t.Key) + ", " + typeName(*t.Elem) + ")"
	case columnar.List:
		return "array(" + typeName(*t.Elem) + ")"
	}
	return "bigint"
}

// null is the null of a kind.
func null(k columnar.Kind) string {
	if k == columnar.Invalid {
		return "NULL"
	}
	return "CAST(NULL AS " + typeName(columnar.Of(k)) + ")"
}

const epoch = "TIMESTAMP '1970-01-01 00:00:00.000000'"

// seconds are the whole seconds from 1970 to a timestamp(6), rounded down.
func seconds(x string) string {
	return "date_diff('second', " + epoch + ", date_trunc('second', " + x + "))"
}

// micros are the microseconds from 1970 to a timestamp(6). Trino has no unit as small, but
// a double holds what is left of a day. Its date_add takes no more than an integer, and
// its to_unixtime of a time without a zone asks the session for one.
func micros(x string) string {
	return let(x, func(x string) string {
		return let("date_diff('day', "+epoch+", "+x+")", func(days string) string {
			return "(" + days + " * BIGINT '86400000000' + CAST(round(to_unixtime(with_timezone(date_add('day', -" + days + ", " + x + "), 'UTC')) * DOUBLE '1e6') AS bigint))"
		})
	})
}

// fromMicros is the timestamp(6) so many microseconds after 1970. Trino's times with a
// zone, of which one is made on the way, end at the year 71,000.
func fromMicros(n string) string {
	return let(n, func(n string) string {
		small := "CAST(from_unixtime_nanos(mod(" + n + ", BIGINT '1000') * BIGINT '1000') AT TIME ZONE 'UTC' AS timestamp(6))"
		return "date_add('day', " + n + " / BIGINT '86400000000', date_add('millisecond', mod(" + n + " / BIGINT '1000', BIGINT '86400000'), " + small + "))"
	})
}

// fromSeconds is the same of seconds.
func fromSeconds(n string) string {
	return let(n, func(n string) string {
		return "date_add('day', " + n + " / BIGINT '86400', date_add('second', mod(" + n + ", BIGINT '86400'), " + epoch + "))"
	})
}

// let is what body says of the value of x, which is computed once. Where x is as good
// as a name, it is just that.
func let(x string, body func(name string) string) string {
	if simple(x) {
		return body(x)
	}
	name := "v" + strconv.Itoa(depth(body("")))
	return "transform(ARRAY[" + x + "], " + name + " -> " + body(name) + ")[1]"
}

// depth is how many names a text has of its own: a name that is none of them hides
// nothing that the text reads.
func depth(text string) int {
	n := 0
	for strings.Contains(text, "v"+strconv.Itoa(n)) {
		n++
	}
	return n
}

// simple reports whether an expression costs nothing to have twice: a column, the
// value of a let, or a constant.
func simple(x string) bool {
	rest, column := strings.CutPrefix(x, "q.")
	if column && len(rest) > 1 && rest[0] == '"' {
		return !strings.Contains(strings.ReplaceAll(rest[1:len(rest)-1], `""`, ""), `"`)
	}
	if slices.ContainsFunc([]string{"DATE '", "BIGINT '", "DOUBLE '", "TIMESTAMP '"}, func(p string) bool { return strings.HasPrefix(x, p) }) {
		return strings.Count(x, "'") == 2 && strings.HasSuffix(x, "'")
	}
	return strings.TrimLeft(x, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
