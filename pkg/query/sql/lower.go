package sql

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// lowering makes the plan of a statement. It raises faults.
type lowering struct {
	binding Binding
	sources int // that were lowered
	nodes   int // of expressions that were looked at
}

// mostSources is how many tables and queries a plan may read. A CTE is lowered each
// time it is read, so that a short statement could become any number.
const mostSources = 500

// mostNodes bounds the time that lowering takes: an expression is looked at again for
// each that it is in, and one that is written once may be repeated in what it becomes,
// as the operand of a CASE is.
const mostNodes = 1_000_000

// look counts an expression that has been made.
func (l *lowering) look(at int, e query.Expr) {
	if l.nodes += query.Nodes(e, mostNodes-l.nodes); l.nodes > mostNodes {
		fail(at, "the statement is too involved: make its expressions shorter or nest them less")
	}
}

// known are the CTEs that a selection sees, the innermost first.
type known struct {
	cte   cte
	outer *known // what the CTE itself sees, and where to look further
}

// selection is the plan of a selection and its columns.
func (l *lowering) selection(s *selection, ctes *known) relation {
	for _, c := range s.with {
		ctes = &known{c, ctes}
	}
	if len(s.arms) == 1 && s.arms[0].core != nil {
		return l.core(s.arms[0].core, s, ctes)
	}
	arms := make([]relation, len(s.arms))
	for i, a := range s.arms {
		if a.nested != nil {
			arms[i] = l.selection(a.nested, ctes)
		} else {
			arms[i] = l.core(a.core, &selection{}, ctes)
		}
	}
	out := l.union(s, arms)
	var keys []query.SortKey
	for _, k := range s.order {
		at, ok := outputOf(k.expr, out.cols)
		if !ok {
			fail(k.expr.pos(), "under UNION rows are ordered by columns, by name or number%s", nearPath(k.expr, out.cols))
		}
		keys = append(keys, k.keys(out.cols[at].col())...)
	}
	out.plan = l.part(out.plan, keys, s)
	return out
}

// union is the rows of all arms, under the names of the first; each row once of those
// arms that are under a UNION without ALL. Longs become doubles and nulls become typed
// where another arm says so.
func (l *lowering) union(s *selection, arms []relation) relation {
	if len(arms) == 1 {
		return arms[0]
	}
	cols := slices.Clone(arms[0].cols)
	for i, a := range arms[1:] {
		if len(a.cols) != len(cols) {
			fail(s.at, "query %d of UNION has %d columns and the first has %d", i+2, len(a.cols), len(cols))
		}
		for c := range cols {
			kind, ok := widest(cols[c].untyped(), a.cols[c].untyped())
			if !ok {
				fail(s.at, "column %s of UNION is %s, and %s in query %d", cols[c].name, cols[c].kind, a.cols[c].kind, i+2)
			}
			cols[c].kind, cols[c].null = kind, cols[c].null && a.cols[c].null
			if cols[c].null {
				cols[c].kind = columnar.String
			}
		}
	}
	plans := make([]query.Plan, len(arms))
	for i, a := range arms {
		plans[i] = as(a, cols)
	}
	if s.distinct > 0 {
		once := query.UnionOf(plans[:s.distinct]...).Aggregate(sameOutputs(names(cols)))
		if plans = append([]query.Plan{once}, plans[s.distinct:]...); len(plans) == 1 {
			return relation{plan: once, cols: cols}
		}
	}
	return relation{plan: query.UnionOf(plans...), cols: cols}
}

// widest is the kind that both may be made.
func widest(a, b columnar.Kind) (columnar.Kind, bool) {
	switch {
	case a == b, b == columnar.Invalid:
		return a, true
	case a == columnar.Invalid:
		return b, true
	case isNumber(a) && isNumber(b):
		return columnar.Double, true
	}
	return a, false
}

