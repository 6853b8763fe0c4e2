package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// aggregates reports whether a core has groups, be it one of all rows.
func (c *core) aggregates(order []orderKey) bool {
	return len(c.group) > 0 || c.groupAll || c.uses(order, isAggregate)
}

// windows reports whether a core has window functions.
func (c *core) windows(order []orderKey) bool { return c.uses(order, isWindow) }

func (c *core) uses(order []orderKey, such func(expr) bool) bool {
	for _, k := range order {
		if has(k.expr, such) {
			return true
		}
	}
	return slices.ContainsFunc(c.expressions(), func(e expr) bool { return has(e, such) })
}

func isWindow(e expr) bool {
	c, ok := e.(*call)
	return ok && c.over != nil
}

// core is the plan of SELECT to QUALIFY, with the order and the limit around it.
func (l *lowering) core(written *core, around *selection, ctes *known) relation {
	c := written.memberships()
	order := around.order
	if has(c.where, isAggregate) || has(c.where, isWindow) {
		fail(c.where.pos(), "WHERE is before groups and windows: write HAVING, or filter in a query around this one")
	}
	if has(c.having, isWindow) {
		fail(c.having.pos(), "HAVING is before windows: filter in a query around this one")
	}
	s := l.scopeOf(c, ctes)
	x := exprs{lowering: l, scope: s}
	c = x.starless(c)
	plan := l.joined(c, order, s)
	if c.aggregates(order) {
		x.groups = &groups{input: exprs{lowering: l, scope: s}, items: c.items}
		for _, g := range c.group {
			x.groups.by(g)
		}
	}
	if c.windows(order) {
		x.windows = &windows{}
	}
	outputs := x.outputs(c.items)
	x.aliases = x.groups != nil
	having := x.conditions(c.having)
	qualify := x.qualify(c)
	keys, hidden := x.orderKeys(order, c.items, outputs)
	if x.groups != nil {
		plan = x.groups.plan(plan)
	} else if c.having != nil {
		fail(c.having.pos(), "HAVING is for groups: write WHERE")
	}
	plan = filter(plan, having)
	if x.windows != nil {
		for _, w := range x.windows.list {
			plan = plan.Window(w)
		}
	}
	plan = filter(plan, qualify)
	out := relation{cols: make([]column, len(outputs))}
	for i, o := range outputs {
		out.cols[i] = column{name: o.Name, kind: x.kind(o.Expr), null: isTyped(o.Expr)}
	}
	if len(hidden) > 0 && c.distinct {
		fail(c.at, "SELECT DISTINCT is ordered by its own columns")
	}
	all := append(slices.Clone(outputs), hidden...)
	if x.groups == nil || x.windows != nil || len(having) > 0 || !x.groups.give(all) {
		plan = project(plan, all)
	}
	if c.distinct {
		plan = plan.Aggregate(sameOutputs(names(out.cols)))
	}
	plan = l.part(plan, keys, around)
	if len(hidden) > 0 {
		plan = plan.Project(sameOutputs(names(out.cols))...)
	}
	out.plan = plan
	return out
}

func sameOutputs(names []string) []query.Output {
	out := make([]query.Output, len(names))
	for i, name := range names {
		out[i] = query.As(name, query.Name(name))
	}
	return out
}

// qualify is the conditions on rows with their windows, in which the aliases of the
// select list count.
func (x *exprs) qualify(c *core) []query.Expr {
	if c.qualify == nil {
		return nil
	}
	if x.windows == nil {
		fail(c.qualify.pos(), "QUALIFY is for window functions: write WHERE or HAVING")
	}
	y := *x
	y.named = c.items
	return y.conditions(c.qualify)
}

