package sql

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// windowFuncs are the window functions.
var windowFuncs = map[string]query.WindowFunc{
	"row_number": query.RowNumber, "lag": query.Lag, "lead": query.Lead, "count": query.CountRange, "sum": query.SumRange,
	"rank": query.Rank, "dense_rank": query.DenseRank,
}

// call is a function, a macro or a window function.
func (x *exprs) call(c *call) query.Expr {
	switch {
	case c.ofList() != nil:
		refuse(c.pos(), "there is no %s of a list that is made at once", c.name)
	case c.over != nil:
		return x.window(c)
	case isAggregate(c):
		fail(c.pos(), "%s is an aggregate, which does not belong here", c.name)
	case slices.Contains(otherAggregates[:], c.name):
		refuse(c.pos(), "there is no aggregate %s", c.name)
	case slices.Contains(otherFunctions[:], c.name):
		refuse(c.pos(), "there is no function %s%s", c.name, remedies[c.name])
	case slices.Contains(otherWindows[:], c.name):
		refuse(c.pos(), "there is no window function %s", c.name)
	case c.distinct, c.star, c.filter != nil:
		fail(c.pos(), "%s is no aggregate", c.name)
	case slices.Contains([]string{"row_number", "rank", "dense_rank", "lag", "lead"}, c.name):
		fail(c.pos(), "%s needs a window: %s(...) OVER (PARTITION BY ... ORDER BY ...)", c.name, c.name)
	}
	if made := x.macro(c); made != nil {
		return made
	}
	if f, ok := findForm(c); ok {
		if len(c.args) < f.least || len(c.args) > f.most {
			fail(c.pos(), "%s takes other arguments: %s(%s)", c.name, c.name, f.args)
		}
		return f.lower(x, c)
	}
	if c.name == "split" {
		refuse(c.pos(), "there are no lists: take a part at once, such as split(x, '-')[1]")
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

// synonyms are other names of functions.
var synonyms = map[string]string{
	"substr": "substring", "startswith": "starts_with", "endswith": "ends_with", "char_length": "length", "len": "length",
	"ceiling": "ceil", "instr": "strpos", "lcase": "lower", "ucase": "upper", "json_extract_scalar": "get_json_object",
	"character_length": "length", "date_diff": "datediff", "dayofmonth": "day",
	"power": "pow", "log": "ln", "sha": "sha1", "signum": "sign", "unix_seconds": "unix_timestamp", "to_unix_timestamp": "unix_timestamp",
	"week": "weekofyear", "regexp_substr": "regexp_extract", "btrim": "trim",
}

// otherFunctions, otherAggregates and otherWindows are those that users of Spark and
// of SQLite know and that no plan has.
var (
	otherFunctions = [...]string{
		"array", "array_distinct", "array_except", "array_intersect", "array_join", "array_sort", "array_union", "arrays_zip", "base64", "char",
		"decode", "explode", "explode_outer", "exists", "filter", "flatten", "format", "format_number", "format_string", "forall",
		"from_json", "from_utc_timestamp", "glob", "hash", "hex", "iif", "inline", "json_array_length", "json_each", "json_extract", "json_object",
		"json_object_keys", "json_tuple", "json_type", "json_valid", "julianday", "levenshtein", "make_date", "map", "map_entries", "map_filter",
		"map_from_entries", "map_keys", "map_values", "months_between", "named_struct", "next_day", "last_day", "parse_json", "parse_url", "pmod",
		"posexplode", "printf", "rand", "reduce", "regexp_count", "regexp_extract_all", "schema_of_json", "sequence", "session_window", "shuffle",
		"slice", "sort_array", "soundex", "space", "stack", "strftime", "struct", "to_char", "to_json", "to_utc_timestamp", "transform",
		"translate", "try_parse_json", "try_variant_get", "typeof", "unbase64", "unhex", "unicode", "unixepoch", "url_decode", "uuid",
		"variant_get", "xxhash64", "bround", "log2", "datetime", "time",
	}
	otherAggregates = [...]string{
		"array_agg", "collect_list", "corr", "covar_pop", "covar_samp", "group_concat", "grouping", "grouping_id",
		"histogram_numeric", "kurtosis", "listagg", "percentile_cont", "percentile_disc", "skewness",
		"string_agg", "total", "try_sum", "try_avg", "approx_top_k",
	}
	otherWindows = [...]string{"percent_rank", "cume_dist", "ntile", "nth_value", "last_value"}
)

// remedies are what to write instead of some of the otherFunctions.
var remedies = map[string]string{
	"from_utc_timestamp": ": times are in UTC, and date_format, date_trunc, hour and so on take a time zone as their last argument",
	"to_utc_timestamp":   ": write to_timestamp(x, pattern, zone)",
	"last_day":           ": write add_months(trunc(x, 'month'), 1) - 1",
	"from_json":          ": write get_json_object(x, '$.name'), or x:name",
	"json_extract":       ": write get_json_object(x, '$.name'), or x:name",
	"strftime":           ": write date_format(x, pattern)",
	"iif":                ": write if(condition, x, y)",
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
			want := f.Args[min(i, len(f.Args)-1)]
			if fitted[i] = fit(a, x.kind(a), want); !f.Repeats {
				fitted[i] = x.squeeze(fitted[i], want)
			}
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
	case kind == columnar.String && want == columnar.Timestamp:
		return fold(query.Fn("to_timestamp", e))
	}
	return e
}

// squeeze makes a value the kind that a function takes, as Spark does, where a time of
// day or a fraction is lost.
func (x *exprs) squeeze(e query.Expr, want columnar.Kind) query.Expr {
	switch kind := x.kind(e); {
	case want == columnar.Date && (kind == columnar.Timestamp || kind == columnar.String),
		want == columnar.Long && isDouble(kind):
		return fold(query.Cast{X: e, To: want})
	}
	return e
}

// index is split(x, separator)[i], counted from 0.
func (x *exprs) index(e *index) query.Expr {
	c, ok := e.x.(*call)
	i, isConst := x.lower(e.i).(query.Const)
	if !ok || c.name != "split" || len(c.args) != 2 || !isConst || i.Value.Kind != columnar.Long {
		refuse(e.pos(), "[...] is a part of split(x, '-')[1], or a field of a path such as requestParams['a-b']")
	}
	if i.Value.Int < 0 || i.Value.Int > math.MaxInt32 {
		fail(e.i.pos(), "parts are counted from 0")
	}
	return query.Fn("split_part", x.text(c.args[0]), query.Str(x.separator(c.args[1])), query.Int(i.Value.Int+1))
}

// window is the column of a window function.
func (x *exprs) window(c *call) query.Expr {
	f, ok := windowFuncs[c.name]
	if !ok {
		refuse(c.pos(), "there is no %s OVER: there are row_number, rank, dense_rank, lag, lead, count and sum", c.name)
	}
	if x.windows == nil {
		fail(c.pos(), "a window function does not belong here: filter in a query around this one")
	}
	w := query.Window{Func: f}
	ranks := f == query.Rank || f == query.DenseRank
	switch {
	case ranks && (c.filter != nil || c.over.within != nil):
		refuse(c.pos(), "there is no %s of a part of the rows", c.name)
	case c.distinct:
		refuse(c.pos(), "there is no DISTINCT in a window function")
	case c.star && f != query.CountRange, (f == query.RowNumber || ranks) && len(c.args) > 0:
		fail(c.pos(), "%s takes %s", c.name, map[bool]string{true: "no arguments", false: "one argument"}[f == query.RowNumber || ranks])
	case (f == query.Lag || f == query.Lead) && len(c.args) > 0:
		x.away(c, &w)
	case !c.star && f != query.RowNumber && !ranks:
		if len(c.args) != 1 {
			refuse(c.pos(), "%s takes one argument", c.name)
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
		w.Order = append(w.Order, k.keys(x.lower(k.expr))...)
	}
	if len(w.Order) == 0 {
		if f != query.CountRange && f != query.SumRange && !ranks {
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

// away is what lag and lead are of, how many rows away, and what else.
func (x *exprs) away(c *call, w *query.Window) {
	if len(c.args) > 3 || len(c.args) > 1 && c.filter != nil {
		refuse(c.pos(), "%s takes an argument, a distance and a default", c.name)
	}
	w.Arg = x.lower(c.args[0])
	if len(c.args) == 1 {
		return
	}
	n, ok := x.lower(c.args[1]).(query.Const)
	if !ok || n.Value.Kind != columnar.Long || n.Value.Int < 1 {
		refuse(c.args[1].pos(), "%s takes a distance such as 1", c.name)
	}
	if w.Offset = n.Value.Int; w.Offset == 1 {
		w.Offset = 0
	}
	if len(c.args) == 3 {
		alike := x.alike([]query.Expr{w.Arg, x.lower(c.args[2])})
		w.Arg, w.Default = alike[0], alike[1]
		if n, ok := w.Default.(query.Const); ok && n.Value.Kind == columnar.Invalid {
			w.Default = nil
		}
	}
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
