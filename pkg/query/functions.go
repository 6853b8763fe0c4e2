package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Function is one signature of a function that a Call names; a name may have
// several. The names are those of SQL, where engines agree on one. Every function
// is null where an argument is null, and docs/semantics.md lists them all.
type Function struct {
	Name     string
	Args     []columnar.Kind
	Optional int  // how many of the last Args may be left out
	Repeats  bool // the last argument may come any number of times
	Fixed    bool // all arguments but the first are constants
	Result   columnar.Kind
	Doc      string // one line, for who writes a call

	// prepare makes the function for one call. It fails where a constant does not
	// suit.
	prepare func(call) (Eval, error)
}

// call is what is known of a call before there are rows.
type call struct {
	args []columnar.Value // of Kind Invalid where an argument is no constant
	stop func() bool      // may be nil
}

// Eval is the value of a function for arguments that are not null. A Kind of
// Invalid is null. The arguments and the value are valid until the next call.
type Eval func(args []columnar.Value) columnar.Value

// LongestText is how many bytes a text may have that a function makes. One that would
// have more is somewhat longer, and what it is then has no meaning: who called the
// function ends the query.
const LongestText = 16 << 20

// Functions are all functions, by name.
func Functions() []Function { return slices.Clone(functions) }

// functions is the table, which nobody changes.
var functions = table()

