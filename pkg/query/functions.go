package query

import (
	"fmt"
	"net/netip"
	"strings"

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

// Functions are all functions, by name.
func Functions() []Function {
	const (
		str, long, double, boolean = columnar.String, columnar.Long, columnar.Double, columnar.Boolean
		date, timestamp            = columnar.Date, columnar.Timestamp
	)
	kinds := func(k ...columnar.Kind) []columnar.Kind { return k }
	return []Function{
		{Name: "abs", Args: kinds(long), Result: long, prepare: plainly(absLong)},
		{Name: "abs", Args: kinds(double), Result: double, prepare: plainly(absDouble)},
		{Name: "ceil", Args: kinds(double), Result: double, prepare: plainly(ceil)},
		{Name: "concat", Args: kinds(str), Repeats: true, Result: str, prepare: concat},
		{Name: "contains", Args: kinds(str, str), Result: boolean, prepare: plainly(contains)},
		{Name: "date_format", Args: kinds(timestamp, str, str), Optional: 1, Fixed: true, Result: str, prepare: dateFormat},
		{Name: "day_of_week", Args: kinds(timestamp, str), Optional: 1, Fixed: true, Result: long, prepare: clock(dayOfWeek)},
		{Name: "ends_with", Args: kinds(str, str), Result: boolean, prepare: plainly(endsWith)},
		{Name: "floor", Args: kinds(double), Result: double, prepare: plainly(floor)},
		{Name: "get_json_object", Args: kinds(str, str), Fixed: true, Result: str, prepare: jsonObject},
		{Name: "greatest", Args: kinds(long), Repeats: true, Result: long, prepare: plainly(greatest)},
		{Name: "greatest", Args: kinds(double), Repeats: true, Result: double, prepare: plainly(greatest)},
		{Name: "greatest", Args: kinds(str), Repeats: true, Result: str, prepare: plainly(greatest)},
		{Name: "greatest", Args: kinds(date), Repeats: true, Result: date, prepare: plainly(greatest)},
		{Name: "greatest", Args: kinds(timestamp), Repeats: true, Result: timestamp, prepare: plainly(greatest)},
		{Name: "hour", Args: kinds(timestamp, str), Optional: 1, Fixed: true, Result: long, prepare: clock(hour)},
		{Name: "in_network", Args: kinds(str, str), Repeats: true, Fixed: true, Result: boolean, prepare: inNetwork},
		{Name: "least", Args: kinds(long), Repeats: true, Result: long, prepare: plainly(least)},
		{Name: "least", Args: kinds(double), Repeats: true, Result: double, prepare: plainly(least)},
		{Name: "least", Args: kinds(str), Repeats: true, Result: str, prepare: plainly(least)},
		{Name: "least", Args: kinds(date), Repeats: true, Result: date, prepare: plainly(least)},
		{Name: "least", Args: kinds(timestamp), Repeats: true, Result: timestamp, prepare: plainly(least)},
		{Name: "length", Args: kinds(str), Result: long, prepare: plainly(length)},
		{Name: "lower", Args: kinds(str), Result: str, prepare: plainly(lower)},
		{Name: "ltrim", Args: kinds(str), Result: str, prepare: plainly(ltrim)},
		{Name: "network", Args: kinds(str, long, long), Fixed: true, Result: str, prepare: network},
		{Name: "regexp_extract", Args: kinds(str, str, long), Optional: 1, Fixed: true, Result: str, prepare: regexpExtract},
		{Name: "replace", Args: kinds(str, str, str), Result: str, prepare: plainly(replace)},
		{Name: "rtrim", Args: kinds(str), Result: str, prepare: plainly(rtrim)},
		{Name: "split_part", Args: kinds(str, str, long), Result: str, prepare: plainly(splitPart)},
		{Name: "starts_with", Args: kinds(str, str), Result: boolean, prepare: plainly(startsWith)},
		{Name: "strpos", Args: kinds(str, str), Result: long, prepare: plainly(strpos)},
		{Name: "substring", Args: kinds(str, long, long), Optional: 1, Result: str, prepare: plainly(substring)},
		{Name: "timestamp_millis", Args: kinds(long), Result: timestamp, prepare: plainly(timestampMillis)},
		{Name: "trim", Args: kinds(str), Result: str, prepare: plainly(trim)},
		{Name: "unix_millis", Args: kinds(timestamp), Result: long, prepare: plainly(unixMillis)},
		{Name: "upper", Args: kinds(str), Result: str, prepare: plainly(upper)},
	}
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

// InNetwork is true where x is an IP address in one of the networks and false
// where it is in none, or no address.
func InNetwork(x Expr, networks ...netip.Prefix) Call {
	c := Call{"in_network", []Expr{x}}
	for _, n := range networks {
		c.Args = append(c.Args, Str(n.String()))
	}
	return c
}

// Network is the network of so many bits that the IP address x is in, as text
// such as 10.1.2.0/24; null where x is no address.
func Network(x Expr, bitsV4, bitsV6 int) Call {
	return Fn("network", x, Int(int64(bitsV4)), Int(int64(bitsV6)))
}

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
	var names, signatures []string
	for _, f := range Functions() {
		names = append(names, f.Name)
		if f.Name != e.Func {
			continue
		}
		if f.fits(kinds) {
			return f, nil
		}
		signatures = append(signatures, f.String())
	}
	if signatures == nil {
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
