package sql

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

func isNumber(k columnar.Kind) bool { return isLong(k) || isDouble(k) }

func isLong(k columnar.Kind) bool {
	return k == columnar.Byte || k == columnar.Short || k == columnar.Integer || k == columnar.Long
}

func isDouble(k columnar.Kind) bool { return k == columnar.Float || k == columnar.Double }

// exact is up to where every whole number is a double.
const exact = 1 << 53

// coerced makes two values comparable: text that is compared with a number, a date
// or a time is read as one, a constant when the plan is made and anything else row
// by row, to null where it is none.
func (x *exprs) coerced(at int, l, r query.Expr) (query.Expr, query.Expr) {
	l, r = numbers(l, r)
	lk, rk := x.kind(l), x.kind(r)
	switch {
	case lk == rk, lk == columnar.Invalid, rk == columnar.Invalid, isLong(lk) && isLong(rk), isDouble(lk) && isDouble(rk):
		return l, r
	case isNumber(lk) && isNumber(rk):
		return toDouble(l, lk), toDouble(r, rk)
	case lk == columnar.String:
		return x.read(at, l, r, rk)
	case rk == columnar.String:
		r, l = x.read(at, r, l, lk)
		return l, r
	case lk == columnar.Date && rk == columnar.Timestamp:
		return fold(query.Cast{X: l, To: rk}), r
	case lk == columnar.Timestamp && rk == columnar.Date:
		return l, fold(query.Cast{X: r, To: lk})
	}
	fail(at, "%s is %s and %s is %s: cast one of them", l, lk, r, rk)
	return nil, nil
}

// textOfLong is the whole number that a text is made of, such as the workspace_id of
// the view audit.
func textOfLong(e query.Expr) (query.Expr, bool) {
	c, ok := e.(query.Cast)
	if !ok || c.To != columnar.String {
		return nil, false
	}
	k, err := kindOf(c.X)
	return c.X, err == nil && isLong(k)
}

// numbers takes the text of a whole number for the number, where it is compared with
// one: that prunes.
func numbers(l, r query.Expr) (query.Expr, query.Expr) {
	if c, ok := r.(query.Const); ok && isLong(c.Value.Kind) {
		if x, ok := textOfLong(l); ok {
			return x, r
		}
	}
	if c, ok := l.(query.Const); ok && isLong(c.Value.Kind) {
		if x, ok := textOfLong(r); ok {
			return l, x
		}
	}
	return l, r
}

// equalNumbers is numbers for = and its kin, where that may also be done with the text
// of a number as casts write it.
func equalNumbers(l, r query.Expr) (query.Expr, query.Expr) {
	if x, ok := textOfLong(l); ok {
		if y, ok := longOf(r); ok {
			return x, y
		}
	}
	if x, ok := textOfLong(r); ok {
		if y, ok := longOf(l); ok {
			return y, x
		}
	}
	return l, r
}

func longOf(e query.Expr) (query.Expr, bool) {
	c, ok := e.(query.Const)
	switch {
	case !ok:
		return nil, false
	case isLong(c.Value.Kind):
		return c, true
	case c.Value.Kind != columnar.String:
		return nil, false
	}
	i, err := strconv.ParseInt(string(c.Value.Bytes), 10, 64)
	return query.Int(i), err == nil && strconv.FormatInt(i, 10) == string(c.Value.Bytes)
}

// asNumbers is equalNumbers for a list.
func asNumbers(v query.Expr, list []query.Expr) (query.Expr, []query.Expr) {
	x, ok := textOfLong(v)
	if !ok {
		return v, list
	}
	out := make([]query.Expr, len(list))
	for i, e := range list {
		if out[i], ok = longOf(e); !ok {
			return v, list
		}
	}
	return x, out
}

func toDouble(e query.Expr, k columnar.Kind) query.Expr {
	if isDouble(k) {
		return e
	}
	return fold(query.Cast{X: e, To: columnar.Double})
}

