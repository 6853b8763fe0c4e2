package sql

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// aggregateForm is an aggregate under one of its names.
type aggregateForm struct {
	name, args, doc string
	of              query.AggFunc
	least, most     int
}

// aggregates are all of them, by name.
var aggregates = [...]aggregateForm{
	{"any", "condition", "whether it is true of a row", query.Max, 1, 1},
	{"any_value", "x", "value of a row of the group: the least", query.Min, 1, 2},
	{"approx_count_distinct", "x", "how many different values", query.CountDistinct, 1, 2},
	{"approx_percentile", "x, p", "value that so much of all is not above, such as 0.95", query.Percentile, 2, 3},
	{"arg_max", "x, y", "x of the row with the greatest y", query.ArgMax, 2, 2},
	{"arg_min", "x, y", "x of the row with the least y", query.ArgMin, 2, 2},
	{"avg", "x", "average", query.Avg, 1, 1},
	{"bool_and", "condition", "whether it is true of all rows", query.Min, 1, 1},
	{"bool_or", "condition", "whether it is true of a row", query.Max, 1, 1},
	{"collect_set", "x", "different values in order, as JSON", query.Set, 1, 1},
	{"count", "* | [distinct] x, ...", "rows, rows where x is not null, or different values", query.Count, 1, many},
	{"count_if", "condition", "rows of which it is true", query.Count, 1, 1},
	{"every", "condition", "whether it is true of all rows", query.Min, 1, 1},
	{"first", "x", "value of a row of the group: the least", query.Min, 1, 2},
	{"first_value", "x", "value of a row of the group: the least", query.Min, 1, 2},
	{"last", "x", "value of a row of the group: the greatest", query.Max, 1, 2},
	{"max", "x", "greatest", query.Max, 1, 1},
	{"max_by", "x, y", "x of the row with the greatest y", query.ArgMax, 2, 2},
	{"mean", "x", "average", query.Avg, 1, 1},
	{"median", "x", "value in the middle", query.Percentile, 1, 1},
	{"min", "x", "least", query.Min, 1, 1},
	{"min_by", "x, y", "x of the row with the least y", query.ArgMin, 2, 2},
	{"mode", "x", "most frequent value", query.Mode, 1, 1},
	{"percentile", "x, p", "value that so much of all is not above, such as 0.95", query.Percentile, 2, 2},
	{"percentile_approx", "x, p", "value that so much of all is not above, such as 0.95", query.Percentile, 2, 3},
	{"some", "condition", "whether it is true of a row", query.Max, 1, 1},
	{"std", "x", "standard deviation of a sample", query.StddevSamp, 1, 1},
	{"stddev", "x", "standard deviation of a sample", query.StddevSamp, 1, 1},
	{"stddev_pop", "x", "standard deviation", query.StddevPop, 1, 1},
	{"stddev_samp", "x", "standard deviation of a sample", query.StddevSamp, 1, 1},
	{"sum", "x", "sum", query.Sum, 1, 1},
	{"var_pop", "x", "variance", query.VarPop, 1, 1},
	{"var_samp", "x", "variance of a sample", query.VarSamp, 1, 1},
	{"variance", "x", "variance of a sample", query.VarSamp, 1, 1},
}

func findAggregate(name string) (aggregateForm, bool) {
	i, ok := slices.BinarySearchFunc(aggregates[:], name, func(f aggregateForm, name string) int { return strings.Compare(f.name, name) })
	if !ok {
		return aggregateForm{}, false
	}
	return aggregates[i], true
}

func isAggregate(e expr) bool {
	c, ok := e.(*call)
	if !ok || c.over != nil {
		return false
	}
	_, known := findAggregate(c.name)
	return known
}

