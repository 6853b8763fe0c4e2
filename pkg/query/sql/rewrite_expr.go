package sql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// special lowers what only Rewrite knows: paths to leaves, queries, and aggregates and
// windows of any kind.
type special struct {
	*rewriting
	scope   *wholeScope
	ctes    *wholeCTE
	core    *core
	windows bool   // window functions may stand here
	input   *exprs // over the rows that are grouped; nil where there are no groups
	keys    []string
	aliased []item // that are being lowered, which must not mean each other
}

// lower is nil for what is lowered as ever.
func (sp *special) lower(x *exprs, e expr) query.Expr {
	switch e := e.(type) {
	case *subquery:
		text, cols := sp.part(e.of, sp.scope, sp.ctes, func(in *Input) { // its first row
			if _, ok := in.Rows.Root.(query.Limit); !ok {
				in.Rows = in.Rows.Limit(1)
			}
		})
		if e.exists {
			return sp.text(columnar.Boolean, "EXISTS ("+text+")")
		}
		if len(cols) != 1 {
			fail(e.pos(), "a query that is a value has one column, not %d", len(cols))
		}
		return sp.text(cols[0].kind, "("+text+")")
	case *inQuery:
		return sp.inQuery(x, e)
	case *call:
		if list := e.ofList(); list != nil {
			return sp.lower(x, list)
		}
		switch {
		case e.over != nil:
			return sp.window(x, e)
		case isAnyAggregate(e):
			return sp.aggregate(e)
		}
	case *binary:
		if e.op == "like" || e.op == "ilike" || e.op == "rlike" {
			if out := sp.match(x, e); out != nil {
				return out
			}
		}
	case *path:
		if sp.input == nil {
			out, _ := sp.path(x, e)
			return out
		}
	case *literal, *param:
		return nil
	}
	p, isPath := e.(*path)
	switch {
	case sp.input == nil:
		return nil
	case isPath && sp.isNoKey(p):
		out, _ := sp.path(x, p) // an alias
		return out
	case has(e, sp.isNoKey):
		return nil
	}
	lowered := sp.input.lower(e)
	if slices.Contains(sp.keys, lowered.String()) {
		return lowered
	}
	if !isPath {
		return nil
	}
	out, own := sp.path(x, p)
	if own {
		fail(e.pos(), "%s is neither in GROUP BY nor in an aggregate", strings.Join(p.parts, "."))
	}
	return out
}

// isNoKey reports whether an expression cannot be one of GROUP BY.
func (sp *special) isNoKey(e expr) bool {
	switch e := e.(type) {
	case *subquery, *inQuery:
		return true
	case *call:
		return e.over != nil || isAnyAggregate(e)
	case *path:
		if _, _, err := sp.resolve(e); err != nil {
			_, ok := sp.alias(e)
			return ok
		}
	}
	return false
}

func (sp *special) inQuery(x *exprs, e *inQuery) query.Expr {
	v := x.lower(e.x)
	text, cols := sp.part(e.of, sp.scope, sp.ctes, (*Input).once)
	if len(cols) != 1 {
		fail(e.pos(), "the query of IN has %d columns: it has to have one", len(cols))
	}
	plain := sp.text(cols[0].kind, "c0")
	v, of := x.coerced(e.pos(), v, plain)
	if of.String() != plain.String() {
		text = fmt.Sprintf("SELECT %s FROM (%s)", sp.print(of), text)
	}
	return sp.text(columnar.Boolean, fmt.Sprintf("(%s IN (%s))", sp.print(v), text))
}

// match is a comparison with a pattern that rows have, or nil for a constant one.
func (sp *special) match(x *exprs, e *binary) query.Expr {
	if sp.input != nil && !has(e, sp.isNoKey) && slices.Contains(sp.keys, sp.input.lower(e).String()) {
		return nil // found as a key
	}
	pattern := x.text(e.r)
	if _, constant := pattern.(query.Const); constant {
		return nil
	}
	l := x.text(e.l)
	op := e.op
	if op == "ilike" {
		l, pattern, op = query.Fn("lower", l), query.Fn("lower", pattern), "like"
	}
	str := columnar.Of(columnar.String)
	sp.out.Values = append(sp.out.Values, RowValue{Match: op, Args: []query.BoundCol{{Path: []string{"0"}, Type: str}, {Path: []string{"1"}, Type: str}}})
	return sp.text(columnar.Boolean, fmt.Sprintf("lake_value(?1, %d, %s, %s)", len(sp.out.Values)-1, sp.print(l), sp.print(pattern)))
}