// read reads text as the kind of the other side. Numbers are read as doubles, unless
// the other side is a whole number that is none.
func (x *exprs) read(at int, text, other query.Expr, kind columnar.Kind) (query.Expr, query.Expr) {
	c, constant := text.(query.Const)
	switch {
	case constant && (kind == columnar.Date || kind == columnar.Timestamp):
		if kind == columnar.Date && len(c.Value.Bytes) > len(time.DateOnly) {
			return constantTime(at, c, columnar.Timestamp), fold(query.Cast{X: other, To: columnar.Timestamp})
		}
		return constantTime(at, c, kind), other
	case constant && kind == columnar.Boolean:
		b, err := strconv.ParseBool(strings.ToLower(string(c.Value.Bytes)))
		if err != nil {
			fail(at, "%s is neither true nor false, which %s is", c, other)
		}
		return query.Bool(b), other
	case constant && isNumber(kind):
		s := strings.TrimSpace(string(c.Value.Bytes))
		if i, err := strconv.ParseInt(s, 10, 64); err == nil && isLong(kind) {
			return query.Int(i), other
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			fail(at, "%s is no number, which %s is", c, other)
		}
		return query.Float(f), toDouble(other, kind)
	case isNumber(kind):
		if o, ok := other.(query.Const); ok && isLong(kind) && (o.Value.Int > exact || o.Value.Int < -exact) {
			return query.Cast{X: text, To: columnar.Long}, other
		}
		return query.Cast{X: text, To: columnar.Double}, toDouble(other, kind)
	}
	return fold(query.Cast{X: text, To: kind}), other
}

// constantTime is a text as a date or a timestamp, in UTC where it names no zone.
func constantTime(at int, c query.Const, to columnar.Kind) query.Expr {
	text := string(c.Value.Bytes)
	for _, layout := range query.TimeLayouts {
		t, err := time.Parse(layout, text)
		if err != nil || to == columnar.Date && layout != time.DateOnly {
			continue
		}
		if to == columnar.Date {
			return query.Const{Value: columnar.IntValue(columnar.Date, t.Unix()/86400)}
		}
		return query.Time(t)
	}
	like := "2024-03-05"
	if to == columnar.Timestamp {
		like = "2024-03-05 09:30:00 or 2024-03-05T09:30:00Z"
	}
	fail(at, "%s is no %s: write it like %s", c, to, like)
	return nil
}

// isTyped reports whether typed has made e of a bare null.
func isTyped(e query.Expr) bool {
	c, ok := e.(query.Cast)
	if !ok || c.To != columnar.String {
		return false
	}
	x, ok := c.X.(query.Const)
	return ok && x.Value.Kind == columnar.Invalid
}

// typed is an expression whose column has a type: that of a bare null is text.
func typed(e query.Expr) query.Expr {
	if c, ok := e.(query.Const); ok && c.Value.Kind == columnar.Invalid {
		return query.Cast{X: e, To: columnar.String}
	}
	return e
}

// fold computes what is constant, so that scans are pruned by it. It leaves alone
// what it does not know.
func fold(e query.Expr) query.Expr {
	switch e := e.(type) {
	case query.Cast:
		return foldCast(e)
	case query.Arith:
		return foldArith(e)
	case query.Compare:
		l, lok := e.L.(query.Const)
		r, rok := e.R.(query.Const)
		if lok && rok && l.Value.Kind == r.Value.Kind && l.Value.Kind != columnar.Invalid && !isDouble(l.Value.Kind) {
			d := l.Value.Compare(r.Value)
			return query.Bool([...]bool{d == 0, d != 0, d < 0, d <= 0, d > 0, d >= 0}[e.Op])
		}
	case query.In:
		if c, ok := e.X.(query.Const); ok && c.Value.Kind != columnar.Invalid && !isDouble(c.Value.Kind) {
			all := true
			for _, v := range e.List {
				if all = all && v.Kind == c.Value.Kind; v.Kind == c.Value.Kind && v.Compare(c.Value) == 0 {
					return query.Bool(true)
				}
			}
			if all {
				return query.Bool(false)
			}
		}
	case query.Not:
		if c, ok := e.X.(query.Const); ok && c.Value.Kind == columnar.Boolean {
			return query.Bool(c.Value.Int == 0)
		}
	case query.And:
		return foldAll(e.X, 0, func(x []query.Expr) query.Expr { return query.And{X: x} })
	case query.Or:
		return foldAll(e.X, 1, func(x []query.Expr) query.Expr { return query.Or{X: x} })
	case query.Call:
		return foldCall(e)
	}
	return e
}

