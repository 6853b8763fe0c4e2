// Package sql turns SELECT statements into plans.
//
//	text ──Parse──► Statement ──Plan──► query.Plan
//	                            ▲
//	                       Binding: time range, parameters
//
// A statement is parsed once and lowered for each call, in one pass: sources and
// joins, WHERE, groups and aggregates, HAVING, windows, the select list, DISTINCT,
// ORDER BY, LIMIT. What a plan cannot say is refused by its name, with line and
// column.
//
// The dialect is that of Spark and Databricks where engines differ, because that is
// what the tables' users write: `split(x, '-')[1]` counts from 0, text may be in
// double quotes, names in backticks, a path such as requestParams.cluster_name goes
// into structs and maps alike. Beyond it:
//
//	$name               a parameter: a value, or in IN and as the last argument of a
//	                    function a list
//	$__timeFrom(), $__timeTo()
//	                    the ends of the time range
//	a - b               of timestamps the seconds between them; an INTERVAL is seconds too
//	text op number      compares as numbers, null where the text is none
//	ORDER BY            nulls come first, ascending and descending; rows with equal keys
//	                    are ordered by their other columns
//
// Scans are within Binding.Scans by themselves: tables of events by their time,
// delivered lines by the date of their delivery, runs by their start.
package sql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// ErrNoEnd is a statement that looks at the end of a time range that has none.
var ErrNoEnd = errors.New("the time range has no end, and the query looks back from there")

// ErrUnsupported is SQL that is right but that no plan says: another engine may answer
// the statement. Mistakes, such as a column that is not there, are no such errors.
var ErrUnsupported = errors.New("no plan says this")

// unsupported is an ErrUnsupported that names the construct.
type unsupported string

func (u unsupported) Error() string        { return string(u) }
func (u unsupported) Is(target error) bool { return target == ErrUnsupported }

// Error is what is wrong with a statement, and where.
type Error struct {
	Line, Column int // from 1, columns in characters
	Why          error
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %v", e.Line, e.Column, e.Why) }

// Unwrap gives the reason without the place.
func (e *Error) Unwrap() error { return e.Why }

// Statement is a parsed SELECT. It is immutable.
type Statement struct {
	text   string // as it was written
	places places // where what was parsed is in it; nil for the same places
	root   *selection

	// Of ParseWhole: what was parsed, and its tokens.
	expanded string
	tokens   []token
}

// Binding is what a statement is lowered with.
type Binding struct {
	// Range is what $__timeFrom() and $__timeTo() are the ends of.
	Range query.TimeRange
	// Scans is what of the tables is read.
	Scans query.TimeRange
	// Now is what now() is where Range has no end.
	Now time.Time
	// Params are the parameters by name.
	Params map[string]Param
}

// Param is the value of a parameter, or the values of a list.
type Param struct {
	Values []columnar.Value
	List   bool
}

// Scalar is the parameter with one value.
func Scalar(v columnar.Value) Param { return Param{Values: []columnar.Value{v}} }

// List is the parameter with these values.
func List(values ...columnar.Value) Param { return Param{Values: values, List: true} }

// Parse reads one SELECT statement. The error is an *Error, which wraps ErrUnsupported
// where the statement is one that plans have no words for.
func Parse(text string) (*Statement, error) { return parse(text, text, nil) }

// parse reads what became of a text.
func parse(text, expanded string, from places) (_ *Statement, err error) {
	p := parser{text: expanded}
	defer recoverAt(text, from, &err)
	p.tokens = lex(expanded)
	s := &Statement{text: text, places: from, root: p.selection()}
	p.end()
	return s, nil
}

// Plan lowers the statement. It is pure. The error is an *Error, which wraps
// ErrNoEnd or ErrUnsupported where that is the reason.
func (s *Statement) Plan(b Binding) (_ query.Plan, err error) {
	l := lowering{binding: b}
	defer recoverAt(s.text, s.places, &err)
	return l.selection(s.root, nil).plan, nil
}

// Params are the names of the parameters that the statement uses, in byte order.
func (s *Statement) Params() []string {
	names := map[string]bool{}
	walkSelection(s.root, func(e expr) {
		if p, ok := e.(*param); ok {
			names[p.name] = true
		}
	})
	var out []string
	for name := range names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// fault is an error at an offset of the text. Parsing and lowering raise it as a
// panic, which Parse and Plan turn into an *Error.
type fault struct {
	at  int
	why error
}

func fail(at int, format string, args ...any) {
	panic(fault{at, fmt.Errorf(format, args...)})
}

// refuse raises an ErrUnsupported.
func refuse(at int, format string, args ...any) {
	panic(fault{at, unsupported(fmt.Sprintf(format, args...))})
}

func recoverAt(text string, from places, err *error) {
	switch r := recover().(type) {
	case nil:
	case fault:
		before := text[:min(from.original(r.at), len(text))]
		line := strings.Count(before, "\n") + 1
		start := strings.LastIndexByte(before, '\n') + 1
		*err = &Error{line, len([]rune(before[start:])) + 1, r.why}
	default:
		panic(r)
	}
}
