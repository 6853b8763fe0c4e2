package trino

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// scope is the columns that expressions are over. What an expression is in Trino can be
// an operand of anything; none ends a query with an error, as null is the value of what
// has none.
type scope struct {
	p     *statement
	cols  []query.BoundCol
	names []string // of the columns
}

// column is a column of the operator below, which is called q.
func column(name string) string { return "q." + quoteIdent(name) }

func (s scope) typeOf(e query.Expr) columnar.Type {
	t, err := query.TypeOf(e, s.cols)
	s.p.note(err)
	return t
}

func (s scope) kind(e query.Expr) columnar.Kind { return s.typeOf(e).Kind }

// common is the kind that expressions are compared as.
func (s scope) common(x ...query.Expr) columnar.Kind {
	for _, e := range x {
		if k := s.kind(e); k != columnar.Invalid {
			return k
		}
	}
	return columnar.String
}

// as is an expression as a value of a kind: NULL has a type then, and a long among
// doubles is one.
func (s scope) as(e query.Expr, k columnar.Kind) string {
	switch own := s.kind(e); {
	case own == columnar.Invalid:
		return null(k)
	case k.InFloats() && own.InInts():
		return "CAST(" + s.print(e) + " AS double)"
	}
	return s.print(e)
}

func (s scope) all(x []query.Expr, k columnar.Kind) []string {
	out := make([]string, len(x))
	for i := range x {
		out[i] = s.as(x[i], k)
	}
	return out
}

func (s scope) print(e query.Expr) string {
	switch e := e.(type) {
	case query.Col:
		if i := query.FindColumn(s.cols, e.Path); i >= 0 {
			return column(s.names[i])
		}
		s.p.note(fmt.Errorf("no column %s", e))
		return "NULL"
	case query.Const:
		return literal(e.Value)
	case query.Compare:
		k := s.common(e.L, e.R)
		return compare(e.Op, s.as(e.L, k), s.as(e.R, k), k)
	case query.And:
		return connected(s.all(e.X, columnar.Boolean), " AND ", "true")
	case query.Or:
		return connected(s.all(e.X, columnar.Boolean), " OR ", "false")
	case query.Not:
		return "(NOT " + s.as(e.X, columnar.Boolean) + ")"
	case query.In:
		return s.in(e.X, e.List)
	case query.DistinctFromAll:
		return s.distinctFromAll(e)
	case query.Distinct:
		k := s.common(e.L, e.R)
		return "(" + s.as(e.L, k) + " IS DISTINCT FROM " + s.as(e.R, k) + ")"
	case query.Between:
		return s.between(e)
	case query.Like:
		return "(" + s.as(e.X, columnar.String) + " LIKE " + quoteString(likePattern(e.Pattern)) + ` ESCAPE '\')`
	case query.Match:
		pattern, err := printRegexp(e.Pattern)
		s.p.note(err)
		return "regexp_like(" + s.as(e.X, columnar.String) + ", " + quoteString(pattern) + ")"
	case query.Search:
		return s.search(e)
	case query.IsNull:
		return "(" + s.print(e.X) + " IS NULL)"
	case query.Coalesce:
		x := s.all(e.X, s.kind(e))
		if len(x) == 1 {
			return x[0]
		}
		return "coalesce(" + strings.Join(x, ", ") + ")"
	case query.Case:
		return s.cases(e)
	case query.Cast:
		return s.cast(e)
	case query.Bucket:
		return bucket(s.as(e.X, columnar.Timestamp), e, s.p)
	case query.Arith:
		return s.arith(e)
	case query.Call:
		return s.call(e)
	}
	s.p.note(&UnsupportedError{fmt.Sprintf("%T", e)})
	return "NULL"
}

func connected(x []string, with, none string) string {
	switch len(x) {
	case 0:
		return none
	case 1:
		return x[0]
	}
	return "(" + strings.Join(x, with) + ")"
}

