package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// scopeOf is the sources of a core.
func (l *lowering) scopeOf(c *core, ctes *known) *scope {
	s := &scope{}
	for _, src := range c.from {
		alias := src.alias
		if alias == "" {
			alias = src.name
		}
		for _, other := range s.sources {
			if alias != "" && strings.EqualFold(other.alias, alias) {
				fail(src.at, "two sources are called %s: give one another name", alias)
			}
		}
		s.sources = append(s.sources, scoped{relation: l.source(src, ctes), alias: alias, hidden: src.isHidden(), member: src.in != nil})
	}
	return s
}

// isHidden says that a source gives no columns: just its condition sees it.
func (s source) isHidden() bool { return s.join == "anti" || s.join == "semi" }

// joined is the rows that SELECT is over: the sources of a core, joined, and with
// the conditions of WHERE. After a join, and where there are windows, these are
// under names of their own.
func (l *lowering) joined(c *core, order []orderKey, s *scope) query.Plan {
	x := exprs{lowering: l, scope: s}
	if len(c.from) == 1 && (c.aggregates(order) || !c.windows(order)) {
		return filter(s.sources[0].plan, x.conditions(c.where))
	}
	j := joining{exprs: x, core: c, order: order}
	return j.plan()
}

// memberships makes joins of the conditions x IN (SELECT ...) that all rows have to
// meet.
func (c *core) memberships() *core {
	var rest, members []expr
	for _, e := range conjuncts(c.where) {
		if _, ok := e.(*inQuery); ok {
			members = append(members, e)
		} else {
			rest = append(rest, e)
		}
	}
	if members == nil {
		return c
	}
	out := *c
	out.from, out.where = slices.Clone(c.from), nil
	for _, e := range rest {
		if out.where != nil {
			e = &binary{at(e.pos()), "and", out.where, e}
		}
		out.where = e
	}
	for _, e := range members {
		in := e.(*inQuery)
		out.from = append(out.from, source{
			at: in.pos(), query: in.of, alias: fmt.Sprintf("in %d", len(out.from)), join: "semi", in: in.x,
		})
	}
	return &out
}

// membership is the condition of a source that memberships made.
func (s scoped) membership(src source) expr {
	if len(s.cols) != 1 {
		fail(src.at, "the query of IN has %d columns: it has to have one", len(s.cols))
	}
	return &binary{at(src.at), "=", src.in, &path{at(src.at), []string{s.alias, s.cols[0].name}}}
}

// joining is the sources of a core on the way to their join.
type joining struct {
	exprs
	core  *core
	order []orderKey
	sides []side
	rest  []expr // conditions over several sources
}

// side is one source: the conditions over it alone and what is read of it.
type side struct {
	conditions []expr
	outputs    []query.Output
}

func (j *joining) plan() query.Plan {
	j.sides = make([]side, len(j.core.from))
	j.splitWhere()
	on := make([][]expr, len(j.core.from))
	for i := range j.core.from {
		on[i] = j.splitOn(i)
	}
	names := j.collect(on)
	plan := j.side(0)
	for i := 1; i < len(j.sides); i++ {
		plan = j.join(plan, i, on[i], names)
	}
	j.scope.renamed = names
	var rest []query.Expr
	for _, e := range j.rest {
		rest = append(rest, j.conditions(e)...)
	}
	return filter(plan, rest)
}

// splitWhere gives each source the conditions of WHERE that are over it alone,
// where that leaves the answer as it is.
func (j *joining) splitWhere() {
	for _, e := range conjuncts(j.core.where) {
		if of, one := j.oneSource(e); one && j.sinks(of) {
			j.sides[of].conditions = append(j.sides[of].conditions, e)
		} else {
			j.rest = append(j.rest, e)
		}
	}
}

// sinks reports whether a condition on the joined rows means the same on the rows of
// source i. It does not where these become nulls, or where one of them is chosen: the
// smallest network is that of all.
func (j *joining) sinks(i int) bool {
	src := j.core.from[i]
	return i == 0 || src.join == "inner" && !slices.ContainsFunc(conjuncts(src.on), func(e expr) bool {
		c, ok := e.(*call)
		return ok && c.name == "in_network"
	})
}

