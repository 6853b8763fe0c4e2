package sql

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// aggregateFuncs are the aggregate functions by all of their names.
var aggregateFuncs = map[string]query.AggFunc{
	"count": query.Count, "sum": query.Sum, "min": query.Min, "max": query.Max, "avg": query.Avg, "mean": query.Avg,
	"arg_min": query.ArgMin, "min_by": query.ArgMin, "arg_max": query.ArgMax, "max_by": query.ArgMax,
	"percentile": query.Percentile,
}

// windowFuncs are the window functions.
var windowFuncs = map[string]query.WindowFunc{
	"row_number": query.RowNumber, "lag": query.Lag, "lead": query.Lead, "count": query.CountRange, "sum": query.SumRange,
}

// otherAggregates are those that other engines have.
var otherAggregates = []string{
	"approx_count_distinct", "approx_percentile", "array_agg", "bool_and", "bool_or", "collect_list", "collect_set", "count_if",
	"first", "last", "any_value", "median", "mode", "percentile_approx", "stddev", "variance", "listagg", "string_agg",
}

func isAggregate(e expr) bool {
	c, ok := e.(*call)
	if !ok || c.over != nil {
		return false
	}
	_, known := aggregateFuncs[c.name]
	return known
}

// aggregate is an aggregate without a name, and its kind.
func (x *exprs) aggregate(c *call) (query.Agg, columnar.Kind) {
	a := query.Agg{Func: aggregateFuncs[c.name]}
	want := 1
	switch a.Func {
	case query.ArgMin, query.ArgMax, query.Percentile:
		want = 2
	}
	for _, arg := range append(slices.Clone(c.args), c.filter) {
		if has(arg, isAggregate) || has(arg, isWindow) {
			fail(arg.pos(), "an aggregate is not inside of another: aggregate in a query around this one")
		}
	}
	switch {
	case c.star && (a.Func != query.Count || c.distinct):
		fail(c.pos(), "%s(*) is not known", c.name)
	case c.star:
	case len(c.args) != want:
		fail(c.pos(), "%s takes %d arguments, not %d", c.name, want, len(c.args))
	default:
		a.Arg = x.lower(c.args[0])
	}
	if c.distinct {
		if a.Func != query.Count {
			fail(c.pos(), "there is DISTINCT only in count")
		}
		a.Func = query.CountDistinct
	}
	switch a.Func {
	case query.ArgMin, query.ArgMax:
		a.By = x.lower(c.args[1])
	case query.Percentile:
		p, ok := x.lower(c.args[1]).(query.Const)
		if !ok || !isNumber(p.Value.Kind) {
			fail(c.args[1].pos(), "the second argument of percentile is a number such as 0.95")
		}
		if a.P = p.Value.Float; isLong(p.Value.Kind) {
			a.P = float64(p.Value.Int)
		}
	case query.Sum, query.Avg:
		if x.kind(a.Arg) == columnar.String {
			a.Arg = fold(query.Cast{X: a.Arg, To: columnar.Double})
		}
	}
	if c.filter != nil {
		a.Where = x.boolean(c.filter)
	}
	return a, x.kindOfAggregate(c, a)
}

func (x *exprs) kindOfAggregate(c *call, a query.Agg) columnar.Kind {
	if a.Func == query.Count || a.Func == query.CountDistinct {
		return columnar.Long
	}
	kind := x.kind(a.Arg)
	switch {
	case a.Func == query.Percentile && !(a.P >= 0 && a.P <= 1):
		fail(c.pos(), "percentile %v is not between 0 and 1", a.P)
	case a.Func != query.Sum && a.Func != query.Avg:
		return kind
	case kind != columnar.Invalid && !isNumber(kind):
		fail(c.pos(), "%s is %s, not a number, in %s", a.Arg, kind, c.name)
	case a.Func == query.Avg || isDouble(kind):
		return columnar.Double
	case kind == columnar.Invalid:
		return kind
	}
	return columnar.Long
}

// call is a function, a macro or a window function.
func (x *exprs) call(c *call) query.Expr {
	switch {
	case c.over != nil:
		return x.window(c)
	case isAggregate(c):
		fail(c.pos(), "%s is an aggregate, which does not belong here", c.name)
	case c.distinct, c.star, c.filter != nil:
		fail(c.pos(), "%s is no aggregate", c.name)
	case slices.Contains(otherAggregates, c.name):
		fail(c.pos(), "there is no aggregate %s: there are count, sum, min, max, avg, arg_min, arg_max and percentile", c.name)
	case slices.Contains([]string{"row_number", "lag", "lead"}, c.name):
		fail(c.pos(), "%s needs a window: %s(...) OVER (PARTITION BY ... ORDER BY ...)", c.name, c.name)
	}
	if made := x.macro(c); made != nil {
		return made
	}
	if made := x.spelled(c); made != nil {
		return made
	}
	var args []query.Expr
	for i, a := range c.args {
		if p, ok := a.(*param); ok && x.find(p).List && i > 0 {
			for _, v := range x.find(p).Values {
				args = append(args, query.Const{Value: v})
			}
			continue
		}
		args = append(args, x.lower(a))
	}
	return x.function(c, args)
}

