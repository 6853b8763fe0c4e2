package sql

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// form is a function for which plans have another word than a call.
type form struct {
	name        string
	args        string // as a reader of the reference sees them
	doc         string // one line
	least, most int    // arguments
	lower       func(x *exprs, c *call) query.Expr
}

// any number of arguments.
const many = 1000

// forms are all of them. What is under several names is there under each.
func forms() []form {
	cast := func(name string, to columnar.Kind) form {
		return form{name, "x", "x as " + to.String() + ", null where it cannot be", 1, 1, func(x *exprs, c *call) query.Expr {
			return x.cast(&cast{c.at, c.args[0], to})
		}}
	}
	now := func(name string) form {
		return form{name, "", "end of the time range", 0, 0, (*exprs).now}
	}
	return slices.Concat(
		[]form{
			{"array_contains", "split(x, separator), y", "whether y is a part of x, or an element of array(...)", 2, 2, (*exprs).arrayContains},
			{"array_size", "split(x, separator)", "how many parts a text has", 1, 1, (*exprs).size},
			cast("bigint", columnar.Long), cast("boolean", columnar.Boolean),
			{"cardinality", "$list", "how many values a parameter has, or parts a text", 1, 1, (*exprs).size},
			{"charindex", "part, x[, from]", "where part starts in x, from a place on; 0 for nowhere", 2, 3, (*exprs).locate},
			{"coalesce", "x, ...", "first value that is not null", 1, many, (*exprs).coalesce},
			{"concat_ws", "separator, x, ...", "texts that are not null with a separator between them", 1, many, (*exprs).concatWith},
			now("curdate"), now("current_date"), now("current_timestamp"),
			{"date", "x", "x as a date", 1, 1, func(x *exprs, c *call) query.Expr { return x.date(x.lower(c.args[0])) }},
			{"date_part", "unit, x", "part of a time: year, month, day, hour and so on", 2, 2, func(x *exprs, c *call) query.Expr {
				return x.call(&call{at: c.at, name: x.unit(c.args[0]), args: c.args[1:]})
			}},
			{"date_trunc", "unit, x[, zone]", "start of the second, minute, hour, day, week, month, quarter or year", 2, 3, (*exprs).truncated},
			{"dateadd", "unit, n, x", "so many units later", 3, 3, (*exprs).dateAdd},
			{"dayname", "x", "Mon to Sun", 1, 1, func(x *exprs, c *call) query.Expr {
				return x.nameOfTime(c, "EEE")
			}},
			cast("double", columnar.Double),
			{"element_at", "x, key", "part of split(x, separator) from 1 or from the end, or a field of a path", 2, 2, (*exprs).elementAt},
			cast("float", columnar.Double),
			{"if", "condition, then, else", "one of two values", 3, 3, (*exprs).ifElse},
			{"iff", "condition, then, else", "one of two values", 3, 3, (*exprs).ifElse},
			{"ifnull", "x, y", "y where x is null", 2, 2, (*exprs).coalesce},
			cast("int", columnar.Long),
			{"isnotnull", "x", "whether x is not null", 1, 1, func(x *exprs, c *call) query.Expr { return query.NotNull(x.lower(c.args[0])) }},
			{"isnull", "x", "whether x is null", 1, 1, func(x *exprs, c *call) query.Expr { return query.IsNull{X: x.lower(c.args[0])} }},
			{"locate", "part, x[, from]", "where part starts in x, from a place on; 0 for nowhere", 2, 3, (*exprs).locate},
			cast("long", columnar.Long),
			{"map_contains_key", "path, key", "whether there is a value of that key", 2, 2, func(x *exprs, c *call) query.Expr {
				return query.NotNull(x.elementAt(c))
			}},
			{"monthname", "x", "Jan to Dec", 1, 1, func(x *exprs, c *call) query.Expr {
				return x.nameOfTime(c, "MMM")
			}},
			now("now"),
			{"nullif", "x, y", "null where x is y", 2, 2, (*exprs).nullIf},
			{"nvl", "x, y", "y where x is null", 2, 2, (*exprs).coalesce},
			{"nvl2", "x, y, z", "z where x is null, else y", 3, 3, func(x *exprs, c *call) query.Expr {
				return x.caseOf(&caseOf{c.at, nil, []branch{{&isNull{c.at, c.args[0]}, c.args[2]}}, c.args[1]})
			}},
			{"position", "part, x[, from]", "where part starts in x, from a place on; also position(part IN x)", 2, 3, (*exprs).locate},
			{"regexp", "x, pattern", "whether a regular expression matches in x", 2, 2, (*exprs).matches},
			{"regexp_extract", "x, pattern[, group]", "first match, of the first group if there is one; null if there is none", 2, 3, (*exprs).regexpExtract},
			{"regexp_like", "x, pattern", "whether a regular expression matches in x", 2, 2, (*exprs).matches},
			{"regexp_replace", "x, pattern, replacement", "with each match replaced; $1 is a group", 3, 3, (*exprs).regexpReplace},
			{"rlike", "x, pattern", "whether a regular expression matches in x", 2, 2, (*exprs).matches},
			{"size", "$list", "how many values a parameter has, or parts a text", 1, 1, (*exprs).size},
			cast("string", columnar.String),
			{"time_bucket", "interval, x[, zone]", "start of the interval, such as '15m' or 'hour', that x is in", 2, 3, (*exprs).truncated},
			{"timestamp", "x", "x as a timestamp", 1, 1, (*exprs).toTimestamp},
			{"timestampadd", "unit, n, x", "so many units later", 3, 3, (*exprs).dateAdd},
			{"timestampdiff", "unit, x, y", "whole units from x to y", 3, 3, (*exprs).dateDiff},
			{"to_date", "x[, pattern]", "x as a date", 1, 2, (*exprs).toDate},
			{"to_timestamp", "x[, pattern[, zone]]", "time that a text says", 1, 3, (*exprs).toTimestamp},
			{"trunc", "x, unit", "first date of the week, month, quarter or year", 2, 2, func(x *exprs, c *call) query.Expr {
				return query.Cast{X: x.truncated(&call{at: c.at, args: []expr{c.args[1], c.args[0]}}), To: columnar.Date}
			}},
			{"try_divide", "x, y", "x / y, null where y is 0", 2, 2, func(x *exprs, c *call) query.Expr { return x.arith(&binary{c.at, "/", c.args[0], c.args[1]}) }},
			{"try_element_at", "x, key", "as element_at", 2, 2, (*exprs).elementAt},
			{"unix_timestamp", "[x[, pattern]]", "seconds since 1970 of a time, or of the end of the range", 0, 2, (*exprs).unixTimestamp},
			{"window", "x, interval", "start or end of the interval that x is in: window(x, '5 minutes').start", 2, 2, (*exprs).windowOfTime},
			{"window_end", "x, interval", "", 2, 2, (*exprs).windowOfTime},
			{"window_start", "x, interval", "", 2, 2, (*exprs).windowOfTime},
			{"zeroifnull", "x", "0 where x is null", 1, 1, func(x *exprs, c *call) query.Expr {
				return query.Coalesce{X: x.alike([]query.Expr{x.lower(c.args[0]), query.Int(0)})}
			}},
		},
	)
}