// splitOn is the equalities by which source i is joined.
func (j *joining) splitOn(i int) []expr {
	defer j.show(i)()
	src := j.core.from[i]
	if src.in != nil {
		src.on = j.scope.sources[i].membership(src)
	}
	j.scope.using = append(j.scope.using, src.using...)
	var keys []expr
	for _, e := range conjuncts(src.on) {
		of, one := j.oneSource(e)
		b, isBinary := e.(*binary)
		switch {
		case one && (of == i || src.join == "inner" && j.sinks(of)):
			j.sides[of].conditions = append(j.sides[of].conditions, e)
		case isBinary && b.op == "=" && j.parts(b.l, b.r, i):
			keys = append(keys, b)
		case isBinary && b.op == "=" && j.parts(b.r, b.l, i):
			keys = append(keys, &binary{b.at, "=", b.r, b.l})
		case j.isNetwork(e, i):
			if slices.ContainsFunc(keys, isCall) {
				refuse(e.pos(), "a join has one in_network between its sides: join one after the other")
			}
			keys = append(keys, e)
		case src.join == "inner":
			j.rest = append(j.rest, e)
		default:
			refuse(e.pos(), "the condition of a %s join is equalities between its sides, and conditions on the right one: filter in a query around this one", src.join)
		}
	}
	for _, name := range src.using {
		l := &path{at(src.at), []string{name}}
		r := &path{at(src.at), []string{j.scope.sources[i].alias, name}}
		if of, _ := j.oneSource(l); of >= i || j.scope.sources[i].alias == "" {
			fail(src.at, "USING (%s): the column is not on both sides, or the right one has no name", name)
		}
		keys = append(keys, &binary{at(src.at), "=", l, r})
	}
	if i > 0 && len(keys) == 0 {
		refuse(src.at, "a join needs an equality between its sides, such as ON a.x = b.x, or in_network(a.address, b.network)")
	}
	return keys
}

// show lets the condition of a join see a source that others do not.
func (j *joining) show(i int) (hide func()) {
	was := j.scope.sources[i].hidden
	j.scope.sources[i].hidden = false
	return func() { j.scope.sources[i].hidden = was }
}

// parts reports whether l is over the sources before i and r over i.
func (j *joining) parts(l, r expr, i int) bool {
	of, one := j.oneSource(r)
	return one && of == i && j.before(l, i)
}

// isNetwork reports whether a condition is that an address of the sources before i is
// in a network of i.
func (j *joining) isNetwork(e expr, i int) bool {
	c, ok := e.(*call)
	return ok && i > 0 && c.name == "in_network" && len(c.args) == 2 && j.parts(c.args[0], c.args[1], i)
}

func isCall(e expr) bool {
	_, ok := e.(*call)
	return ok
}

// before reports whether an expression is over sources before i, and at least one.
func (j *joining) before(e expr, i int) bool {
	some, all := false, true
	walk(e, func(x expr) {
		if p, ok := x.(*path); ok {
			some = true
			all = all && j.scope.find(p).source < i
		}
	})
	return some && all
}

// oneSource is the source that an expression is over, if there is just one.
func (j *joining) oneSource(e expr) (source int, one bool) {
	source = -1
	one = true
	walk(e, func(x expr) {
		if p, ok := x.(*path); ok {
			of := j.scope.find(p).source
			one = one && (source < 0 || source == of)
			source = of
		}
	})
	return max(source, 0), one
}

// collect gives each side the columns that are read of it above its own conditions,
// and says what they are called from then on.
func (j *joining) collect(on [][]expr) map[string]string {
	names := map[string]string{}
	see := func(e expr) {
		p, ok := e.(*path)
		if !ok {
			return
		}
		f := j.scope.find(p)
		if _, seen := names[f.key()]; seen {
			return
		}
		name := f.name
		if len(j.sides) > 1 {
			name = fmt.Sprintf("%s.%s", j.scope.sources[f.source].alias, name)
		}
		names[f.key()] = name
		j.sides[f.source].outputs = append(j.sides[f.source].outputs, query.As(name, f.expr))
	}
	seeBehind := func(e expr) { // where an alias of the select list may stand
		if p, ok := e.(*path); ok && len(p.parts) == 1 && !j.scope.isKnown(p.parts[0]) && find(itemColumns(j.core), p.parts[0]) >= 0 {
			return
		}
		see(e)
	}
	for i, src := range j.core.from {
		hide := j.show(i)
		for _, e := range on[i] {
			walk(e, see)
		}
		for _, name := range src.using {
			see(&path{at(src.at), []string{name}})
		}
		hide()
	}
	for _, it := range j.core.items {
		walk(it.expr, see)
	}
	for _, e := range j.rest {
		walk(e, see)
	}
	for _, e := range append(slices.Clone(j.core.group), j.core.having, j.core.qualify) {
		walk(e, seeBehind)
	}
	for _, k := range j.order {
		if _, output := outputOf(k.expr, itemColumns(j.core)); !output {
			walk(k.expr, seeBehind)
		}
	}
	return names
}