// aggregate is an aggregate without a name, and its kind.
func (x *exprs) aggregate(c *call) (query.Agg, columnar.Kind) {
	f, _ := findAggregate(c.name)
	a := query.Agg{Func: f.of}
	for _, arg := range append(slices.Clone(c.args), c.filter) {
		if has(arg, isAggregate) || has(arg, isWindow) {
			fail(arg.pos(), "an aggregate is not inside of another: aggregate in a query around this one")
		}
	}
	switch {
	case c.star && (c.name != "count" || c.distinct):
		fail(c.pos(), "%s(*) is not known", c.name)
	case c.star:
	case len(c.args) < f.least || len(c.args) > f.most || len(c.args) > 1 && c.name == "count" && !c.distinct:
		fail(c.pos(), "%s takes other arguments: %s(%s)", c.name, c.name, f.args)
	default:
		a.Arg = x.argument(c)
	}
	if c.filter != nil {
		a.Where = x.boolean(c.filter)
	}
	if c.distinct {
		switch {
		case c.name == "count":
			a.Func = query.CountDistinct
		case f.of == query.Sum:
			a.Func = query.SumDistinct
		case f.of == query.Avg:
			a.Func = query.AvgDistinct
		case f.of != query.Min && f.of != query.Max && f.of != query.Set:
			refuse(c.pos(), "there is no DISTINCT in %s", c.name)
		}
	}
	switch c.name {
	case "count_if":
		a.Where = query.And{X: append(query.Conjuncts(x.boolean(c.args[0])), conjunctsOf(a.Where)...)}
		if len(a.Where.(query.And).X) == 1 {
			a.Where = a.Where.(query.And).X[0]
		}
		a.Arg = nil
	case "any", "some", "every", "bool_or", "bool_and":
		x.boolean(c.args[0])
	}
	switch a.Func {
	case query.ArgMin, query.ArgMax:
		a.By = x.lower(c.args[1])
	case query.Percentile:
		a.P = x.fraction(c)
		if x.kind(a.Arg) == columnar.String {
			a.Arg = fold(query.Cast{X: a.Arg, To: columnar.Double})
		}
	case query.Sum, query.Avg, query.SumDistinct, query.AvgDistinct:
		if x.kind(a.Arg) == columnar.String {
			a.Arg = fold(query.Cast{X: a.Arg, To: columnar.Double})
		}
	case query.StddevPop, query.StddevSamp, query.VarPop, query.VarSamp:
		if !isDouble(x.kind(a.Arg)) {
			a.Arg = fold(query.Cast{X: a.Arg, To: columnar.Double})
		}
	}
	return a, x.kindOfAggregate(c, a)
}

func conjunctsOf(e query.Expr) []query.Expr {
	if e == nil {
		return nil
	}
	return query.Conjuncts(e)
}

// argument is what an aggregate is over. Several values, of which the different ones
// are counted, are one text that no others give; it is null where one of them is.
func (x *exprs) argument(c *call) query.Expr {
	if !c.distinct || len(c.args) == 1 {
		return x.lower(c.args[0])
	}
	var parts []query.Expr
	for i, a := range c.args {
		text := x.text(a)
		if i < len(c.args)-1 { // the length in front tells where it ends
			length := query.Cast{X: query.Fn("length", text), To: columnar.String}
			parts = append(parts, length, query.Str(" "))
		}
		parts = append(parts, text)
	}
	return query.Fn("concat", parts...)
}

// fraction is the second argument of a percentile.
func (x *exprs) fraction(c *call) float64 {
	if len(c.args) == 1 {
		return 0.5
	}
	p, ok := x.lower(c.args[1]).(query.Const)
	switch {
	case !ok || !isNumber(p.Value.Kind):
		refuse(c.args[1].pos(), "the second argument of %s is a number such as 0.95", c.name)
	case isLong(p.Value.Kind):
		return float64(p.Value.Int)
	}
	return p.Value.Float
}

func (x *exprs) kindOfAggregate(c *call, a query.Agg) columnar.Kind {
	if a.Func == query.Count || a.Func == query.CountDistinct {
		return columnar.Long
	}
	kind := x.kind(a.Arg)
	switch a.Func {
	case query.Set:
		return columnar.String
	case query.StddevPop, query.StddevSamp, query.VarPop, query.VarSamp:
		return columnar.Double
	}
	sum, avg := a.Func == query.Sum || a.Func == query.SumDistinct, a.Func == query.Avg || a.Func == query.AvgDistinct
	switch {
	case a.Func == query.Percentile && !(a.P >= 0 && a.P <= 1):
		fail(c.pos(), "percentile %v is not between 0 and 1", a.P)
	case !sum && !avg:
		return kind
	case kind != columnar.Invalid && !isNumber(kind):
		fail(c.pos(), "%s is %s, not a number, in %s", a.Arg, kind, c.name)
	case avg || isDouble(kind):
		return columnar.Double
	case kind == columnar.Invalid:
		return kind
	}
	return columnar.Long
}