// findForm is the form that a call is; false where it is a call of the table.
func findForm(c *call) (form, bool) {
	name, n := c.name, len(c.args)
	switch {
	case name == "date_add" && n == 3:
		name = "dateadd"
	case (name == "datediff" || name == "date_diff") && n == 3:
		name = "timestampdiff"
	}
	all := forms()
	i := slices.IndexFunc(all, func(f form) bool { return f.name == name })
	if i < 0 {
		return form{}, false
	}
	return all[i], true
}

func (x *exprs) lowerAll(args []expr) []query.Expr {
	out := make([]query.Expr, len(args))
	for i, a := range args {
		out[i] = x.lower(a)
	}
	return out
}

func (x *exprs) coalesce(c *call) query.Expr { return query.Coalesce{X: x.alike(x.lowerAll(c.args))} }

func (x *exprs) nullIf(c *call) query.Expr {
	v := x.lower(c.args[0])
	l, r := x.coerced(c.pos(), v, x.lower(c.args[1]))
	return query.Case{When: []query.When{{If: query.Distinct{L: l, R: r}, Then: v}}}
}

func (x *exprs) ifElse(c *call) query.Expr {
	return x.caseOf(&caseOf{c.at, nil, []branch{{c.args[0], c.args[1]}}, c.args[2]})
}