// side is the rows of a source with the columns that are read of it. Where none is,
// a row has to be one all the same.
func (j *joining) side(i int) query.Plan {
	var conditions []query.Expr
	for _, e := range j.sides[i].conditions {
		conditions = append(conditions, j.conditions(e)...)
	}
	outputs := j.sides[i].outputs
	if len(outputs) == 0 {
		outputs = []query.Output{query.As("one", query.Int(1))}
	}
	return project(filter(j.scope.sources[i].plan, conditions), outputs)
}

// join joins source i to the plan of those before it. A key that is no column gets
// one.
func (j *joining) join(left query.Plan, i int, on []expr, names map[string]string) query.Plan {
	kind := map[string]query.JoinKind{"inner": query.Inner, "left": query.Left, "anti": query.Anti, "semi": query.Inner}[j.core.from[i].join]
	defer j.show(i)()
	right := j.side(i)
	after := exprs{lowering: j.lowering, scope: &scope{sources: j.scope.sources, using: j.scope.using, renamed: names}}
	var keys []query.On
	var lMore, rMore []query.Output
	var network *query.InRange
	for n, e := range on {
		if c, ok := e.(*call); ok {
			network = &query.InRange{}
			network.Address, lMore = keyOf(after.lower(c.args[0]), fmt.Sprintf("left key %d.%d", i, n), lMore)
			network.Network, rMore = keyOf(after.lower(c.args[1]), fmt.Sprintf("right key %d.%d", i, n), rMore)
			continue
		}
		b := e.(*binary)
		l, r := after.coerced(e.pos(), after.lower(b.l), after.lower(b.r))
		key := query.On{}
		key.L, lMore = keyOf(l, fmt.Sprintf("left key %d.%d", i, n), lMore)
		key.R, rMore = keyOf(r, fmt.Sprintf("right key %d.%d", i, n), rMore)
		keys = append(keys, key)
	}
	var columns []query.Output
	for k := range j.sides[:i] {
		if !j.core.from[k].isHidden() {
			columns = append(columns, j.sides[k].outputs...)
		}
	}
	left, right = withKeys(left, columns, lMore), withKeys(right, j.sides[i].outputs, rMore)
	if j.core.from[i].join == "semi" {
		if network != nil {
			refuse(j.core.from[i].at, "there is no SEMI JOIN by in_network: join with it")
		}
		var by []query.Output
		for _, k := range keys {
			if !slices.ContainsFunc(by, func(o query.Output) bool { return o.Name == k.R }) {
				by = append(by, query.As(k.R, query.Name(k.R)))
			}
		}
		right = right.Aggregate(by)
	}
	if network != nil {
		return left.JoinNetwork(kind, right, *network, keys...)
	}
	return left.Join(kind, right, keys...)
}

// keyOf is the name of the column that a key is, or of one that is made for it.
func keyOf(e query.Expr, name string, more []query.Output) (string, []query.Output) {
	if c, ok := e.(query.Col); ok {
		return c.Path[0], more
	}
	return name, append(more, query.As(name, e))
}

func withKeys(p query.Plan, columns, more []query.Output) query.Plan {
	if len(more) == 0 {
		return p
	}
	var all []query.Output
	for _, c := range columns {
		all = append(all, query.As(c.Name, query.Name(c.Name)))
	}
	return p.Project(append(all, more...)...)
}

// conjuncts are the conditions that must all be true.
func conjuncts(e expr) []expr {
	if e == nil {
		return nil
	}
	if b, ok := e.(*binary); ok && b.op == "and" {
		return append(conjuncts(b.l), conjuncts(b.r)...)
	}
	return []expr{e}
}
