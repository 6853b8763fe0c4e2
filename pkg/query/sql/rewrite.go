package sql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Rewritten is a statement as SQLite answers it. Nothing of what was written is in its
// text but constants: tables, columns and sources have names of their own, and what is
// computed of a row by the rules of plans is a call:
//
//	t0, t1       tables: Inputs, with the columns c0, c1, ...
//	s0, s1       sources of FROM
//	q0, q1       queries of WITH
//	lake_value(?1, n, x, y)      Values[n] of x, y
//	lake_aggregate(?1, n, x, y)  Aggregates[n] of the rows' x, y
//
// Values in SQLite: whole numbers, dates (days since 1970), times (microseconds since
// 1970, UTC) and truth values (0 and 1) are integers; doubles are reals, of which NaN is
// null; texts are texts. Which of them an integer is, is known by where it stands.
type Rewritten struct {
	Text       string
	Columns    columnar.Schema // a column without a type is all null
	Inputs     []*Input
	Values     []RowValue
	Aggregates []RowAggregate
}

// RowValue is an expression over the arguments of a call, which it names by their
// numbers, from 0. If there is a Match, it is instead that of the first argument with
// the pattern that is the second: like or rlike.
type RowValue struct {
	Expr  query.Expr
	Match string
	Args  []query.BoundCol
}

// RowAggregate is an aggregate that SQLite does not have, by its name: arg_min, arg_max,
// percentile (exact, nearest rank), set, list, text (a set or list joined by the second
// argument), stddev and variance with _pop or _samp, mode.
type RowAggregate struct {
	Func     string
	Args     []columnar.Kind
	P        float64 // of percentile
	Distinct bool
}

// Tables tells what the tables of a lake have.
type Tables struct {
	// Kind is the kind of a column, which may be given with the kind that it has where
	// the table lacks it; an error says that there is none.
	Kind func(table string, c query.Col) (columnar.Kind, error)
	// Columns are the names that a star of a look-up stands for.
	Columns func(table string) ([]string, error)
	// Schema is what a plan gives. If it is nil, no part of a statement becomes one.
	Schema func(query.Plan) (columnar.Schema, error)
}

// Rewrite is the statement, read by ParseWhole, for SQLite. The error is an *Error.
func (s *Statement) Rewrite(b Binding, tables Tables) (_ *Rewritten, err error) {
	r := rewriting{lowering: lowering{binding: b}, statement: s, tables: tables, leaves: map[string]leaf{}, texts: map[string]bool{}}
	defer recoverAt(s.text, s.places, &err)
	text, cols := r.selection(s.root, nil, nil, nil)
	r.out.Text = text
	for _, c := range cols {
		r.out.Columns = append(r.out.Columns, columnar.Field{Name: c.name, Type: columnar.Of(c.kind)})
	}
	return &r.out, nil
}

// rewriting makes a Rewritten. It raises faults.
//
// Scalar expressions are lowered as those of plans are, but over leaves: columns whose
// only name is what they are in SQLite's text, be it a column, an aggregate or a query.
type rewriting struct {
	lowering
	statement *Statement
	tables    Tables
	out       Rewritten
	leaves    map[string]leaf // by text, of the columns of tables
	texts     map[string]bool // of all leaves: print writes no other
	names     int             // of sources and queries that were given
	tried     int             // nodes of expressions that were looked at for plans of parts
}

// leaf is a column of an input.
type leaf struct {
	input  *Input
	column int
	json   bool // read as JSON
	scope  *wholeScope
	source int // of scope
}

// wholeCTE is a query of WITH that a selection sees.
type wholeCTE struct {
	name  string
	names []string // that are given to its columns, or none
	id    string
	cols  []column   // nil before the first of its arms is read
	plain *selection // what a plan can have for it; nil if it cannot
	input *Input     // what it is for SQLite, each time another copy; nil if it is a query there
	at    int
	outer *wholeCTE
}

// has sets the columns.
func (c *wholeCTE) has(cols []column) {
	if c.names != nil && len(c.names) != len(cols) {
		fail(c.at, "%s has %d names of columns, and its query has %d columns", c.name, len(c.names), len(cols))
	}
	c.cols = slices.Clone(cols)
	for i, name := range c.names {
		c.cols[i].name = name
	}
}

func (r *rewriting) id(prefix string) string {
	r.names++
	return fmt.Sprintf("%s%d", prefix, r.names)
}

// selection is the text of a selection and its columns, which are c0, c1, .... Self is
// the CTE that it is the query of, if that may read itself.
func (r *rewriting) selection(s *selection, outer *wholeScope, ctes, self *wholeCTE) (string, []column) {
	front := ""
	var with []string
	for _, c := range s.with {
		var text string
		if text, ctes = r.with(c, s.recursive, outer, ctes); text != "" {
			with = append(with, text)
		}
	}
	if len(with) > 0 {
		front = "WITH "
		if s.recursive {
			front = "WITH RECURSIVE "
		}
		front += strings.Join(with, ", ") + " "
	}
	if len(s.arms) == 1 && s.arms[0].core != nil {
		text, cols := r.core(s.arms[0].core, s, outer, ctes)
		return front + text, cols
	}
	text, cols := r.compound(s, outer, ctes, self)
	keys := make([]string, len(s.order))
	for i, k := range s.order {
		at, ok := outputOf(k.expr, cols)
		if !ok {
			fail(k.expr.pos(), "behind UNION, INTERSECT and EXCEPT rows are ordered by columns, by name or number%s", nearPath(k.expr, cols))
		}
		keys[i] = k.text(strconv.Itoa(at + 1))
	}
	return front + text + orderText(keys, len(cols)) + r.partText(s), cols
}