// as is a relation with these names and kinds.
func as(r relation, cols []column) query.Plan {
	if slices.Equal(r.cols, cols) {
		return r.plan
	}
	outputs := make([]query.Output, len(cols))
	for i, c := range cols {
		var e query.Expr = r.cols[i].col()
		if r.cols[i].kind != c.kind {
			e = query.Cast{X: e, To: c.kind}
		}
		outputs[i] = query.As(c.name, e)
	}
	return project(r.plan, outputs)
}

// project puts a Project on a plan, or in the place of one that does nothing but
// name the same columns.
func project(p query.Plan, outputs []query.Output) query.Plan {
	below, ok := p.Root.(query.Project)
	if !ok {
		return p.Project(outputs...)
	}
	merged := make([]query.Output, len(outputs))
	for i, o := range outputs {
		merged[i] = o
		x, cast := o.Expr.(query.Cast)
		inside := o.Expr
		if cast {
			inside = x.X
		}
		c, ok := inside.(query.Col)
		if !ok || len(c.Path) != 1 {
			return p.Project(outputs...)
		}
		i2 := slices.IndexFunc(below.Cols, func(b query.Output) bool { return b.Name == c.Path[0] })
		if i2 < 0 {
			return p.Project(outputs...)
		}
		merged[i].Expr = below.Cols[i2].Expr
		if cast {
			merged[i].Expr = fold(query.Cast{X: merged[i].Expr, To: x.To})
		}
	}
	return query.Plan{Root: query.Project{Input: below.Input, Cols: merged}}
}

// part is the rows in order, without those before OFFSET and behind LIMIT.
func (l *lowering) part(p query.Plan, keys []query.SortKey, s *selection) query.Plan {
	if skip := l.count(s.offset, "OFFSET"); skip > 0 {
		const number = "row number"
		columns := p.Columns()
		order := keys
		if len(order) == 0 {
			order = []query.SortKey{{By: query.Int(0)}} // by all columns
		}
		n := query.Column(columnar.Long, number)
		p = p.Window(query.Window{Func: query.RowNumber, Name: number, Order: order})
		p = p.Filter(query.Compare{Op: query.Greater, L: n, R: query.Int(skip)}).Project(sameOutputs(columns)...)
	}
	if len(keys) > 0 {
		p = p.Sort(keys...)
	}
	if s.limit != nil {
		p = p.Limit(l.count(s.limit, "LIMIT"))
	}
	return p
}

// count is what LIMIT or OFFSET says, 0 for none.
func (l *lowering) count(n expr, what string) int64 {
	if n == nil {
		return 0
	}
	x := exprs{lowering: l, scope: &scope{}}
	c, ok := x.lower(n).(query.Const)
	if !ok || c.Value.Kind != columnar.Long || c.Value.Int < 0 {
		fail(n.pos(), "%s takes a whole number or a parameter that is one", what)
	}
	return c.Value.Int
}

// outputOf is the index of the output that an expression of ORDER BY or GROUP BY
// means by its name or number.
func outputOf(e expr, cols []column) (int, bool) {
	switch e := e.(type) {
	case *literal:
		if e.value.Kind == columnar.Long {
			if e.value.Int < 1 || e.value.Int > int64(len(cols)) {
				fail(e.pos(), "there is no column %d: the select list has %d", e.value.Int, len(cols))
			}
			return int(e.value.Int) - 1, true
		}
	case *path:
		if len(e.parts) == 1 {
			i := find(cols, e.parts[0])
			return i, i >= 0
		}
	}
	return 0, false
}

func nearPath(e expr, cols []column) string {
	if p, ok := e.(*path); ok {
		return query.DidYouMean(p.parts[0], names(cols))
	}
	return ""
}

// source is the rows of a table, a CTE or a query.
func (l *lowering) source(s source, ctes *known) relation {
	if l.sources++; l.sources > mostSources {
		fail(s.at, "the statement reads more than %d tables and queries, with those of each CTE as often as it is read", mostSources)
	}
	if s.query != nil {
		return l.subquery(s, ctes)
	}
	for k := ctes; k != nil; k = k.outer {
		if strings.EqualFold(k.cte.name, s.full) {
			if k.cte.of == nil {
				refuse(s.at, "%s is a query that no plan says", s.full)
			}
			return l.selection(k.cte.of, k.outer)
		}
	}
	return l.table(s)
}