// starless is a core without stars, with the fields of structs in their place, and
// with the groups that GROUP BY ALL means.
func (x *exprs) starless(c *core) *core {
	out := *c
	out.items = nil
	for _, it := range c.items {
		if it.expr == nil {
			out.items = append(out.items, x.star(it)...)
			continue
		}
		p, ok := it.expr.(*path)
		if !ok {
			out.items = append(out.items, it)
			continue
		}
		fields, parts := x.scope.fields(p)
		if fields == nil {
			out.items = append(out.items, it)
		}
		for _, f := range fields {
			below := f.Path[len(parts):]
			name := it.alias
			if name == "" {
				name = parts[len(parts)-1]
			}
			out.items = append(out.items, item{
				at: it.at, expr: &path{p.at, append(slices.Clone(p.parts), below...)}, alias: strings.Join(append([]string{name}, below...), "."),
			})
		}
	}
	if c.groupAll {
		for _, it := range out.items {
			if !has(it.expr, isAggregate) && !has(it.expr, isWindow) {
				out.group = append(out.group, it.expr)
			}
		}
	}
	return &out
}

// star is the columns that a star stands for.
func (x *exprs) star(it item) []item {
	var out []item
	for _, src := range x.scope.sources {
		if src.hidden || it.of != "" && !strings.EqualFold(it.of, src.alias) {
			continue
		}
		known := src.star()
		if src.table != "" && query.IsLookup(src.table) && x.special != nil {
			known = x.special.lookupStar(it.at, src.table)
		} else if src.table != "" && query.IsLookup(src.table) {
			refuse(it.at, "there is no * of a look-up, whose columns are known when it is read: name those you want")
		}
		for _, col := range known {
			p := &path{at(it.at), []string{col.name}}
			if src.table != "" {
				p.parts = strings.Split(col.name, ".")
			}
			if len(x.scope.sources) > 1 {
				p.parts = append([]string{src.alias}, p.parts...)
			}
			out = append(out, item{at: it.at, expr: p, alias: col.name, star: true})
		}
	}
	if out == nil {
		fail(it.at, "%s.*: there is no table of that name in FROM; the fields of a struct or map are named one by one, such as %s.name", it.of, it.of)
	}
	return out
}

// itemColumns are the names of the select list, as far as it gives them.
func itemColumns(c *core) []column {
	var out []column
	for _, it := range c.items {
		if it.expr != nil {
			out = append(out, column{name: it.name()})
		}
	}
	return out
}

// name is the alias, the last part of a path, or the name of a function.
func (it item) name() string {
	if it.alias != "" {
		return it.alias
	}
	switch e := it.expr.(type) {
	case *path:
		return e.parts[len(e.parts)-1]
	case *call:
		return e.name
	case *cast:
		return item{expr: e.x}.name()
	}
	return "column"
}

// outputs is the select list as expressions under different names. Only names that
// nobody gave are changed.
func (x *exprs) outputs(items []item) []query.Output {
	var out []query.Output
	for _, it := range items {
		name := it.name()
		taken := func(n string) bool {
			return slices.ContainsFunc(out, func(o query.Output) bool { return o.Name == n })
		}
		if taken(name) && it.alias != "" && !it.star {
			fail(it.at, "two columns are called %s: give one another name", name)
		}
		for n := 2; taken(name); n++ {
			name = fmt.Sprintf("%s_%d", it.name(), n)
		}
		out = append(out, query.As(name, typed(x.lower(it.expr))))
	}
	return out
}

// orderKeys are the keys of ORDER BY over the outputs, and the columns that have to
// be made for it.
func (x *exprs) orderKeys(order []orderKey, items []item, outputs []query.Output) (keys []query.SortKey, hidden []query.Output) {
	cols := make([]column, len(outputs))
	for i, o := range outputs {
		cols[i] = column{name: o.Name, kind: x.kind(o.Expr)}
	}
	for _, k := range order {
		at, ok := outputOf(k.expr, cols)
		if !ok {
			e := x.lower(k.expr)
			at = slices.IndexFunc(outputs, func(o query.Output) bool { return o.Expr.String() == e.String() })
			if at < 0 {
				name := fmt.Sprintf("order %d", len(hidden)+1)
				hidden = append(hidden, query.As(name, typed(e)))
				keys = append(keys, k.keys(query.Column(x.kind(e), name))...)
				continue
			}
		}
		keys = append(keys, k.keys(cols[at].col())...)
	}
	return keys, hidden
}