// now is the end of the time range, where a panel that looks at last month wants it.
func (x *exprs) now(c *call) query.Expr {
	_, _, to, bounded := x.binding.Range.Micros()
	if !bounded {
		if x.binding.Now.IsZero() {
			panic(fault{c.pos(), ErrNoEnd})
		}
		to = x.binding.Now.UnixMicro()
	}
	v := query.Time(time.UnixMicro(to))
	if c.name == "current_date" || c.name == "curdate" {
		return fold(query.Cast{X: v, To: columnar.Date})
	}
	return v
}

// time is a value as a timestamp, where it is a date or a text.
func (x *exprs) time(v query.Expr) query.Expr {
	switch x.kind(v) {
	case columnar.Date:
		return fold(query.Cast{X: v, To: columnar.Timestamp})
	case columnar.String:
		return fold(query.Fn("to_timestamp", v))
	}
	return v
}

func (x *exprs) date(v query.Expr) query.Expr {
	if x.kind(v) == columnar.Date {
		return v
	}
	return fold(query.Cast{X: v, To: columnar.Date})
}

func (x *exprs) toDate(c *call) query.Expr {
	if len(c.args) == 1 {
		return x.date(x.lower(c.args[0]))
	}
	return fold(query.Cast{X: fold(x.toTimestamp(c)), To: columnar.Date})
}

func (x *exprs) toTimestamp(c *call) query.Expr {
	args := x.lowerAll(c.args)
	if len(args) == 1 {
		if isNumber(x.kind(args[0])) {
			return x.function(&call{at: c.at, name: "timestamp_seconds"}, args)
		}
		return x.time(args[0])
	}
	return x.function(&call{at: c.at, name: "to_timestamp"}, args)
}

func (x *exprs) unixTimestamp(c *call) query.Expr {
	switch len(c.args) {
	case 0:
		return fold(query.Fn("unix_timestamp", x.now(c)))
	case 1:
		return query.Fn("unix_timestamp", x.time(x.lower(c.args[0])))
	}
	return query.Fn("unix_timestamp", x.toTimestamp(c))
}

func (x *exprs) nameOfTime(c *call, pattern string) query.Expr {
	return query.Fn("date_format", x.time(x.lower(c.args[0])), query.Str(pattern))
}

// spelledUnits are other names of units of time.
var spelledUnits = map[string]string{
	"yyyy": "year", "yy": "year", "years": "year", "qtr": "quarter", "quarters": "quarter", "mm": "month", "mon": "month", "months": "month",
	"weeks": "week", "dd": "day", "days": "day", "hours": "hour", "minutes": "minute", "seconds": "second",
	"dow": "dayofweek", "dow_iso": "day_of_week", "dayofweek_iso": "day_of_week", "doy": "dayofyear",
}

// unit is a unit of time, as a name or as a text.
func (x *exprs) unit(e expr) string {
	var name string
	if p, ok := e.(*path); ok && len(p.parts) == 1 {
		name = p.parts[0]
	} else {
		name = x.constantText(e, "a unit of time")
	}
	name = strings.ToLower(name)
	if other, ok := spelledUnits[name]; ok {
		return other
	}
	return name
}

func (x *exprs) truncated(c *call) query.Expr {
	zone := ""
	if len(c.args) > 2 {
		zone = x.constantText(c.args[2], "the time zone")
	}
	return query.Bucket{X: x.time(x.lower(c.args[1])), Unit: x.unit(c.args[0]), Zone: zone}
}