// with is a query of WITH, and what is seen behind it. What a plan says has no text.
func (r *rewriting) with(c cte, recursive bool, outer *wholeScope, ctes *wholeCTE) (string, *wholeCTE) { //nolint:revive // as WITH has it
	made := &wholeCTE{name: c.name, names: c.cols, id: r.id("q"), at: c.at, outer: ctes}
	sees, self := ctes, (*wholeCTE)(nil)
	if recursive {
		sees, self = made, made
	}
	if in, cols := r.planned(c.of.span, sees); in != nil {
		if made.has(cols); c.cols == nil {
			made.plain = r.statement.plain(c.of.span)
		}
		made.input = in
		return "", made
	}
	text, cols := r.selection(c.of, outer, sees, self)
	made.has(cols)
	return fmt.Sprintf("%s(%s) AS (%s)", made.id, columnList(len(cols)), text), made
}

// compound is the arms with what is between them. INTERSECT binds more tightly than
// the others, as in SQL's standard and not in SQLite.
func (r *rewriting) compound(s *selection, outer *wholeScope, ctes, self *wholeCTE) (string, []column) {
	var cols []column
	texts := make([]string, len(s.arms))
	for i, a := range s.arms {
		var have []column
		once := func(in *Input) {
			if i > 0 && s.ops[i-1] != "UNION ALL" || i < len(s.ops) && s.ops[i] != "UNION ALL" { // each row counts once
				in.once()
			}
		}
		if a.nested != nil {
			texts[i], have = r.part(a.nested, outer, ctes, once)
			texts[i] = "SELECT * FROM (" + texts[i] + ")"
		} else if in, cols := r.planned(a.core.span, ctes); in != nil {
			once(in)
			texts[i], have = r.from(in), cols
		} else {
			texts[i], have = r.core(a.core, &selection{}, outer, ctes)
		}
		if i == 0 {
			if cols = slices.Clone(have); self != nil && self.cols == nil {
				self.has(cols)
			}
			continue
		}
		if len(have) != len(cols) {
			fail(s.at, "query %d of UNION, INTERSECT or EXCEPT has %d columns and the first has %d", i+1, len(have), len(cols))
		}
		for c := range cols {
			kind, ok := widest(cols[c].kind, have[c].kind)
			if !ok {
				fail(s.at, "column %s is %s, and %s in query %d", cols[c].name, cols[c].kind, have[c].kind, i+1)
			}
			cols[c].kind = kind
		}
	}
	mixed := slices.Contains(s.ops, "INTERSECT") && slices.ContainsFunc(s.ops, func(op string) bool { return op != "INTERSECT" })
	out := texts[0]
	var before string // what is left of the arms that INTERSECT puts together
	for i, op := range s.ops {
		switch {
		case !mixed || op == "INTERSECT":
			out += " " + op + " " + texts[i+1]
		default:
			before += "SELECT * FROM (" + out + ") " + op + " "
			out = texts[i+1]
		}
	}
	if mixed {
		out = before + "SELECT * FROM (" + out + ")"
	}
	return out, cols
}

// text is a key of ORDER BY. Nulls come first, whichever way.
func (k orderKey) text(by string) string {
	if k.desc {
		by += " DESC"
	}
	if k.last {
		return by + " NULLS LAST"
	}
	return by + " NULLS FIRST"
}

// orderText is ORDER BY, and after its keys by all columns, left to right.
func orderText(keys []string, columns int) string {
	if len(keys) == 0 {
		return ""
	}
	for i := range columns {
		keys = append(keys, fmt.Sprintf("%d NULLS FIRST", i+1))
	}
	return " ORDER BY " + strings.Join(keys, ", ")
}

// partText is LIMIT and OFFSET.
func (r *rewriting) partText(s *selection) string {
	if s.limit == nil && s.offset == nil {
		return ""
	}
	limit := int64(-1)
	if s.limit != nil {
		limit = r.count(s.limit, "LIMIT")
	}
	return fmt.Sprintf(" LIMIT %d OFFSET %d", limit, r.count(s.offset, "OFFSET"))
}

func columnList(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	return strings.Join(names, ", ")
}

func longText(i int64) string {
	if i == math.MinInt64 {
		return "(-9223372036854775807 - 1)"
	}
	if i < 0 {
		return fmt.Sprintf("(%d)", i)
	}
	return strconv.FormatInt(i, 10)
}

// constantSQL is a value as SQLite writes it.
func constantSQL(v columnar.Value) string {
	switch {
	case v.Kind == columnar.Invalid:
		return "NULL"
	case v.Kind.InInts():
		return longText(v.Int)
	case v.Kind.InFloats() && math.IsNaN(v.Float):
		return "NULL"
	case v.Kind.InFloats() && math.IsInf(v.Float, 0):
		return "(" + strings.TrimSuffix(strconv.FormatFloat(v.Float, 'f', -1, 64), "Inf") + "9e999)"
	case v.Kind.InFloats():
		return "(" + strconv.FormatFloat(v.Float, 'e', -1, 64) + ")"
	case strings.IndexByte(string(v.Bytes), 0) >= 0:
		return fmt.Sprintf("CAST(x'%x' AS TEXT)", v.Bytes)
	}
	return "'" + strings.ReplaceAll(string(v.Bytes), "'", "''") + "'"
}