// keys are the keys by which rows are sorted for one of ORDER BY.
func (k orderKey) keys(by query.Expr) []query.SortKey {
	out := []query.SortKey{{By: by, Desc: k.desc}}
	if k.last {
		out = append([]query.SortKey{{By: query.IsNull{X: by}}}, out...)
	}
	return out
}

// groups are the Aggregate of a core while its expressions are lowered.
type groups struct {
	input exprs // over the rows that are grouped
	items []item
	keys  []query.Output
	aggs  []query.Agg
}

// by adds a key of GROUP BY: an expression, or a column of the select list by its
// number or alias.
func (g *groups) by(e expr) {
	name := ""
	named := make([]column, len(g.items))
	for i, it := range g.items {
		named[i].name = it.name()
	}
	if p, ok := e.(*path); !ok || len(p.parts) > 1 || !g.input.scope.isKnown(p.parts[0]) {
		if i, ok := outputOf(e, named); ok {
			e, name = g.items[i].expr, named[i].name
		}
	}
	if has(e, isAggregate) || has(e, isWindow) {
		fail(e.pos(), "rows cannot be grouped by an aggregate or a window function: group in a query around this one")
	}
	lowered := g.input.lower(e)
	if _, ok := lowered.(query.Const); ok {
		if name == "" {
			name = "constant"
		}
	}
	if name == "" {
		for i, it := range g.items {
			if !has(it.expr, isAggregate) && !has(it.expr, isWindow) && g.input.lower(it.expr).String() == lowered.String() {
				name = named[i].name
			}
		}
	}
	if name == "" {
		name = item{expr: e}.name()
	}
	if slices.ContainsFunc(g.keys, func(k query.Output) bool { return k.Expr.String() == lowered.String() }) {
		return
	}
	g.keys = append(g.keys, query.As(g.unique(name), typed(lowered)))
}

// unique is a name that neither a key nor an aggregate has.
func (g *groups) unique(name string) string {
	taken := func(n string) bool {
		return slices.ContainsFunc(g.keys, func(k query.Output) bool { return k.Name == n }) ||
			slices.ContainsFunc(g.aggs, func(a query.Agg) bool { return a.Name == n })
	}
	out := name
	for n := 2; taken(out); n++ {
		out = fmt.Sprintf("%s_%d", name, n)
	}
	return out
}

// key is the column of a group that an expression is, if it is one.
func (g *groups) key(e query.Expr) (query.Expr, bool) {
	for _, k := range g.keys {
		if k.Expr.String() == e.String() {
			return query.Column(g.input.kind(k.Expr), k.Name), true
		}
	}
	return nil, false
}

// aggregate is the column of an aggregate.
func (g *groups) aggregate(c *call) query.Expr {
	a, kind := g.input.aggregate(c)
	for _, other := range g.aggs {
		name := other.Name
		if other.Name = ""; other.String() == a.String() {
			return query.Column(kind, name)
		}
	}
	name := c.name
	for _, it := range g.items {
		if it.expr == expr(c) {
			name = it.name()
		}
	}
	a.Name = g.unique(name)
	g.aggs = append(g.aggs, a)
	return query.Column(kind, a.Name)
}

func (g *groups) plan(p query.Plan) query.Plan { return p.Aggregate(g.keys, g.aggs...) }

// give reports whether the columns of the groups are just the outputs.
func (g *groups) give(outputs []query.Output) bool {
	var have []string
	for _, k := range g.keys {
		have = append(have, k.Name)
	}
	for _, a := range g.aggs {
		have = append(have, a.Name)
	}
	return slices.EqualFunc(outputs, have, func(o query.Output, name string) bool {
		c, ok := o.Expr.(query.Col)
		return ok && o.Name == name && len(c.Path) == 1 && c.Path[0] == name
	})
}

// windows are the Windows of a core while its expressions are lowered.
type windows struct{ list []query.Window }