// table is the rows of a table of the lake or of a view.
func (l *lowering) table(s source) relation {
	table := strings.ToLower(s.name) // as all are
	view, isView := query.FindView(s.full)
	switch front, _, _ := strings.Cut(strings.ToLower(s.full), "."); {
	case isView:
		table = view.Base
	case strings.HasSuffix("."+strings.ToLower(s.full), "."+query.Lookups+table):
		table = query.Lookups + table
	case front == "system" || table == "information_schema" || strings.Contains(strings.ToLower(s.full), "information_schema."):
		fail(s.at, "there is no table %s: the lake has what audit logs tell, which is system.access.audit", s.full)
	}
	scan, within := query.Within(table, l.binding.Scans)
	p := query.Plan{Root: scan}
	if len(within) > 0 {
		p = p.Filter(within...)
	}
	out := relation{plan: p, table: table}
	if isView {
		out.view = &view
	}
	return out
}

// subquery is a query in FROM, or of IN, which may ask for columns around it, as no
// plan does.
func (l *lowering) subquery(s source, ctes *known) relation {
	if s.in != nil {
		defer func() {
			switch r := recover().(type) {
			case nil:
			case fault:
				refuse(r.at, "%v: the query of IN does not see what is around it", r.why)
			default:
				panic(r)
			}
		}()
	}
	return l.selection(s.query, ctes)
}

// filter adds conditions to a plan, as near to its scans as they mean the same: a
// scan is pruned by the conditions on it.
func filter(p query.Plan, conditions []query.Expr) query.Plan {
	var here []query.Expr
	for _, c := range conditions {
		if below, ok := sink(p.Root, c); ok {
			p = query.Plan{Root: below}
		} else {
			here = append(here, c)
		}
	}
	if len(here) == 0 {
		return p
	}
	return p.Filter(here...)
}

// sink puts a condition below projections, groups and unions, on scans. It reports false
// where the condition has to stay above.
func sink(n query.Node, condition query.Expr) (query.Node, bool) {
	switch n := n.(type) {
	case query.Scan:
		return query.Plan{Root: n}.Filter(condition).Root, true
	case query.Filter:
		if _, scan := n.Input.(query.Scan); scan {
			return query.Plan{Root: n.Input}.Filter(append(query.Conjuncts(n.If), condition)...).Root, true
		}
		below, ok := sink(n.Input, condition)
		return query.Filter{Input: below, If: n.If}, ok
	case query.Project:
		plain := true
		below := query.Rewrite(condition, func(c query.Col) query.Expr {
			i := slices.IndexFunc(n.Cols, func(o query.Output) bool { return len(c.Path) == 1 && o.Name == c.Path[0] })
			if i < 0 {
				plain = false
				return c
			}
			switch n.Cols[i].Expr.(type) {
			case query.Col, query.Const:
				return n.Cols[i].Expr
			}
			plain = false
			return c
		})
		if !plain {
			return nil, false
		}
		input, ok := sink(n.Input, below)
		return query.Project{Input: input, Cols: n.Cols}, ok
	case query.Aggregate: // a condition on the keys is one on the rows
		keys := len(n.By) > 0
		below := query.Rewrite(condition, func(c query.Col) query.Expr {
			i := slices.IndexFunc(n.By, func(o query.Output) bool { return len(c.Path) == 1 && o.Name == c.Path[0] })
			if i >= 0 {
				if col, ok := n.By[i].Expr.(query.Col); ok {
					return col
				}
			}
			keys = false
			return c
		})
		if !keys {
			return nil, false
		}
		input, ok := sink(n.Input, below)
		if !ok {
			input = query.Plan{Root: n.Input}.Filter(below).Root
		}
		return query.Aggregate{Input: input, By: n.By, Aggs: n.Aggs}, true
	case query.Union:
		out := query.Union{Of: make([]query.Node, len(n.Of))}
		for i := range n.Of {
			var ok bool
			if out.Of[i], ok = sink(n.Of[i], condition); !ok {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}