// windowOfTime is window(x, '5 minutes').start or .end.
func (x *exprs) windowOfTime(c *call) query.Expr {
	if c.name == "window" {
		refuse(c.pos(), "window(...) is two times: write window(x, '5 minutes').start or .end")
	}
	text := x.constantText(c.args[1], "the interval of window")
	amount, unit, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.ParseInt(amount, 10, 32)
	size, ok := units[strings.TrimSuffix(strings.ToLower(strings.TrimSpace(unit)), "s")]
	if !ok || err != nil || n < 1 || size < 1e6 || n > math.MaxInt32/7/86400 {
		fail(c.args[1].pos(), "%q is no interval of window: write one such as '5 minutes' or '1 hour'", text)
	}
	start := query.Bucket{X: x.time(x.lower(c.args[0])), Unit: unitOf(time.Duration(n*size) * time.Microsecond)}
	if c.name == "window_start" {
		return start
	}
	return query.Arith{Op: query.Add, L: start, R: query.Int(n * size / 1e6)}
}

// dateAdd is dateadd(unit, n, x): a date stays one where whole days are added.
func (x *exprs) dateAdd(c *call) query.Expr {
	unit, n, v := x.unit(c.args[0]), x.lower(c.args[1]), x.lower(c.args[2])
	if x.kind(v) == columnar.String {
		v = x.time(v)
	}
	if !isLong(x.kind(n)) {
		fail(c.args[1].pos(), "%s takes a whole number of units", c.name)
	}
	times := func(size int64) query.Expr {
		return fold(query.Arith{Op: query.Mul, L: n, R: query.Int(size)})
	}
	if months, ok := calendar[unit]; ok {
		return query.Fn("add_months", v, times(months))
	}
	size, ok := units[unit]
	switch {
	case !ok:
		fail(c.args[0].pos(), "%q is no unit of time", unit)
	case x.kind(v) == columnar.Date && size%(86400*1e6) == 0:
		return query.Fn("date_add", v, times(size/(86400*1e6)))
	case size < 1e6:
		refuse(c.args[0].pos(), "there is no %s in %ss", c.name, unit)
	}
	return query.Arith{Op: query.Add, L: x.time(v), R: times(size / 1e6)}
}

// dateDiff is timestampdiff(unit, x, y).
func (x *exprs) dateDiff(c *call) query.Expr {
	unit := x.unit(c.args[0])
	size, ok := units[unit]
	if !ok || size < 1e6 {
		refuse(c.args[0].pos(), "there is no %s in %ss", c.name, unit)
	}
	seconds := query.Arith{Op: query.Sub, L: x.time(x.lower(c.args[2])), R: x.time(x.lower(c.args[1]))}
	return query.Cast{X: query.Arith{Op: query.Div, L: seconds, R: query.Int(size / 1e6)}, To: columnar.Long}
}

func (x *exprs) matches(c *call) query.Expr {
	return query.Match{X: x.text(c.args[0]), Pattern: x.pattern(c.args[1], c.name)}
}

// regexpExtract: like Spark's the first group, if the expression has one.
func (x *exprs) regexpExtract(c *call) query.Expr {
	pattern := x.pattern(c.args[1], c.name)
	args := []query.Expr{x.text(c.args[0]), query.Str(pattern)}
	if len(c.args) > 2 {
		args = append(args, x.lower(c.args[2]))
	} else if re, err := query.CompileRegexp(pattern, nil); err == nil && re.Groups() > 0 {
		args = append(args, query.Int(1))
	}
	return query.Fn("regexp_extract", args...)
}

func (x *exprs) regexpReplace(c *call) query.Expr {
	return query.Fn("regexp_replace", x.text(c.args[0]), query.Str(x.pattern(c.args[1], c.name)), query.Str(x.pattern(c.args[2], c.name)))
}

func (x *exprs) locate(c *call) query.Expr {
	args := []query.Expr{x.text(c.args[1]), x.text(c.args[0])}
	if len(c.args) > 2 {
		args = append(args, x.lower(c.args[2]))
	}
	return query.Fn("strpos", args...)
}