func table() []Function {
	const (
		str, long, double, boolean = columnar.String, columnar.Long, columnar.Double, columnar.Boolean
		date, timestamp            = columnar.Date, columnar.Timestamp
	)
	kinds := func(k ...columnar.Kind) []columnar.Kind { return k }
	of := func(name, doc string, result columnar.Kind, args []columnar.Kind, prepare func(call) (Eval, error)) Function {
		return Function{Name: name, Doc: doc, Result: result, Args: args, prepare: prepare}
	}
	return slices.Concat(
		[]Function{
			of("abs", "without its sign", long, kinds(long), plainly(absLong)),
			of("abs", "without its sign", double, kinds(double), plainly(absDouble)),
			of("add_months", "so many months later, on the last day of a shorter month", date, kinds(date, long), plainly(addMonthsDate)),
			of("add_months", "so many months later at the same time of day", timestamp, kinds(timestamp, long), plainly(addMonths)),
			of("ceil", "next whole number up", double, kinds(double), plainly(ceil)),
			repeating(of("concat", "texts one after the other", str, kinds(str), concat)),
			of("contains", "whether the second text is in the first", boolean, kinds(str, str), plainly(contains)),
			of("date_add", "so many days later", date, kinds(date, long), plainly(dateAdd)),
			fixed(1, of("date_format", "a time as text, by a pattern such as 'yyyy-MM-dd HH:mm' or '%Y-%m-%d', in a time zone or UTC", str, kinds(timestamp, str, str), dateFormat)),
			of("date_sub", "so many days earlier", date, kinds(date, long), plainly(dateSub)),
			of("datediff", "days from the second date to the first", long, kinds(date, date), plainly(dateDiff)),
			fixed(1, of("day", "day of the month, in a time zone or UTC", long, kinds(timestamp, str), clock(time.Time.Day))),
			fixed(1, of("day_of_week", "1 for Monday to 7 for Sunday, in a time zone or UTC", long, kinds(timestamp, str), clock(dayOfWeek))),
			fixed(1, of("dayofweek", "1 for Sunday to 7 for Saturday, in a time zone or UTC", long, kinds(timestamp, str), clock(sundayFirst))),
			fixed(1, of("dayofyear", "1 to 366, in a time zone or UTC", long, kinds(timestamp, str), clock(time.Time.YearDay))),
			of("ends_with", "whether the first text ends with the second", boolean, kinds(str, str), plainly(endsWith)),
			of("exp", "e to the power of it", double, kinds(double), plainly(exp)),
			of("floor", "next whole number down", double, kinds(double), plainly(floor)),
			fixed(2, of("from_unixtime", "seconds since 1970 as text, by a pattern, in a time zone or UTC", str, kinds(long, str, str), fromUnixtime)),
			fixed(0, of("get_json_object", "what is at a path such as $.a.b[0] of a JSON text", str, kinds(str, str), jsonObject)),
		},
		ordered("greatest", "largest of the values, null if one is", greatest),
		[]Function{
			fixed(1, of("hour", "0 to 23, in a time zone or UTC", long, kinds(timestamp, str), clock(hour))),
			repeating(fixed(0, of("in_network", "whether an IP address is in one of the networks", boolean, kinds(str, str), inNetwork))),
			of("initcap", "each word with a capital and the rest small", str, kinds(str), plainly(initcap)),
		},
		ordered("least", "smallest of the values, null if one is", least),
		[]Function{
			of("left", "so many characters from the start", str, kinds(str, long), plainly(left)),
			of("length", "characters of a text", long, kinds(str), plainly(length)),
			of("ln", "natural logarithm, null for what has none", double, kinds(double), plainly(ln)),
			of("log10", "logarithm to base 10, null for what has none", double, kinds(double), plainly(log10)),
			of("lower", "in small letters", str, kinds(str), plainly(lower)),
			of("lpad", "a text of so many characters, filled up at the start", str, kinds(str, long, str), plainly(lpad)),
			of("ltrim", "without blanks at the start", str, kinds(str), plainly(ltrim)),
			of("md5", "MD5 of a text, in hexadecimal", str, kinds(str), plainly(md5Hex)),
			fixed(1, of("minute", "0 to 59, in a time zone or UTC", long, kinds(timestamp, str), clock(time.Time.Minute))),
			of("mod", "remainder with the sign of the first, null for division by 0", long, kinds(long, long), plainly(modLong)),
			of("mod", "remainder with the sign of the first, null for division by 0", double, kinds(double, double), plainly(modDouble)),
			fixed(1, of("month", "1 to 12, in a time zone or UTC", long, kinds(timestamp, str), clock(month))),
			fixed(0, of("network", "network of so many bits (IPv4, IPv6) that an IP address is in", str, kinds(str, long, long), network)),
			of("pow", "the first to the power of the second", double, kinds(double, double), plainly(pow)),
			fixed(1, of("quarter", "1 to 4, in a time zone or UTC", long, kinds(timestamp, str), clock(quarter))),
			fixed(1, of("regexp_extract", "first match of a regular expression, or a group of it; null if there is none", str, kinds(str, str, long), regexpExtract)),
			fixed(0, of("regexp_replace", "with each match of a regular expression replaced; $1 is a group", str, kinds(str, str, str), regexpReplace)),
			of("repeat", "so many times", str, kinds(str, long), repeat),
			of("replace", "with each occurrence of the second text replaced by the third", str, kinds(str, str, str), plainly(replace)),
			of("reverse", "characters from the last to the first", str, kinds(str), plainly(reverse)),
			of("right", "so many characters from the end", str, kinds(str, long), plainly(right)),
			optional(1, of("round", "nearest number with so many decimals, halves away from 0", double, kinds(double, long), plainly(round))),
			of("rpad", "a text of so many characters, filled up at the end", str, kinds(str, long, str), plainly(rpad)),
			of("rtrim", "without blanks at the end", str, kinds(str), plainly(rtrim)),
			fixed(1, of("second", "0 to 59, in a time zone or UTC", long, kinds(timestamp, str), clock(time.Time.Second))),
			of("sha1", "SHA-1 of a text, in hexadecimal", str, kinds(str), plainly(sha1Hex)),
			fixed(0, of("sha2", "SHA-2 of a text with 224, 256, 384 or 512 bits, in hexadecimal", str, kinds(str, long), sha2Hex)),
			of("sign", "-1, 0 or 1", double, kinds(double), plainly(sign)),
			of("split_part", "part of a text between separators, from 1, or from the end by a negative number", str, kinds(str, str, long), plainly(splitPart)),
			of("sqrt", "square root, null of a negative number", double, kinds(double), plainly(sqrt)),
			of("starts_with", "whether the first text starts with the second", boolean, kinds(str, str), plainly(startsWith)),
			optional(1, of("strpos", "where the second text starts in the first, from a place on; 0 for nowhere", long, kinds(str, str, long), plainly(strpos))),
			optional(1, of("substring", "from a place, a negative one from the end, so many characters", str, kinds(str, long, long), plainly(substring))),
			of("substring_index", "what is before so many separators, or behind so many from the end by a negative number", str, kinds(str, str, long), plainly(substringIndex)),
			of("timestamp_micros", "time of so many microseconds since 1970", timestamp, kinds(long), plainly(timestampMicros)),
			of("timestamp_millis", "time of so many milliseconds since 1970", timestamp, kinds(long), plainly(timestampMillis)),
			of("timestamp_seconds", "time of so many seconds since 1970", timestamp, kinds(double), plainly(timestampSeconds)),
			fixed(2, of("to_timestamp", "time that a text says, by a pattern such as 'yyyy-MM-dd HH:mm', in a time zone or UTC", timestamp, kinds(str, str, str), toTimestamp)),
			of("trim", "without blanks at the ends", str, kinds(str), plainly(trim)),
			of("unix_micros", "microseconds since 1970", long, kinds(timestamp), plainly(unixMicros)),
			of("unix_millis", "milliseconds since 1970, rounded down", long, kinds(timestamp), plainly(unixMillis)),
			of("unix_timestamp", "seconds since 1970, rounded down", long, kinds(timestamp), plainly(unixSeconds)),
			of("upper", "in capitals", str, kinds(str), plainly(upper)),
			fixed(1, of("weekday", "0 for Monday to 6 for Sunday, in a time zone or UTC", long, kinds(timestamp, str), clock(mondayFirst))),
			fixed(1, of("weekofyear", "1 to 53 by ISO 8601, in a time zone or UTC", long, kinds(timestamp, str), clock(isoWeek))),
			fixed(1, of("year", "year, in a time zone or UTC", long, kinds(timestamp, str), clock(time.Time.Year))),
		},
	)
}

