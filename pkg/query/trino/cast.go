package trino

import (
	"fmt"
	"math"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Texts that may be cast. Trino's own casts take spaces, and more besides.
const (
	longText   = `\A[+-]?[0-9]+\z`
	doubleText = `\A[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\z`
	dateText   = `\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z`
	timeText   = `\A[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})\z`
	timeParts  = `\A([-0-9]+)T([:0-9]+)(\.[0-9]{1,6})?[0-9]*(Z|[-+][:0-9]+)\z`
)

func (s scope) cast(e query.Cast) string {
	from := s.typeOf(e.X)
	if from.Kind == columnar.Invalid {
		return null(e.To)
	}
	x := s.print(e.X)
	switch k := from.Kind; {
	case k == e.To:
		return x
	case k == columnar.String:
		return parse(x, e.To)
	case e.To == columnar.String:
		return text(x, k)
	case k.InFloats() && e.To == columnar.Long:
		return "TRY_CAST(truncate(" + x + ") AS bigint)"
	case e.To == columnar.Float:
		return let(x, func(x string) string {
			return fmt.Sprintf("(CASE WHEN abs(%s) <= %s OR is_nan(%s) THEN %s END)", x, literal(columnar.FloatValue(math.MaxFloat32)), x, x)
		})
	case k.InInts() && e.To < columnar.Long:
		bits := map[columnar.Kind]int{columnar.Byte: 8, columnar.Short: 16, columnar.Integer: 32}[e.To]
		return let(x, func(x string) string {
			return fmt.Sprintf("(CASE WHEN %s BETWEEN BIGINT '%d' AND BIGINT '%d' THEN %s END)", x, -1<<(bits-1), 1<<(bits-1)-1, x)
		})
	}
	if to := typeName(columnar.Of(e.To)); to != typeName(from) {
		return "CAST(" + x + " AS " + to + ")"
	}
	return x
}

// parse is a text as a value of another kind. What the expression does not take is null,
// and so is what TRY_CAST does not.
func parse(x string, to columnar.Kind) string {
	whole := func(pattern string) string { return "regexp_extract(" + x + ", " + quoteString(pattern) + ")" }
	switch to {
	case columnar.Long:
		return "TRY_CAST(" + whole(longText) + " AS bigint)"
	case columnar.Double: // what is too large for one is infinite in Trino
		return unless("TRY_CAST("+whole(doubleText)+" AS double)", func(x string) string { return "is_infinite(" + x + ")" })
	case columnar.Boolean: // ſ is an s whose case does not count
		return "(CASE replace(lower(" + x + "), 'ſ', 's') WHEN 'true' THEN true WHEN 'false' THEN false END)"
	case columnar.Date:
		return "TRY_CAST(" + whole(dateText) + " AS date)"
	}
	parts := fmt.Sprintf("regexp_replace(replace(%s, ',', '.'), %s, '$1 $2$3 $4')", whole(timeText), quoteString(timeParts))
	return "CAST(TRY_CAST(" + parts + " AS timestamp(6) with time zone) AT TIME ZONE 'UTC' AS timestamp(6))"
}

// text is a value as the text that a cast gives.
func text(x string, from columnar.Kind) string {
	varchar := "CAST(" + x + " AS varchar)"
	switch {
	case from == columnar.Timestamp, from == columnar.TimestampNTZ:
		text := "regexp_replace(replace(" + varchar + `, ' ', 'T'), '\.?0+\z', '')`
		if from == columnar.Timestamp {
			return "(" + text + " || 'Z')"
		}
		return text
	case from.InFloats():
		return doubleAsText(x)
	}
	return varchar
}

// doubleAsText is the shortest text that is read as the same double, as Go's %g has it:
// with an exponent below 1e-4 and from 1e6 on. Trino's has one always: 1.25E-2.
func doubleAsText(x string) string {
	return let("CAST("+x+" AS varchar)", func(t string) string {
		digits := `replace(regexp_extract(` + t + `, '\A-?([0-9.]+?)(?:\.0)?E', 1), '.', '')`
		exponent := `CAST(regexp_extract(` + t + `, 'E(.+)\z', 1) AS bigint)`
		sign := "if(starts_with(" + t + ", '-'), '-', '')"
		number := let(digits, func(d string) string {
			return let(exponent, func(e string) string {
				return "(CASE" +
					" WHEN " + e + " BETWEEN 0 AND 5 THEN rpad(substr(" + d + ", 1, " + e + " + 1), " + e + " + 1, '0') || if(length(" + d + ") > " + e + " + 1, '.' || substr(" + d + ", " + e + " + 2), '')" +
					" WHEN " + e + " BETWEEN -4 AND -1 THEN '0.' || rpad('', -" + e + " - 1, '0') || " + d +
					" ELSE substr(" + d + ", 1, 1) || if(length(" + d + ") > 1, '.' || substr(" + d + ", 2), '') || 'e' || if(" + e + " < 0, '-', '+')" +
					" || lpad(CAST(abs(" + e + ") AS varchar), greatest(2, length(CAST(abs(" + e + ") AS varchar))), '0') END)"
			})
		})
		return "(CASE " + t + " WHEN 'NaN' THEN 'NaN' WHEN 'Infinity' THEN '+Inf' WHEN '-Infinity' THEN '-Inf' ELSE " + sign + " || " + number + " END)"
	})
}