// compare is a comparison. Trino's NaN is neither equal to anything nor less or greater.
func compare(op query.Op, l, r string, k columnar.Kind) string {
	if !k.InFloats() {
		return "(" + l + " " + opText[op] + " " + r + ")"
	}
	return let(l, func(l string) string {
		return let(r, func(r string) string { return compareDoubles(op, l, r) })
	})
}

var opText = [...]string{"=", "<>", "<", "<=", ">", ">="}

func compareDoubles(op query.Op, l, r string) string {
	switch op {
	case query.Equal:
		if number(l) || number(r) {
			return "(" + l + " = " + r + ")"
		}
		return "(" + l + " = " + r + " OR (is_nan(" + l + ") AND is_nan(" + r + ")))"
	case query.Less:
		if number(l) {
			return "(" + l + " < " + r + ")"
		}
		if number(r) {
			return "(" + l + " < " + r + " OR is_nan(" + l + "))"
		}
		return "(" + l + " < " + r + " OR (is_nan(" + l + ") AND NOT is_nan(" + r + ")))"
	case query.Greater:
		return compareDoubles(query.Less, r, l)
	}
	return "(NOT " + compareDoubles(op.Negate(), l, r) + ")"
}

// number reports whether an expression is a constant that is a number.
func number(x string) bool { return strings.HasPrefix(x, "DOUBLE '") }

func (s scope) between(e query.Between) string {
	k := s.common(e.X, e.Lo, e.Hi)
	x, lo, hi := s.as(e.X, k), s.as(e.Lo, k), s.as(e.Hi, k)
	if !k.InFloats() {
		return "(" + x + " BETWEEN " + lo + " AND " + hi + ")"
	}
	return let(x, func(x string) string {
		return "(" + compare(query.LessEqual, lo, x, k) + " AND " + compare(query.LessEqual, x, hi, k) + ")"
	})
}

// in is SQL's IN. NaN is found by itself alone.
func (s scope) in(x query.Expr, list []columnar.Value) string {
	if len(list) == 0 {
		return "false"
	}
	k := s.kind(x)
	var values []string
	hasNaN := false
	for _, v := range list {
		switch {
		case v.Kind.InFloats() && v.Float != v.Float:
			hasNaN = true
			continue
		case k == columnar.Invalid:
			k = v.Kind
		}
		values = append(values, literal(v))
	}
	if k == columnar.Invalid {
		return null(columnar.Boolean)
	}
	text := s.as(x, k)
	switch {
	case !hasNaN:
		return "(" + text + " IN (" + strings.Join(values, ", ") + "))"
	case len(values) == 0:
		return "is_nan(" + text + ")"
	}
	return let(text, func(x string) string {
		return "(is_nan(" + x + ") OR " + x + " IN (" + strings.Join(values, ", ") + "))"
	})
}

func (s scope) distinctFromAll(e query.DistinctFromAll) string {
	var values []columnar.Value
	ofNull := "true"
	for _, v := range e.List {
		if v.Kind == columnar.Invalid {
			ofNull = "false"
		} else {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		if ofNull == "true" {
			return "true"
		}
		return "(" + s.print(e.X) + " IS NOT NULL)"
	}
	return "coalesce(NOT " + s.in(e.X, values) + ", " + ofNull + ")"
}

// likePattern is a pattern in which nothing is escaped that need not be: Trino takes
// that for an error.
func likePattern(pattern string) string {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case escaped && (r == '%' || r == '_' || r == '\\'):
			b.WriteByte('\\')
		}
		escaped = false
		b.WriteRune(r)
	}
	return b.String()
}

func (s scope) cases(e query.Case) string {
	t := s.kind(e)
	otherwise := null(t)
	if e.Else != nil {
		otherwise = s.as(e.Else, t)
	}
	if len(e.When) == 0 {
		return otherwise
	}
	var b strings.Builder
	b.WriteString("(CASE")
	for _, w := range e.When {
		b.WriteString(" WHEN " + s.as(w.If, columnar.Boolean) + " THEN " + s.as(w.Then, t))
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + otherwise)
	}
	return b.String() + " END)"
}

