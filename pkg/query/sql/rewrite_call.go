package sql

import (
	"fmt"
	"math"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// wholeAggregates are the aggregates that plans do not have, by name, with what they
// are.
var wholeAggregates = map[string]string{
	"collect_set": "set", "collect_list": "list", "array_agg": "list",
	"string_agg": "text", "listagg": "text", "group_concat": "text", "percentile_disc": "percentile",
	"stddev": "stddev_samp", "std": "stddev_samp", "stddev_samp": "stddev_samp", "stddev_pop": "stddev_pop",
	"variance": "variance_samp", "var_samp": "variance_samp", "var_pop": "variance_pop", "mode": "mode",
}

// isAnyAggregate is isAggregate for those of Rewrite, too.
func isAnyAggregate(e expr) bool {
	c, ok := e.(*call)
	if !ok || c.over != nil {
		return false
	}
	_, whole := wholeAggregates[c.name]
	return whole || isAggregate(e)
}

// ofList is the aggregate that a function of a list that is made at once comes to:
// array_join(collect_set(x), ','), concat_ws(',', collect_set(x)), size(collect_set(x)).
// Else it is nil.
func (c *call) ofList() *call {
	list, separator := 0, 1
	switch {
	case c.name == "array_join" && len(c.args) == 2:
	case c.name == "concat_ws" && len(c.args) == 2:
		list, separator = 1, 0
	case (c.name == "size" || c.name == "array_size" || c.name == "cardinality") && len(c.args) == 1:
		separator = -1
	default:
		return nil
	}
	of, ok := c.args[list].(*call)
	is := ""
	if ok && of.over == nil {
		is = wholeAggregates[of.name]
	}
	if is != "set" && is != "list" || len(of.args) != 1 {
		return nil
	}
	out := *of
	out.distinct = of.distinct || is == "set"
	if out.name = "count"; separator >= 0 {
		out.name, out.args = "string_agg", []expr{of.args[0], c.args[separator]}
	}
	return &out
}

// aggregate is the leaf of an aggregate over the rows of a group.
func (sp *special) aggregate(c *call) query.Expr {
	if sp.input == nil {
		fail(c.pos(), "%s is an aggregate, which does not belong here", c.name)
	}
	in := *sp.input
	for _, arg := range append(append([]expr(nil), c.args...), c.filter) {
		if has(arg, isAnyAggregate) || has(arg, isWindow) {
			fail(arg.pos(), "an aggregate is not inside of another: aggregate in a query around this one")
		}
	}
	if _, whole := wholeAggregates[c.name]; whole {
		text, kind := sp.whole(&in, c)
		return sp.text(kind, text)
	}
	once := *c
	distinct := ""
	if f, _ := findAggregate(c.name); c.distinct && (f.of == query.Sum || f.of == query.Avg) {
		once.distinct, distinct = false, "DISTINCT "
	}
	a, kind := in.aggregate(&once)
	text := ""
	switch a.Func {
	case query.Count:
		text = "count(*)"
		if a.Arg != nil {
			text = "count(" + sp.print(a.Arg) + ")"
		}
	case query.CountDistinct:
		text = "count(DISTINCT " + sp.print(a.Arg) + ")"
	case query.Sum, query.Min, query.Max, query.Avg:
		text = a.Func.String() + "(" + distinct + sp.print(a.Arg) + ")"
	case query.ArgMin, query.ArgMax:
		text = sp.call(&in, RowAggregate{Func: a.Func.String()}, a.Arg, a.By)
	case query.Percentile:
		text = sp.call(&in, RowAggregate{Func: "percentile", P: a.P}, a.Arg)
	default:
		fail(c.pos(), "there is no %s beside what no plan says", c.name)
	}
	if a.Where != nil {
		text += " FILTER (WHERE " + sp.print(a.Where) + ")"
	}
	return sp.text(kind, text)
}

// call is the call of an aggregate that SQLite does not have.
func (sp *special) call(x *exprs, a RowAggregate, args ...query.Expr) string {
	text := ""
	for _, arg := range args {
		a.Args = append(a.Args, argKind(x.kind(arg)))
		text += ", " + sp.print(arg)
	}
	sp.out.Aggregates = append(sp.out.Aggregates, a)
	return fmt.Sprintf("lake_aggregate(?1, %d%s)", len(sp.out.Aggregates)-1, text)
}

// whole is an aggregate that plans do not have.
func (sp *special) whole(x *exprs, c *call) (string, columnar.Kind) {
	is := wholeAggregates[c.name]
	least, most := 1, 1
	if is == "text" || is == "percentile" {
		most = 2
	}
	if len(c.args) < least || len(c.args) > most || c.star {
		fail(c.pos(), "%s takes %s, not %d", c.name, map[int]string{1: "one argument", 2: "one or two arguments"}[most], len(c.args))
	}
	filter := ""
	if c.filter != nil {
		filter = " FILTER (WHERE " + sp.print(x.boolean(c.filter)) + ")"
	}
	arg := x.lower(c.args[0])
	kind := columnar.String
	var text string
	switch is {
	case "percentile":
		a := RowAggregate{Func: is, P: 0.5}
		if a.P = x.fraction(c); !(a.P >= 0 && a.P <= 1) {
			fail(c.pos(), "percentile %v is not between 0 and 1", a.P)
		}
		if x.kind(arg) == columnar.String {
			arg = query.Cast{X: arg, To: columnar.Double}
		}
		text, kind = sp.call(x, a, arg), x.kind(arg)
	case "set", "list":
		return "coalesce(" + sp.call(x, RowAggregate{Func: is, Distinct: c.distinct}, arg) + filter + ", '[]')", columnar.String
	case "text":
		separator := query.Expr(query.Str(","))
		if len(c.args) == 2 {
			separator = query.Str(x.constantText(c.args[1], "the separator of "+c.name))
		}
		text = sp.call(x, RowAggregate{Func: is, Distinct: c.distinct}, x.text(c.args[0]), separator)
	case "mode":
		text, kind = sp.call(x, RowAggregate{Func: is}, arg), x.kind(arg)
	default:
		if !isDouble(x.kind(arg)) {
			arg = query.Cast{X: arg, To: columnar.Double}
		}
		text, kind = sp.call(x, RowAggregate{Func: is, Distinct: c.distinct}, arg), columnar.Double
	}
	return text + filter, kind
}

// windowCalls are the functions that need OVER, by how many arguments they have.
var windowCalls = map[string]struct{ least, most int }{
	"row_number": {0, 0}, "rank": {0, 0}, "dense_rank": {0, 0}, "percent_rank": {0, 0}, "cume_dist": {0, 0}, "ntile": {1, 1},
	"lag": {1, 3}, "lead": {1, 3}, "first_value": {1, 1}, "last_value": {1, 1}, "nth_value": {2, 2},
}

// window is the leaf of a window function.
func (sp *special) window(x *exprs, c *call) query.Expr {
	if !sp.windows {
		fail(c.pos(), "a window function does not belong here: filter in a query around this one, or with QUALIFY")
	}
	if c.distinct {
		fail(c.pos(), "there is no DISTINCT in a window function")
	}
	in := *x
	own := *sp
	own.windows = false
	in.special = &own
	name, kind := c.name, columnar.Long
	var args []query.Expr
	for _, a := range c.args {
		args = append(args, in.lower(a))
	}
	takes := func(least, most int) {
		if len(args) < least || len(args) > most {
			fail(c.pos(), "%s takes %d to %d arguments, not %d", c.name, least, most, len(args))
		}
	}
	filter := ""
	if n, ok := windowCalls[name]; ok {
		takes(n.least, n.most)
		switch name {
		case "percent_rank", "cume_dist":
			kind = columnar.Double
		case "lag", "lead", "first_value", "last_value", "nth_value":
			if len(args) == 3 {
				alike := in.alike([]query.Expr{args[0], args[2]})
				args[0], args[2] = alike[0], alike[1]
			}
			kind = in.kind(args[0])
		}
	} else {
		kind = sp.windowed(&in, c, &args)
		if c.filter != nil {
			filter = " FILTER (WHERE " + sp.print(in.boolean(c.filter)) + ")"
		}
	}
	texts := make([]string, len(args))
	for i := range args {
		texts[i] = sp.print(args[i])
	}
	list := strings.Join(texts, ", ")
	if c.star {
		list = "*"
	}
	if form, ok := findAggregate(name); ok && windowCalls[name].most == 0 {
		name = form.of.String()
	}
	return sp.text(kind, fmt.Sprintf("%s(%s)%s OVER (%s)", name, list, filter, sp.over(&in, c)))
}

// windowed checks an aggregate over a window and gives its kind.
func (sp *special) windowed(x *exprs, c *call, args *[]query.Expr) columnar.Kind {
	if c.name == "count" && c.star {
		return columnar.Long
	}
	form, ok := findAggregate(c.name)
	f := form.of
	if !ok || form.name == "count_if" || f != query.Count && f != query.Sum && f != query.Min && f != query.Max && f != query.Avg {
		fail(c.pos(), "there is no %s OVER: there are row_number, rank, dense_rank, percent_rank, cume_dist, ntile, lag, lead, "+
			"first_value, last_value, nth_value, count, sum, avg, min and max", c.name)
	}
	if len(*args) != 1 {
		fail(c.pos(), "%s takes one argument, not %d", c.name, len(*args))
	}
	kind := x.kind((*args)[0])
	switch f {
	case query.Count:
		return columnar.Long
	case query.Min, query.Max:
		return kind
	}
	if kind == columnar.String {
		(*args)[0], kind = query.Cast{X: (*args)[0], To: columnar.Double}, columnar.Double
	}
	if !isNumber(kind) && kind != columnar.Invalid {
		fail(c.pos(), "%s is %s, not a number, in %s", (*args)[0], kind, c.name)
	}
	if f == query.Avg || isDouble(kind) {
		return columnar.Double
	}
	return columnar.Long
}

// over is what stands in the brackets of OVER.
func (sp *special) over(x *exprs, c *call) string {
	w := *c.over
	if w.base != "" {
		base, ok := sp.core.windowNames[w.base]
		if !ok {
			fail(c.pos(), "there is no window %s: name it in a WINDOW clause", w.base)
		}
		if w.partition == nil {
			w.partition = base.partition
		}
		if w.order == nil {
			w.order = base.order
		}
		if w.frame == nil {
			w.frame = base.frame
		}
	}
	var parts []string
	if len(w.partition) > 0 {
		var by []string
		for _, e := range w.partition {
			by = append(by, sp.print(x.lower(e)))
		}
		parts = append(parts, "PARTITION BY "+strings.Join(by, ", "))
	}
	kind := columnar.Invalid
	if len(w.order) > 0 {
		var by []string
		for i, k := range w.order {
			e := x.lower(k.expr)
			if i == 0 {
				kind = x.kind(e)
			}
			by = append(by, k.text(sp.print(e)))
		}
		parts = append(parts, "ORDER BY "+strings.Join(by, ", "))
	}
	if f := w.frame; f != nil {
		from := sp.bound(x, f.unit, kind, f.from)
		if f.to == nil {
			parts = append(parts, strings.ToUpper(f.unit)+" "+from)
		} else {
			parts = append(parts, strings.ToUpper(f.unit)+" BETWEEN "+from+" AND "+sp.bound(x, f.unit, kind, *f.to))
		}
	}
	return strings.Join(parts, " ")
}

// bound is an end of a frame, in the unit of what rows are ordered by.
func (sp *special) bound(x *exprs, unit string, kind columnar.Kind, b bound) string {
	if b.by == nil {
		return b.side
	}
	n, ok := x.lower(b.by).(query.Const)
	if !ok || !isNumber(n.Value.Kind) {
		fail(b.by.pos(), "a frame begins and ends a number or an INTERVAL away")
	}
	v := n.Value.Float
	if isLong(n.Value.Kind) {
		v = float64(n.Value.Int)
	}
	_, isInterval := b.by.(*interval)
	if unit == "range" && isInterval {
		switch kind {
		case columnar.Timestamp:
			v *= 1e6
		case columnar.Date:
			v /= 86400
		}
	}
	if v < 0 {
		fail(b.by.pos(), "a frame does not begin or end a negative number away")
	}
	if v == math.Trunc(v) && v < exact {
		return fmt.Sprintf("%d %s", int64(v), b.side)
	}
	return fmt.Sprintf("%v %s", v, b.side)
}