// fixed is a function whose arguments are constants but for the first; so many of the
// last may be left out.
func fixed(leave int, f Function) Function {
	f.Fixed = true
	return optional(leave, f)
}

func optional(leave int, f Function) Function {
	f.Optional = leave
	return f
}

func repeating(f Function) Function {
	f.Repeats = true
	return f
}

// ordered is a function of any number of values of one kind that has an order.
func ordered(name, doc string, eval Eval) []Function {
	var out []Function
	for _, k := range [...]columnar.Kind{columnar.Long, columnar.Double, columnar.String, columnar.Date, columnar.Timestamp} {
		out = append(out, Function{Name: name, Doc: doc, Args: []columnar.Kind{k}, Repeats: true, Result: k, prepare: plainly(eval)})
	}
	return out
}

// plainly is for a function that has nothing to prepare.
func plainly(f Eval) func(call) (Eval, error) {
	return func(call) (Eval, error) { return f, nil }
}

// String is the signature, such as substring(string, long[, long]) string.
func (f Function) String() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, k := range f.Args {
		if i >= len(f.Args)-f.Optional {
			b.WriteString("[")
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if i > 0 && f.Fixed {
			b.WriteString("const ")
		}
		b.WriteString(k.String())
	}
	if f.Repeats {
		b.WriteString("...")
	}
	return b.String() + strings.Repeat("]", f.Optional) + ") " + f.Result.String()
}

// Call is the value of a function; see Functions.
type Call struct {
	Func string
	Args []Expr
}

// Fn is a call of a function.
func Fn(name string, args ...Expr) Call { return Call{name, args} }

func (e Call) operands() []Expr { return e.Args }
func (e Call) String() string   { return e.Func + "(" + join(e.Args, ", ", plain) + ")" }

// Prepare is the function of a call whose arguments have these kinds, Invalid
// being that of NULL. When stop, which may be nil, says that nobody wants the
// values any more, those that are still given are of no meaning.
func (e Call) Prepare(kinds []columnar.Kind, stop func() bool) (Eval, error) {
	_, eval, err := e.resolve(kinds, stop)
	return eval, err
}

func (e Call) resolve(kinds []columnar.Kind, stop func() bool) (Function, Eval, error) {
	f, err := e.find(kinds)
	if err != nil {
		return f, nil, err
	}
	c := call{args: make([]columnar.Value, len(e.Args)), stop: stop}
	for i, x := range e.Args {
		k, ok := x.(Const)
		if ok {
			c.args[i] = k.Value
		}
		if f.Fixed && i > 0 && k.Value.Kind == columnar.Invalid {
			return f, nil, fmt.Errorf("%s in %s: only the first argument of %s may be other than a constant", x, e, f.Name)
		}
	}
	eval, err := f.prepare(c)
	if err != nil {
		return f, nil, fmt.Errorf("%s: %w", e, err)
	}
	return f, eval, nil
}

// find is the signature that the kinds fit.
func (e Call) find(kinds []columnar.Kind) (Function, error) {
	var signatures []string
	for _, f := range functions {
		if f.Name != e.Func {
			continue
		}
		if f.fits(kinds) {
			return f, nil
		}
		signatures = append(signatures, f.String())
	}
	if signatures == nil {
		names := make([]string, len(functions))
		for i, f := range functions {
			names[i] = f.Name
		}
		return Function{}, fmt.Errorf("function %s is not known%s", e.Func, DidYouMean(e.Func, names))
	}
	have := make([]string, len(kinds))
	for i, k := range kinds {
		if have[i] = k.String(); k == columnar.Invalid {
			have[i] = "null"
		}
	}
	return Function{}, fmt.Errorf("%s has (%s), but there is %s", e, strings.Join(have, ", "), strings.Join(signatures, " and "))
}

func (f Function) fits(kinds []columnar.Kind) bool {
	if len(kinds) < len(f.Args)-f.Optional || len(kinds) > len(f.Args) && !f.Repeats {
		return false
	}
	for i, k := range kinds {
		if want := f.Args[min(i, len(f.Args)-1)]; k != columnar.Invalid && family(k) != family(want) {
			return false
		}
	}
	return true
}