// foldAll leaves out constants that decide nothing; one that decides is all.
func foldAll(x []query.Expr, decides int64, of func([]query.Expr) query.Expr) query.Expr {
	var rest []query.Expr
	for _, e := range x {
		c, ok := e.(query.Const)
		switch {
		case !ok || c.Value.Kind != columnar.Boolean:
			rest = append(rest, e)
		case c.Value.Int == decides:
			return c
		}
	}
	switch len(rest) {
	case 0:
		return query.Bool(decides == 0)
	case 1:
		return rest[0]
	}
	return of(rest)
}

func foldCast(e query.Cast) query.Expr {
	c, ok := e.X.(query.Const)
	if !ok {
		return e
	}
	v := c.Value
	switch {
	case v.Kind == e.To:
		return c
	case isLong(v.Kind) && e.To == columnar.Double:
		return query.Float(float64(v.Int))
	case v.Kind == columnar.Date && e.To == columnar.Timestamp:
		return query.Const{Value: columnar.IntValue(columnar.Timestamp, v.Int*86400*1e6)}
	case v.Kind == columnar.Timestamp && e.To == columnar.Date:
		day := v.Int / (86400 * 1e6)
		if v.Int%(86400*1e6) < 0 {
			day--
		}
		return query.Const{Value: columnar.IntValue(columnar.Date, day)}
	case isLong(v.Kind) && e.To == columnar.String:
		return query.Str(strconv.FormatInt(v.Int, 10))
	}
	return e
}

func foldArith(e query.Arith) query.Expr {
	l, lok := e.L.(query.Const)
	r, rok := e.R.(query.Const)
	if !lok || !rok {
		return e
	}
	number := func(v columnar.Value) float64 {
		if isLong(v.Kind) {
			return float64(v.Int)
		}
		return v.Float
	}
	small := func(v columnar.Value) bool { return isLong(v.Kind) && v.Int < 1<<31 && v.Int > -1<<31 }
	switch {
	case l.Value.Kind == columnar.Timestamp && isNumber(r.Value.Kind):
		micros := number(r.Value) * 1e6
		if micros > exact || micros < -exact {
			return e
		}
		if e.Op == query.Sub {
			micros = -micros
		}
		return query.Const{Value: columnar.IntValue(columnar.Timestamp, l.Value.Int+int64(math.Round(micros)))}
	case l.Value.Kind == columnar.Timestamp && r.Value.Kind == columnar.Timestamp && e.Op == query.Sub:
		return query.Float(float64(l.Value.Int-r.Value.Int) / 1e6)
	case e.Op == query.Div && isNumber(l.Value.Kind) && isNumber(r.Value.Kind) && number(r.Value) != 0:
		return query.Float(number(l.Value) / number(r.Value))
	case small(l.Value) && small(r.Value) && e.Op != query.Div:
		return query.Int([...]int64{l.Value.Int + r.Value.Int, l.Value.Int - r.Value.Int, l.Value.Int * r.Value.Int}[e.Op])
	case isNumber(l.Value.Kind) && isNumber(r.Value.Kind) && (isDouble(l.Value.Kind) || isDouble(r.Value.Kind)) && e.Op != query.Div:
		a, b := number(l.Value), number(r.Value)
		return query.Float([...]float64{a + b, a - b, a * b}[e.Op])
	}
	return e
}

// mostFolded is up to how many bytes of texts calls of constants are worked out before
// there are rows: there nobody bounds them, or stops them.
const mostFolded = 4 << 10

// foldCall calls a function whose arguments are all constants.
func foldCall(e query.Call) query.Expr {
	if strings.HasPrefix(e.Func, "regexp_") {
		return e // takes the square of a text
	}
	size := 0
	kinds := make([]columnar.Kind, len(e.Args))
	values := make([]columnar.Value, len(e.Args))
	for i, a := range e.Args {
		c, ok := a.(query.Const)
		if !ok {
			return e
		}
		kinds[i], values[i] = c.Value.Kind, c.Value
		size += len(c.Value.Bytes)
		if c.Value.Kind == columnar.Invalid || size > mostFolded {
			return e
		}
	}
	eval, err := e.Prepare(kinds, nil)
	if err != nil {
		return e
	}
	v := eval(values)
	if len(v.Bytes) > mostFolded {
		return e
	}
	v.Bytes = append([]byte(nil), v.Bytes...)
	return query.Const{Value: v}
}