// earliest stands for the start of a time range that has none: before all events.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (x *exprs) macro(c *call) query.Expr {
	if !strings.HasPrefix(c.name, "$") {
		return nil
	}
	from, hasFrom, to, hasTo := x.binding.Range.Micros()
	switch {
	case c.name == "$__timeFrom" && !hasFrom:
		return query.Time(earliest)
	case c.name == "$__timeFrom":
		return query.Time(time.UnixMicro(from))
	case c.name == "$__timeTo" && !hasTo:
		panic(fault{c.pos(), ErrNoEnd})
	case c.name == "$__timeTo":
		return query.Time(time.UnixMicro(to))
	}
	fail(c.pos(), "there is no macro %s(): there are $__timeFrom() and $__timeTo(), and scans are within the time range by themselves", c.name)
	return nil
}

// spelled are the functions that plans have another word for.
func (x *exprs) spelled(c *call) query.Expr {
	if c.name == "size" || c.name == "cardinality" {
		if p, ok := soleParam(c); ok && x.find(p).List {
			return query.Int(int64(len(x.find(p).Values)))
		}
		fail(c.pos(), "%s counts the values of a list: a parameter such as %s($users)", c.name, c.name)
	}
	takes := func(least, most int) {
		if len(c.args) < least || len(c.args) > most {
			fail(c.pos(), "%s takes %s, not %d", c.name, numberOf(least, most), len(c.args))
		}
	}
	args := func(least, most int) []query.Expr {
		takes(least, most)
		out := make([]query.Expr, len(c.args))
		for i, a := range c.args {
			out[i] = x.lower(a)
		}
		return out
	}
	switch c.name {
	case "coalesce", "ifnull", "nvl":
		return query.Coalesce{X: x.alike(args(1, 100))}
	case "nullif":
		a := args(2, 2)
		l, r := x.coerced(c.pos(), a[0], a[1])
		return query.Case{When: []query.When{{If: query.Distinct{L: l, R: r}, Then: a[0]}}}
	case "if", "iff":
		takes(3, 3)
		return x.caseOf(&caseOf{c.at, nil, []branch{{c.args[0], c.args[1]}}, c.args[2]})
	case "date_trunc", "time_bucket":
		a := args(2, 3)
		unit := x.constantText(c.args[0], "the unit of "+c.name)
		zone := ""
		if len(a) > 2 {
			zone = x.constantText(c.args[2], "the time zone of "+c.name)
		}
		if x.kind(a[1]) == columnar.Date {
			a[1] = fold(query.Cast{X: a[1], To: columnar.Timestamp})
		}
		return query.Bucket{X: a[1], Unit: strings.ToLower(unit), Zone: zone}
	case "to_date", "date":
		return query.Cast{X: args(1, 1)[0], To: columnar.Date}
	case "regexp_like":
		takes(2, 2)
		return query.Match{X: x.text(c.args[0]), Pattern: x.constantText(c.args[1], "the regular expression of regexp_like")}
	case "now", "current_timestamp", "current_date":
		fail(c.pos(), "there is no %s: write $__timeTo()", c.name)
	case "split":
		fail(c.pos(), "there are no lists: take a part at once, such as split(x, '-')[1]")
	}
	return nil
}

// soleParam is the parameter that is the only argument of a call.
func soleParam(c *call) (*param, bool) {
	if len(c.args) != 1 {
		return nil, false
	}
	p, ok := c.args[0].(*param)
	return p, ok
}

func numberOf(least, most int) string {
	if least == most {
		return [...]string{"no arguments", "one argument", "two arguments", "three arguments"}[least]
	}
	return [...]string{"any arguments", "one argument or more", "two or three arguments"}[least]
}

// synonyms are other names of functions.
var synonyms = map[string]string{
	"substr": "substring", "startswith": "starts_with", "endswith": "ends_with", "char_length": "length", "len": "length",
	"ceiling": "ceil", "instr": "strpos", "lcase": "lower", "ucase": "upper", "json_extract_scalar": "get_json_object",
}

// function is a call of the table of functions, its arguments made to fit.
func (x *exprs) function(c *call, args []query.Expr) query.Expr {
	name := c.name
	if other, ok := synonyms[name]; ok {
		name = other
	}
	plain := query.Fn(name, args...)
	if _, err := kindOf(plain); err == nil {
		return plain
	}
	for _, f := range query.Functions() {
		if f.Name != name {
			continue
		}
		fitted := make([]query.Expr, len(args))
		for i, a := range args {
			fitted[i] = fit(a, x.kind(a), f.Args[min(i, len(f.Args)-1)])
		}
		if call := query.Fn(name, fitted...); !fails(call) {
			return call
		}
	}
	return plain // the check of types says what is wrong
}