// concatWith leaves out nulls: each text has a separator before it, and the first of
// these is cut off.
func (x *exprs) concatWith(c *call) query.Expr {
	separator := x.constantText(c.args[0], "the separator of concat_ws")
	parts := []query.Expr{query.Str("")}
	for _, a := range c.args[1:] {
		with := fold(query.Fn("concat", query.Str(separator), x.text(a)))
		parts = append(parts, fold(query.Coalesce{X: []query.Expr{with, query.Str("")}}))
	}
	return query.Fn("substring", query.Fn("concat", parts...), query.Int(int64(len([]rune(separator)))+1))
}

// splitOf is x and the separator of split(x, separator).
func (x *exprs) splitOf(e expr) (text query.Expr, separator string, ok bool) {
	c, isCall := e.(*call)
	if !isCall || c.name != "split" || len(c.args) < 2 {
		return nil, "", false
	}
	return x.text(c.args[0]), x.separator(c.args[1]), true
}

// separator is a text, though Spark takes it for a regular expression: one character
// that is escaped, as in '\\.' and '[|]', is that character.
func (x *exprs) separator(e expr) string {
	s := x.constantText(e, "the separator of split")
	if _, ok := e.(*literal); !ok {
		return s
	}
	escaped := strings.TrimLeft(s, `\`)
	if len(escaped) == 1 && len(escaped) < len(s) && strings.ContainsAny(escaped, `.|[](){}+*?^$/-:;, `) {
		return escaped
	}
	if len(s) == 3 && s[0] == '[' && s[2] == ']' {
		return s[1:2]
	}
	return s
}

func (x *exprs) size(c *call) query.Expr {
	if p, ok := sole[*param](c.args); ok && x.find(p).List {
		return query.Int(int64(len(x.find(p).Values)))
	}
	text, separator, ok := x.splitOf(c.args[0])
	if !ok || separator == "" {
		refuse(c.pos(), "%s counts the values of a list: a parameter such as %s($users), or the parts of split(x, ',')", c.name, c.name)
	}
	length := func(e query.Expr) query.Expr { return query.Fn("length", e) }
	less := query.Arith{Op: query.Sub, L: length(text), R: length(query.Fn("replace", text, query.Str(separator), query.Str("")))}
	return query.Arith{Op: query.Add, R: query.Int(1), L: query.Cast{
		X: query.Arith{Op: query.Div, L: less, R: query.Int(int64(len([]rune(separator))))}, To: columnar.Long,
	}}
}

// arrayContains: between separators a text has its parts between separators.
func (x *exprs) arrayContains(c *call) query.Expr {
	if list, ok := c.args[0].(*call); ok && list.name == "array" {
		return x.in(&in{c.at, c.args[1], list.args})
	}
	text, separator, ok := x.splitOf(c.args[0])
	if !ok || separator == "" {
		refuse(c.pos(), "there are no lists but split(x, ',') and array(...): array_contains looks for a part of one of them")
	}
	s := query.Str(separator)
	return query.Fn("contains", query.Fn("concat", s, text, s), fold(query.Fn("concat", s, x.text(c.args[1]), s)))
}

func (x *exprs) elementAt(c *call) query.Expr {
	if p, ok := c.args[0].(*path); ok {
		key := x.constantText(c.args[1], "the key of "+c.name)
		return x.lower(&path{p.at, append(slices.Clone(p.parts), key)})
	}
	text, separator, ok := x.splitOf(c.args[0])
	i, isConst := x.lower(c.args[1]).(query.Const)
	if !ok || !isConst || i.Value.Kind != columnar.Long {
		refuse(c.pos(), "%s takes a part of split(x, '-') by its number, or a field of a path by its name", c.name)
	}
	if i.Value.Int == 0 || i.Value.Int > math.MaxInt32 || i.Value.Int < -math.MaxInt32 {
		fail(c.args[1].pos(), "parts are counted from 1, or from the end by negative numbers")
	}
	return query.Fn("split_part", text, query.Str(separator), query.Int(i.Value.Int))
}
