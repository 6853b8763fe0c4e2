package query

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Expr is an expression over the columns of one row. Its text is SQL-like and
// says everything there is to it but the types of columns, which the scan's line
// of the plan has.
type Expr interface {
	String() string
	// operands are the expressions directly inside.
	operands() []Expr
}

// Col is the value of a column. Further path elements are fields of a struct or
// the key of a map, whichever the table has.
type Col struct {
	Path []string
	// Kind is what the column must be. If the table lacks the column, it is null
	// of this kind. Invalid: whatever the input has, and it must have it.
	Kind columnar.Kind
}

// Const is a constant. A Kind of Invalid is NULL without a type.
type Const struct{ Value columnar.Value }

// Op is a comparison.
type Op uint8

// The comparisons, null when either side is.
const (
	Equal Op = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

var opText = [...]string{"=", "!=", "<", "<=", ">", ">="}

func (o Op) String() string { return opText[o] }

// Negate is the comparison that is true where this one is false.
func (o Op) Negate() Op { return [...]Op{NotEqual, Equal, GreaterEqual, Greater, LessEqual, Less}[o] }

// Compare compares numbers, dates and times by size and strings by bytes.
type Compare struct {
	Op   Op
	L, R Expr
}

// And is true if all are, false if any is false, else null. Of nothing it is true.
type And struct{ X []Expr }

// Or is true if any is, false if all are false, else null. Of nothing it is false.
type Or struct{ X []Expr }

// Not is null for null.
type Not struct{ X Expr }

// In is SQL's IN: null for a null X, and null where X is not found but the list
// holds a null. Not of it drops rows where X is null; see DistinctFromAll.
type In struct {
	X    Expr
	List []columnar.Value
}

// DistinctFromAll is true where X differs from every value of the list, and a
// null X differs from every value that is not null. It is never null. This is
// what people mean by NOT IN.
type DistinctFromAll struct {
	X    Expr
	List []columnar.Value
}

// Distinct is IS DISTINCT FROM: not equal, where null equals null. It is never null.
type Distinct struct{ L, R Expr }

// Between is Lo <= X AND X <= Hi.
type Between struct{ X, Lo, Hi Expr }

// Like matches a whole string: % is any text, _ one character, \ takes the next
// character literally. Case counts.
type Like struct {
	X       Expr
	Pattern string
}

// Match is true where the regular expression (RE2) matches anywhere in X.
type Match struct {
	X       Expr
	Pattern string
}

// IsNull is never null.
type IsNull struct{ X Expr }

// Coalesce is the first value that is not null.
type Coalesce struct{ X []Expr }

// Case is the value of the first branch whose condition is true, else Else,
// which may be nil for null.
type Case struct {
	When []When
	Else Expr
}

// When is one branch of a Case.
type When struct{ If, Then Expr }

// Cast converts a value, to null where it cannot be.
type Cast struct {
	X  Expr
	To columnar.Kind
}

// Bucket is the start of the bucket of time that X, a timestamp, is in.
type Bucket struct {
	X    Expr
	Unit string // second, minute, hour, day, week (from Monday), month, quarter, year, or a duration such as 15m or 6h
	Zone string // IANA name of the time zone whose clock decides; "" is UTC
}

// ArithOp is an operator of arithmetic.
type ArithOp uint8

// The operators of arithmetic.
const (
	Add ArithOp = iota
	Sub
	Mul
	Div
)

var arithText = [...]string{"+", "-", "*", "/"}

func (o ArithOp) String() string { return arithText[o] }

// Arith is arithmetic over numbers and times, null where a side is.
//
//	long + - * long        a long, null beyond its range
//	with a double          the long becomes a double, and so is the value
//	/                      a double, null where R is 0
//	timestamp - timestamp  the seconds from R to L as a double
//	timestamp + - number   the timestamp so many seconds later or earlier, to the
//	                       microsecond; null beyond the range of a timestamp
//
// What is beyond a long is null and no error, because expressions are computed
// for entries of dictionaries that no row has. Doubles follow IEEE 754.
type Arith struct {
	Op   ArithOp
	L, R Expr
}

// Constructors for the parts that plans use most.

// Column is a column that must have the kind where it exists and is null where
// it does not.
func Column(kind columnar.Kind, path ...string) Col { return Col{Path: path, Kind: kind} }

// Name is a column that must exist, such as an output of an operator below.
func Name(path ...string) Col { return Col{Path: path} }

// Str is a string constant.
func Str(s string) Const { return Const{columnar.StringValue(s)} }

// Int is a long constant.
func Int(i int64) Const { return Const{columnar.IntValue(columnar.Long, i)} }

// Float is a double constant.
func Float(f float64) Const { return Const{columnar.FloatValue(f)} }

// Bool is a boolean constant.
func Bool(b bool) Const { //nolint:revive // a constant's value, not a switch
	v := columnar.IntValue(columnar.Boolean, 0)
	if b {
		v.Int = 1
	}
	return Const{v}
}

// Time is a timestamp constant.
func Time(t time.Time) Const {
	return Const{columnar.IntValue(columnar.Timestamp, t.UnixMicro())}
}

// Strs are string values for a list.
func Strs(s ...string) []columnar.Value {
	out := make([]columnar.Value, len(s))
	for i := range s {
		out[i] = columnar.StringValue(s[i])
	}
	return out
}

// Eq is l = r.
func Eq(l, r Expr) Expr { return Compare{Equal, l, r} }

// Every is the conjunction of the expressions.
func Every(x ...Expr) Expr { return And{x} }

// NotNull is true where x is not null.
func NotNull(x Expr) Expr { return Not{IsNull{x}} }

func (Col) operands() []Expr               { return nil }
func (Const) operands() []Expr             { return nil }
func (e Compare) operands() []Expr         { return []Expr{e.L, e.R} }
func (e And) operands() []Expr             { return e.X }
func (e Or) operands() []Expr              { return e.X }
func (e Not) operands() []Expr             { return []Expr{e.X} }
func (e In) operands() []Expr              { return []Expr{e.X} }
func (e DistinctFromAll) operands() []Expr { return []Expr{e.X} }
func (e Distinct) operands() []Expr        { return []Expr{e.L, e.R} }
func (e Between) operands() []Expr         { return []Expr{e.X, e.Lo, e.Hi} }
func (e Like) operands() []Expr            { return []Expr{e.X} }
func (e Match) operands() []Expr           { return []Expr{e.X} }
func (e IsNull) operands() []Expr          { return []Expr{e.X} }
func (e Coalesce) operands() []Expr        { return e.X }
func (e Cast) operands() []Expr            { return []Expr{e.X} }
func (e Bucket) operands() []Expr          { return []Expr{e.X} }
func (e Arith) operands() []Expr           { return []Expr{e.L, e.R} }
func (e Case) operands() []Expr {
	var out []Expr
	for _, w := range e.When {
		out = append(out, w.If, w.Then)
	}
	if e.Else != nil {
		out = append(out, e.Else)
	}
	return out
}

// Columns are the columns an expression reads, each occurrence.
func Columns(e Expr) []Col {
	return appendColumns(nil, e)
}

func appendColumns(out []Col, e Expr) []Col {
	if c, ok := e.(Col); ok {
		return append(out, c)
	}
	for _, x := range e.operands() {
		out = appendColumns(out, x)
	}
	return out
}

// Nodes is how many expressions an expression is made of, or more than most.
func Nodes(e Expr, most int) int {
	n := 1
	for _, x := range e.operands() {
		if n > most {
			break
		}
		n += Nodes(x, most-n)
	}
	return n
}

// Conjuncts are the expressions that must all be true for e to be.
func Conjuncts(e Expr) []Expr {
	and, ok := e.(And)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, x := range and.X {
		out = append(out, Conjuncts(x)...)
	}
	return out
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved words would be read as syntax, so names like them are quoted.
var reserved = []string{
	"and", "or", "not", "in", "is", "null", "true", "false", "between", "like", "matches", "case", "when",
	"then", "else", "end", "as", "by", "where", "from", "to", "columns", "desc", "date", "timestamp", "over", "on", "within",
}

// quoteName is a name as plans print it. The words that start a literal are only
// taken as such before a quote, so date stays plain.
func quoteName(s string) string {
	if plainName.MatchString(s) && (s == "date" || s == "timestamp" || !slices.Contains(reserved, strings.ToLower(s))) {
		return s
	}
	return "`" + strings.ReplaceAll(s, "`", "``") + "`"
}

func (e Col) String() string {
	parts := make([]string, len(e.Path))
	for i, p := range e.Path {
		parts[i] = quoteName(p)
	}
	return strings.Join(parts, ".")
}

// ValueText is a value as plans print it.
func ValueText(v columnar.Value) string {
	switch v.Kind {
	case columnar.Invalid:
		return "null"
	case columnar.Boolean:
		return strconv.FormatBool(v.Int != 0)
	case columnar.Date:
		return "date '" + time.Unix(v.Int*86400, 0).UTC().Format(time.DateOnly) + "'"
	case columnar.Timestamp:
		return "timestamp '" + time.UnixMicro(v.Int).UTC().Format(time.RFC3339Nano) + "'"
	case columnar.TimestampNTZ:
		return "timestamp_ntz '" + time.UnixMicro(v.Int).UTC().Format("2006-01-02T15:04:05.999999") + "'"
	case columnar.Decimal:
		return string(v.Bytes)
	case columnar.Float, columnar.Double:
		s := strconv.FormatFloat(v.Float, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s
	case columnar.String:
		return quoteString(string(v.Bytes))
	case columnar.Binary:
		return "x'" + hex.EncodeToString(v.Bytes) + "'"
	}
	return strconv.FormatInt(v.Int, 10)
}

func quoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// inner is an operand, in brackets where it would be read differently without.
func inner(e Expr) string {
	switch e.(type) {
	case Col, Const, Coalesce, Cast, Call, Bucket, Case, Search:
		return e.String()
	}
	return "(" + e.String() + ")"
}

func join(x []Expr, sep string, text func(Expr) string) string {
	parts := make([]string, len(x))
	for i := range x {
		parts[i] = text(x[i])
	}
	return strings.Join(parts, sep)
}

func plain(e Expr) string { return e.String() }

func list(values []columnar.Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = ValueText(v)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func (e Const) String() string   { return ValueText(e.Value) }
func (e Compare) String() string { return inner(e.L) + " " + e.Op.String() + " " + inner(e.R) }
func (e And) String() string {
	switch len(e.X) {
	case 0:
		return "true"
	case 1:
		return e.X[0].String()
	}
	return join(e.X, " and ", nested)
}

func (e Or) String() string {
	switch len(e.X) {
	case 0:
		return "false"
	case 1:
		return e.X[0].String()
	}
	return join(e.X, " or ", nested)
}

// nested is an operand of AND, OR or NOT.
func nested(e Expr) string {
	s := e.String()
	switch e.(type) {
	case And, Or, Between:
		return "(" + s + ")"
	case Not:
		if strings.HasPrefix(s, "not ") {
			return "(" + s + ")"
		}
	}
	return s
}

func (e Not) String() string {
	switch x := e.X.(type) {
	case IsNull:
		return inner(x.X) + " is not null"
	case Distinct:
		return inner(x.L) + " is not distinct from " + inner(x.R)
	}
	return "not " + nested(e.X)
}
func (e In) String() string              { return inner(e.X) + " in " + list(e.List) }
func (e DistinctFromAll) String() string { return inner(e.X) + " is distinct from all " + list(e.List) }
func (e Distinct) String() string        { return inner(e.L) + " is distinct from " + inner(e.R) }
func (e Between) String() string {
	return inner(e.X) + " between " + inner(e.Lo) + " and " + inner(e.Hi)
}
func (e Like) String() string     { return inner(e.X) + " like " + quoteString(e.Pattern) }
func (e Match) String() string    { return inner(e.X) + " matches " + quoteString(e.Pattern) }
func (e IsNull) String() string   { return inner(e.X) + " is null" }
func (e Coalesce) String() string { return "coalesce(" + join(e.X, ", ", plain) + ")" }
func (e Cast) String() string     { return "cast(" + e.X.String() + " as " + e.To.String() + ")" }
func (e Arith) String() string    { return inner(e.L) + " " + e.Op.String() + " " + inner(e.R) }
func (e Bucket) String() string {
	zone := e.Zone
	if zone == "" {
		zone = "UTC"
	}
	return "bucket(" + e.X.String() + ", " + quoteString(e.Unit) + ", " + quoteString(zone) + ")"
}

func (e Case) String() string {
	var b strings.Builder
	b.WriteString("case")
	for _, w := range e.When {
		b.WriteString(" when " + w.If.String() + " then " + w.Then.String())
	}
	if e.Else != nil {
		b.WriteString(" else " + e.Else.String())
	}
	b.WriteString(" end")
	return b.String()
}