// path is the leaf that a path means, and whether it is a column of the core itself.
func (sp *special) path(x *exprs, p *path) (query.Expr, bool) {
	out, level, err := sp.resolve(p)
	if err == nil && level == 0 {
		return out, true
	}
	if it, ok := sp.alias(p); ok {
		in := *x
		own := *sp
		own.aliased = append(slices.Clone(sp.aliased), it)
		in.special = &own
		return in.lower(it.expr), false
	}
	if err != nil {
		panic(*err)
	}
	return out, false
}

// alias is the column of the select list that a path names.
func (sp *special) alias(p *path) (item, bool) {
	for _, it := range sp.scope.items {
		if len(p.parts) == 1 && strings.EqualFold(it.alias, p.parts[0]) &&
			!slices.ContainsFunc(sp.aliased, func(a item) bool { return a.expr == it.expr }) {
			return it, true
		}
	}
	return item{}, false
}

// resolve is the leaf of a path in the core, at level 0, or in what is around it. Else
// it is why there is none in the core.
func (sp *special) resolve(p *path) (_ query.Expr, level int, why *fault) {
	for s := sp.scope; s != nil; s = s.outer {
		out, failed := sp.resolveIn(s, p)
		if failed == nil {
			return out, level, nil
		}
		if why == nil {
			why = failed
		}
		level++
	}
	return nil, 0, why
}

func (sp *special) resolveIn(s *wholeScope, p *path) (out query.Expr, failed *fault) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case fault:
			failed = &r
		default:
			panic(r)
		}
	}()
	in := s.scope
	f := in.find(p)
	at := func(source int, e query.Expr) query.Expr {
		return query.Rewrite(e, func(c query.Col) query.Expr {
			l, err := sp.leafOf(s, source, c)
			if err != nil {
				fail(p.pos(), "%w", err)
			}
			return l
		})
	}
	out = at(f.source, f.expr)
	if len(p.parts) > 1 || !slices.ContainsFunc(s.using, func(u string) bool { return strings.EqualFold(u, p.parts[0]) }) {
		return out, nil
	}
	any := query.Coalesce{X: []query.Expr{out}} // of the sides that have it
	for i, src := range s.sources {
		if i != f.source && !src.hidden && src.knows(p.parts) {
			any.X = append(any.X, at(i, src.column(p, p.parts)))
		}
	}
	if s.nullable[f.source] && len(any.X) > 1 {
		return any, nil
	}
	return out, nil
}

func (sp *special) lookupStar(at int, table string) []column {
	names, err := sp.tables.Columns(table)
	if err != nil {
		fail(at, "%w", err)
	}
	out := make([]column, len(names))
	for i, name := range names {
		out[i].name = name
	}
	return out
}

// grouped reports whether a core has groups, be it one of all rows.
func (c *core) grouped(order []orderKey) bool {
	return len(c.group) > 0 || c.groupAll || c.having != nil && has(c.having, isAnyAggregate) || c.uses(order, isAnyAggregate)
}

// group makes the columns of the core those of its groups. The text is GROUP BY.
func (sp *special) group(c *core, rows *exprs) string {
	sp.input = rows
	var list []string
	for _, g := range c.group {
		if p, ok := g.(*path); ok || isLiteral(g) {
			own := false
			if ok {
				_, level, err := sp.resolve(p)
				own = err == nil && level == 0
			}
			if i, named := outputOf(g, itemColumns(c)); named && !own {
				g = c.items[i].expr
			}
		}
		if has(g, isAnyAggregate) || has(g, isWindow) {
			if c.groupAll {
				continue
			}
			fail(g.pos(), "rows cannot be grouped by an aggregate or a window function: group in a query around this one")
		}
		key := rows.lower(g)
		sp.keys = append(sp.keys, key.String())
		if isConstant(key) { // of whole numbers SQLite makes columns of the answer
			continue
		}
		list = append(list, sp.print(key))
	}
	switch {
	case len(list) > 0:
		return " GROUP BY " + strings.Join(list, ", ")
	case len(sp.keys) > 0: // by constants
		return " GROUP BY NULL"
	}
	return ""
}