func fails(e query.Expr) bool {
	_, err := kindOf(e)
	return err != nil
}

// fit makes a value the kind that a function takes, where nothing is lost.
func fit(e query.Expr, kind, want columnar.Kind) query.Expr {
	switch {
	case isLong(kind) && want == columnar.Double,
		kind == columnar.Date && want == columnar.Timestamp,
		want == columnar.String && kind != columnar.Invalid && kind != columnar.String && query.CanCast(kind, want),
		kind == columnar.String && isNumber(want):
		return fold(query.Cast{X: e, To: want})
	}
	return e
}

// index is split(x, separator)[i], counted from 0.
func (x *exprs) index(e *index) query.Expr {
	c, ok := e.x.(*call)
	i, isConst := x.lower(e.i).(query.Const)
	if !ok || c.name != "split" || len(c.args) != 2 || !isConst || i.Value.Kind != columnar.Long {
		fail(e.pos(), "[...] is a part of split(x, '-')[1], or a field of a path such as requestParams['a-b']")
	}
	if i.Value.Int < 0 || i.Value.Int > math.MaxInt32 {
		fail(e.i.pos(), "parts are counted from 0")
	}
	return query.Fn("split_part", x.text(c.args[0]), query.Str(x.constantText(c.args[1], "the separator of split")), query.Int(i.Value.Int+1))
}

// window is the column of a window function.
func (x *exprs) window(c *call) query.Expr {
	f, ok := windowFuncs[c.name]
	if !ok {
		fail(c.pos(), "there is no %s OVER: there are row_number, lag, lead, count and sum", c.name)
	}
	if x.windows == nil {
		fail(c.pos(), "a window function does not belong here: filter in a query around this one")
	}
	w := query.Window{Func: f}
	switch {
	case c.distinct:
		fail(c.pos(), "there is no DISTINCT in a window function")
	case c.star && f != query.CountRange, f == query.RowNumber && len(c.args) > 0:
		fail(c.pos(), "%s takes %s", c.name, map[bool]string{true: "no arguments", false: "one argument"}[f == query.RowNumber])
	case !c.star && f != query.RowNumber:
		if len(c.args) != 1 {
			fail(c.pos(), "%s takes one argument: there is no other distance than 1, and no default", c.name)
		}
		w.Arg = x.lower(c.args[0])
	}
	if c.filter != nil {
		then := w.Arg
		if then == nil {
			then = query.Int(1)
		}
		w.Arg = query.Case{When: []query.When{{If: x.boolean(c.filter), Then: then}}}
	}
	for _, e := range c.over.partition {
		w.Partition = append(w.Partition, x.lower(e))
	}
	for _, k := range c.over.order {
		w.Order = append(w.Order, query.SortKey{By: x.lower(k.expr), Desc: k.desc})
	}
	if len(w.Order) == 0 {
		if f != query.CountRange && f != query.SumRange {
			fail(c.pos(), "%s needs an ORDER BY in its window", c.name)
		}
		w.Order = []query.SortKey{{By: query.Int(0)}} // all rows of the partition are peers
	}
	if c.over.within != nil {
		w.Within = x.within(c)
	}
	kind := columnar.Long
	if w.Arg != nil && f != query.CountRange {
		kind = x.kind(w.Arg)
	}
	return query.Column(kind, x.windows.add(w))
}

// within is how far before its row a frame begins.
func (x *exprs) within(c *call) time.Duration {
	i := c.over.within.(*interval)
	seconds, ok := x.lower(i).(query.Const)
	micros := seconds.Value.Float * 1e6
	if isLong(seconds.Value.Kind) {
		micros = float64(seconds.Value.Int) * 1e6
	}
	if !ok || !(micros > 0 && micros < float64(math.MaxInt64/1000)) {
		fail(i.pos(), "a frame begins some time before its row")
	}
	return time.Duration(math.Round(micros)) * time.Microsecond
}

// add is the name of the column of a window, which others like it share.
func (w *windows) add(win query.Window) string {
	win.Name = ""
	for i := range w.list {
		same := w.list[i]
		if same.Name = ""; windowText(same) == windowText(win) {
			return w.list[i].Name
		}
	}
	win.Name = fmt.Sprintf("window %d", len(w.list)+1)
	w.list = append(w.list, win)
	return win.Name
}

// windowText is the text of a window on nothing.
func windowText(w query.Window) string {
	w.Input = query.Scan{}
	return query.Plan{Root: w}.String()
}