// search looks for a text in one value after the other. Of a text of ASCII no more than
// ASCII's letters have a case.
func (s scope) search(e query.Search) string {
	f := finder{text: strings.ToLower(e.Text)}
	f.ascii = !strings.ContainsFunc(e.Text, func(r rune) bool { return r >= utf8.RuneSelf })
	parts := make([]string, len(e.X))
	for i, x := range e.X {
		parts[i] = "coalesce(" + f.in(s.print(x), s.typeOf(x)) + ", false)"
	}
	return connected(parts, " OR ", "false")
}

type finder struct {
	text  string
	ascii bool
}

func (f finder) in(x string, t columnar.Type) string {
	switch t.Kind {
	case columnar.Invalid:
		return "false"
	case columnar.Map:
		return "any_match(map_entries(" + x + "), e -> e[2] IS NOT NULL AND (" + f.found("e[1]") + " OR " + f.found("e[2]") + "))"
	case columnar.Struct:
		parts := make([]string, len(t.Fields))
		for i, field := range t.Fields {
			name := strings.ToLower(field.Name)
			if f.ascii {
				name = lowerASCII(field.Name)
			}
			if x := x + "." + quoteIdent(field.Name); strings.Contains(name, f.text) {
				parts[i] = "(" + x + " IS NOT NULL)"
			} else {
				parts[i] = "coalesce(" + f.found(x) + ", false)"
			}
		}
		return connected(parts, " OR ", "false")
	}
	return f.found(x)
}

const (
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls   = "abcdefghijklmnopqrstuvwxyz"
)

func (f finder) found(x string) string {
	lower := "lower(" + x + ")"
	if f.ascii {
		lower = "translate(" + x + ", '" + capitals + "', '" + smalls + "')"
	}
	return "(strpos(" + lower + ", " + quoteString(f.text) + ") > 0)"
}

// lowerASCII is a name with its letters of ASCII small.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToLower(r)
		}
		return r
	}, s)
}

// arith is arithmetic. TRY is null where Trino has an error, which is beyond a long.
func (s scope) arith(e query.Arith) string {
	k := s.kind(e)
	op := " " + e.Op.String() + " "
	switch {
	case k == columnar.Timestamp:
		moved := "round(" + s.as(e.R, columnar.Double) + " * DOUBLE '1e6')"
		return "TRY(" + fromMicros(micros(s.as(e.L, columnar.Timestamp))+op+"CAST("+moved+" AS bigint)") + ")"
	case s.common(e.L, e.R) == columnar.Timestamp:
		l, r := micros(s.as(e.L, columnar.Timestamp)), micros(s.as(e.R, columnar.Timestamp))
		return "(CAST(TRY(" + l + " - " + r + ") AS double) / DOUBLE '1e6')"
	case e.Op == query.Div:
		return "(" + s.as(e.L, columnar.Double) + " / " + unless(s.as(e.R, columnar.Double), func(r string) string { return r + " = DOUBLE '0'" }) + ")"
	case k.InFloats():
		return "(" + s.as(e.L, k) + op + s.as(e.R, k) + ")"
	}
	return "TRY(" + s.as(e.L, k) + op + s.as(e.R, k) + ")"
}

// unless is a double, or null if something is true of it. It is no NULLIF: where its value
// is known before there are rows and is null, Trino 476 ends the query with an error.
func unless(x string, is func(x string) string) string {
	return let(x, func(x string) string { return "if(" + is(x) + ", NULL, " + x + ")" })
}

// call is a function. One that has a NULL among its arguments is null.
func (s scope) call(e query.Call) string {
	args := make([]string, len(e.Args))
	kinds := make([]columnar.Kind, len(e.Args))
	for i, x := range e.Args {
		if kinds[i] = s.kind(x); kinds[i] == columnar.Invalid {
			return null(s.kind(e))
		}
		args[i] = s.print(x)
	}
	text, err := printCall(e, args, kinds)
	s.p.note(err)
	return text
}