// isConstant reports whether an expression is the same for all rows.
func isConstant(e query.Expr) bool {
	constant := true
	query.Rewrite(e, func(c query.Col) query.Expr {
		constant = false
		return c
	})
	return constant
}

func isLiteral(e expr) bool {
	_, ok := e.(*literal)
	return ok
}

// text is a leaf that is a text of SQLite.
func (r *rewriting) text(kind columnar.Kind, text string) query.Col {
	r.texts[text] = true
	return query.Column(kind, text)
}

// print is an expression over leaves as SQLite writes it. What SQLite has in the same
// way is its own, so that it sees what columns are compared with; all else is a call.
func (r *rewriting) print(e query.Expr) string {
	list := func(x []query.Expr, sep string) string {
		texts := make([]string, len(x))
		for i := range x {
			texts[i] = r.print(x[i])
		}
		return strings.Join(texts, sep)
	}
	switch e := e.(type) {
	case query.Col:
		if !r.texts[e.Path[0]] || len(e.Path) > 1 {
			fail(0, "no column %s", e) // a name that was written is nothing for SQLite
		}
		return e.Path[0]
	case query.Const:
		return constantSQL(e.Value)
	case query.Compare:
		return "(" + r.print(e.L) + " " + e.Op.String() + " " + r.print(e.R) + ")"
	case query.Distinct:
		return "(" + r.print(e.L) + " IS NOT " + r.print(e.R) + ")"
	case query.Between:
		return fmt.Sprintf("(%s BETWEEN %s AND %s)", r.print(e.X), r.print(e.Lo), r.print(e.Hi))
	case query.And:
		if len(e.X) > 0 {
			return "(" + list(e.X, " AND ") + ")"
		}
		return "1"
	case query.Or: // the + keeps SQLite from reading a table once for each, which takes rows with numbers
		if len(e.X) > 0 {
			return "(+(" + list(e.X, " OR ") + "))"
		}
		return "0"
	case query.Not:
		return "(NOT " + r.print(e.X) + ")"
	case query.IsNull:
		return "(" + r.print(e.X) + " IS NULL)"
	case query.In:
		values := make([]string, len(e.List))
		for i, v := range e.List {
			values[i] = constantSQL(v)
		}
		return "(" + r.print(e.X) + " IN (" + strings.Join(values, ", ") + "))"
	case query.Coalesce:
		if len(e.X) == 1 {
			return r.print(e.X[0])
		}
		return "coalesce(" + list(e.X, ", ") + ")"
	case query.Case:
		var b strings.Builder
		b.WriteString("(CASE")
		for _, w := range e.When {
			b.WriteString(" WHEN " + r.print(w.If) + " THEN " + r.print(w.Then))
		}
		if e.Else != nil {
			b.WriteString(" ELSE " + r.print(e.Else))
		}
		return b.String() + " END)"
	}
	return r.value(e)
}

// value is the call that computes an expression.
func (r *rewriting) value(e query.Expr) string {
	if text, ok := r.computed(e); ok {
		return text
	}
	var v RowValue
	text := ""
	numbers := map[string]int{}
	v.Expr = query.Rewrite(e, func(c query.Col) query.Expr {
		n, ok := numbers[c.Path[0]]
		if !ok {
			n = len(v.Args)
			numbers[c.Path[0]] = n
			v.Args = append(v.Args, query.BoundCol{Path: []string{strconv.Itoa(n)}, Type: columnar.Of(argKind(c.Kind))})
			text += ", " + r.print(c)
		}
		return query.Column(argKind(c.Kind), strconv.Itoa(n))
	})
	same := func(o RowValue) bool {
		return o.Match == "" && o.Expr.String() == v.Expr.String() && slices.EqualFunc(o.Args, v.Args, func(a, b query.BoundCol) bool { return a.Type.Kind == b.Type.Kind })
	}
	n := slices.IndexFunc(r.out.Values, same)
	if n < 0 {
		n = len(r.out.Values)
		r.out.Values = append(r.out.Values, v)
	}
	return fmt.Sprintf("lake_value(?1, %d%s)", n, text)
}

// argKind is the kind of an argument; what is always null may be of any.
func argKind(k columnar.Kind) columnar.Kind {
	if k == columnar.Invalid {
		return columnar.String
	}
	return k
}
