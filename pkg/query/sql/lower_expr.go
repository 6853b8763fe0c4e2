package sql

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// exprs lowers expressions over a scope; with groups over what GROUP BY leaves of it.
type exprs struct {
	*lowering
	special *special // of Rewrite
	scope   *scope
	groups  *groups
	windows *windows
	aliases bool   // of the select list count, as in HAVING and ORDER BY; only with groups
	named   []item // whose aliases count, as in QUALIFY
}

// kind is what an expression gives, Invalid for NULL and where the table decides,
// and where types do not fit: lower says so of what it is in.
func (x *exprs) kind(e query.Expr) columnar.Kind {
	k, err := kindOf(e)
	if err != nil {
		return columnar.Invalid
	}
	return k
}

func kindOf(e query.Expr) (columnar.Kind, error) {
	var cols []query.BoundCol
	for _, c := range query.Columns(e) {
		if query.FindColumn(cols, c.Path) >= 0 {
			continue
		}
		cols = append(cols, query.BoundCol{Path: c.Path, Type: columnar.Of(c.Kind)})
	}
	t, err := query.TypeOf(e, cols)
	return t.Kind, err
}

// lower is the expression, computed as far as it is constant. Its type is checked.
func (x *exprs) lower(e expr) query.Expr {
	if x.special != nil {
		if out := x.special.lower(x, e); out != nil {
			x.look(e.pos(), out)
			return out
		}
	}
	if x.groups != nil {
		if out, ok := x.grouped(e); ok {
			return out
		}
	}
	out := x.each(e)
	x.look(e.pos(), out)
	if _, err := kindOf(out); err != nil {
		fail(e.pos(), "%w", err)
	}
	return fold(out)
}

// grouped is an expression that is a key of the groups or an aggregate.
func (x *exprs) grouped(e expr) (query.Expr, bool) {
	if c, ok := e.(*call); ok && isAggregate(c) {
		return x.groups.aggregate(c), true
	}
	if _, ok := e.(*literal); ok || has(e, isAggregate) || has(e, isWindow) || has(e, x.isOutput) {
		return nil, false
	}
	lowered := x.groups.input.lower(e)
	if key, ok := x.groups.key(lowered); ok {
		return key, true
	}
	if p, ok := e.(*path); ok {
		if i, ok := x.output(p); ok {
			return x.aliased(i), true
		}
		fail(e.pos(), "%s is neither in GROUP BY nor in an aggregate", strings.Join(p.parts, "."))
	}
	return nil, false
}

// isOutput reports whether an expression is the alias of a column of the select list
// and no column of a source, as HAVING may have it.
func (x *exprs) isOutput(e expr) bool {
	p, ok := e.(*path)
	if !ok || len(p.parts) > 1 || x.scope.isKnown(p.parts[0]) {
		return false
	}
	_, ok = x.output(p)
	return ok
}

func (x *exprs) output(p *path) (int, bool) {
	if len(p.parts) > 1 || !x.aliases {
		return 0, false
	}
	for i, it := range x.groups.items {
		if strings.EqualFold(it.alias, p.parts[0]) {
			return i, true
		}
	}
	return 0, false
}

// aliased is the expression of a column of the select list, in which aliases do not
// count: they would be able to mean each other.
func (x *exprs) aliased(i int) query.Expr {
	plain := *x
	plain.aliases = false
	return plain.lower(x.groups.items[i].expr)
}

func (x *exprs) each(e expr) query.Expr {
	switch e := e.(type) {
	case *path:
		if x.groups != nil {
			if i, ok := x.output(e); ok {
				return x.aliased(i)
			}
		}
		if i := x.qualified(e); i >= 0 {
			plain := *x
			plain.named = nil
			return plain.lower(x.named[i].expr)
		}
		return x.scope.column(e)
	case *literal:
		return query.Const{Value: e.value}
	case *param:
		return x.param(e)
	case *unary:
		if e.op == "not" {
			return query.Not{X: x.boolean(e.x)}
		}
		return x.minus(e)
	case *binary:
		return x.binary(e)
	case *in:
		return x.in(e)
	case *inQuery:
		refuse(e.pos(), "IN (SELECT ...) is a condition of WHERE, alone or with others by AND: write a JOIN, or a LEFT ANTI JOIN for NOT IN")
	case *between:
		v, lo := x.coerced(e.pos(), x.lower(e.x), x.lower(e.lo))
		v2, hi := x.coerced(e.pos(), v, x.lower(e.hi))
		if v2.String() != v.String() {
			_, lo = x.coerced(e.pos(), v2, lo)
		}
		if c, ok := v2.(query.Cast); ok && (c.To == columnar.Date || c.To == columnar.Timestamp) {
			return query.Every(x.dated(query.Compare{Op: query.GreaterEqual, L: v2, R: lo}), x.dated(query.Compare{Op: query.LessEqual, L: v2, R: hi}))
		}
		return query.Between{X: v2, Lo: lo, Hi: hi}
	case *isNull:
		return query.IsNull{X: x.lower(e.x)}
	case *caseOf:
		return x.caseOf(e)
	case *cast:
		return x.cast(e)
	case *interval:
		return x.interval(e)
	case *index:
		return x.index(e)
	case *call:
		return x.call(e)
	}
	fail(e.pos(), "%T is not known", e)
	return nil
}

// qualified is the column of the select list whose alias a path of QUALIFY is, or -1.
func (x *exprs) qualified(p *path) int {
	if x.named == nil || len(p.parts) > 1 || x.scope.isKnown(p.parts[0]) {
		return -1
	}
	return slices.IndexFunc(x.named, func(it item) bool { return strings.EqualFold(it.alias, p.parts[0]) })
}

func (x *exprs) param(e *param) query.Expr {
	p := x.find(e)
	if p.List {
		fail(e.pos(), "$%s is a list: it belongs in IN ($%s) or behind the other arguments of a function", e.name, e.name)
	}
	return query.Const{Value: p.Values[0]}
}

func (x *exprs) find(e *param) Param {
	p, ok := x.binding.Params[e.name]
	if !ok {
		var known []string
		for name := range x.binding.Params {
			known = append(known, name)
		}
		fail(e.pos(), "there is no parameter $%s%s", e.name, query.DidYouMean(e.name, known))
	}
	return p
}

func (x *exprs) minus(e *unary) query.Expr {
	v := x.lower(e.x)
	zero := query.Int(0)
	if x.kind(v) == columnar.Double {
		zero = query.Float(0)
		if c, ok := v.(query.Const); ok { // 0 - 0.0 is not -0.0
			return query.Float(-c.Value.Float)
		}
	}
	return query.Arith{Op: query.Sub, L: zero, R: v}
}

// boolean is an expression that is true, false or null.
func (x *exprs) boolean(e expr) query.Expr {
	out := x.lower(e)
	if k := x.kind(out); k != columnar.Boolean && k != columnar.Invalid {
		fail(e.pos(), "%s is %s, not boolean", out, k)
	}
	return out
}

// conditions are the conditions that must all be true.
func (x *exprs) conditions(e expr) []query.Expr {
	var out []query.Expr
	for _, c := range conjuncts(e) {
		for _, part := range query.Conjuncts(x.boolean(c)) {
			if k, ok := part.(query.Const); !ok || k.Value.Kind != columnar.Boolean || k.Value.Int == 0 {
				out = append(out, part)
			}
		}
	}
	return out
}

var (
	compareOps = map[string]query.Op{
		"=": query.Equal, "!=": query.NotEqual, "<": query.Less, "<=": query.LessEqual, ">": query.Greater, ">=": query.GreaterEqual,
	}
	arithOps = map[string]query.ArithOp{"+": query.Add, "-": query.Sub, "*": query.Mul, "/": query.Div}
)

func (x *exprs) binary(e *binary) query.Expr {
	switch e.op {
	case "and":
		return query.And{X: append(query.Conjuncts(x.boolean(e.l)), query.Conjuncts(x.boolean(e.r))...)}
	case "or":
		return query.Or{X: append(disjuncts(x.boolean(e.l)), disjuncts(x.boolean(e.r))...)}
	case "is distinct from":
		l, r := equalNumbers(x.lower(e.l), x.lower(e.r))
		l, r = x.coerced(e.pos(), l, r)
		return query.Distinct{L: l, R: r}
	case "like":
		return query.Like{X: x.text(e.l), Pattern: x.constantText(e.r, "the pattern of LIKE")}
	case "ilike":
		return query.Like{X: fold(query.Fn("lower", x.text(e.l))), Pattern: strings.ToLower(x.constantText(e.r, "the pattern of ILIKE"))}
	case "rlike":
		return query.Match{X: x.text(e.l), Pattern: x.pattern(e.r, "RLIKE")}
	case "%":
		return x.function(&call{at: e.at, name: "mod"}, []query.Expr{x.operand(e.l), x.operand(e.r)})
	case "||":
		return query.Fn("concat", x.text(e.l), x.text(e.r))
	}
	if op, ok := compareOps[e.op]; ok {
		l, r := x.lower(e.l), x.lower(e.r)
		if op == query.Equal || op == query.NotEqual {
			l, r = equalNumbers(l, r)
		}
		l, r = x.coerced(e.pos(), l, r)
		return x.dated(query.Compare{Op: op, L: l, R: r})
	}
	return x.arith(e)
}

// dated makes a comparison of a date with a time one with a date, and of the date of a
// time with a date one with times: these prune.
func (x *exprs) dated(e query.Compare) query.Expr {
	if _, ok := e.L.(query.Const); ok {
		turned := [...]query.Op{query.Equal, query.NotEqual, query.Greater, query.GreaterEqual, query.Less, query.LessEqual}[e.Op]
		e = query.Compare{Op: turned, L: e.R, R: e.L}
	}
	c, isCast := e.L.(query.Cast)
	k, isConst := e.R.(query.Const)
	if !isCast || !isConst || c.To != k.Value.Kind {
		return e
	}
	switch from := x.kind(c.X); {
	case from == columnar.Date && c.To == columnar.Timestamp:
		return dateBeside(e, c.X, k)
	case from == columnar.Timestamp && c.To == columnar.Date:
		return dayOf(e, c.X, k)
	}
	return e
}

// dateBeside is a comparison of a date, as the midnight that it begins with, with a time.
func dateBeside(e query.Compare, date query.Expr, at query.Const) query.Expr {
	day := fold(query.Cast{X: at, To: columnar.Date})
	if fold(query.Cast{X: day, To: columnar.Timestamp}).String() != at.String() { // not midnight
		switch e.Op {
		case query.Equal, query.NotEqual:
			return e
		case query.GreaterEqual:
			e.Op = query.Greater
		case query.Less:
			e.Op = query.LessEqual
		}
	}
	return query.Compare{Op: e.Op, L: date, R: day}
}

// dayOf is a comparison of the date of a time with a date.
func dayOf(e query.Compare, at query.Expr, day query.Const) query.Expr {
	start := fold(query.Cast{X: day, To: columnar.Timestamp})
	next := fold(query.Arith{Op: query.Add, L: start, R: query.Int(86400)})
	switch e.Op {
	case query.Equal:
		return query.Every(query.Compare{Op: query.GreaterEqual, L: at, R: start}, query.Compare{Op: query.Less, L: at, R: next})
	case query.Less:
		return query.Compare{Op: query.Less, L: at, R: start}
	case query.LessEqual:
		return query.Compare{Op: query.Less, L: at, R: next}
	case query.Greater:
		return query.Compare{Op: query.GreaterEqual, L: at, R: next}
	case query.GreaterEqual:
		return query.Compare{Op: query.GreaterEqual, L: at, R: start}
	}
	return e
}

// arith is arithmetic. A date stays one where whole days or months are added to it.
func (x *exprs) arith(e *binary) query.Expr {
	l, r := e.l, e.r
	if _, ok := l.(*interval); ok && e.op == "+" {
		l, r = r, l
	}
	i, isInterval := r.(*interval)
	v := x.lower(l)
	kind := x.kind(v)
	if isInterval && kind == columnar.String {
		v = fold(query.Fn("to_timestamp", v))
		kind = columnar.Timestamp
	}
	later := func(fn string, n query.Expr) query.Expr {
		if e.op == "-" {
			n = fold(query.Arith{Op: query.Sub, L: query.Int(0), R: n})
		}
		return query.Fn(fn, v, n)
	}
	sum := e.op == "+" || e.op == "-"
	switch {
	case sum && isInterval && i.unit == 0:
		return later("add_months", x.months(i))
	case sum && isInterval && kind == columnar.Date:
		if s, ok := x.interval(i).(query.Const); ok && s.Value.Kind == columnar.Long && s.Value.Int%86400 == 0 {
			return later("date_add", query.Int(s.Value.Int/86400))
		}
	case sum && kind == columnar.Date:
		n := x.lower(r)
		if isLong(x.kind(n)) {
			return later("date_add", n)
		}
		return query.Arith{Op: arithOps[e.op], L: x.asOperand(v), R: x.asOperand(n)}
	}
	return query.Arith{Op: arithOps[e.op], L: x.asOperand(v), R: x.operand(r)}
}

func (x *exprs) months(i *interval) query.Expr {
	n := x.lower(i.n)
	if !isLong(x.kind(n)) {
		fail(i.pos(), "an INTERVAL has a whole number of months, quarters or years")
	}
	return fold(query.Arith{Op: query.Mul, L: n, R: query.Int(i.months)})
}

func disjuncts(e query.Expr) []query.Expr {
	if o, ok := e.(query.Or); ok {
		return o.X
	}
	return []query.Expr{e}
}

// operand is a number or a time of arithmetic: text is read as a number.
func (x *exprs) operand(e expr) query.Expr { return x.asOperand(x.lower(e)) }

func (x *exprs) asOperand(v query.Expr) query.Expr {
	switch x.kind(v) {
	case columnar.String:
		return fold(query.Cast{X: v, To: columnar.Double})
	case columnar.Date:
		return fold(query.Cast{X: v, To: columnar.Timestamp})
	}
	return v
}

// text is an expression as text, however it is typed.
func (x *exprs) text(e expr) query.Expr {
	v := x.lower(e)
	if k := x.kind(v); k == columnar.String || k == columnar.Invalid {
		return v
	}
	return fold(query.Cast{X: v, To: columnar.String})
}

// pattern is a regular expression. Spark's users write each \ twice, because a text
// takes one away there; a text here does not, so that both are right. A parameter is
// taken as it is.
func (x *exprs) pattern(e expr, of string) string {
	text := x.constantText(e, "the regular expression of "+of)
	if _, written := e.(*literal); written {
		return strings.ReplaceAll(text, `\\`, `\`)
	}
	return text
}

func (x *exprs) constantText(e expr, what string) string {
	c, ok := x.lower(e).(query.Const)
	if !ok || c.Value.Kind != columnar.String {
		refuse(e.pos(), "%s is a text or a parameter, nothing that rows have", what)
	}
	return string(c.Value.Bytes)
}

// in is a test for constants, or for whatever else, one by one.
func (x *exprs) in(e *in) query.Expr {
	v := x.lower(e.x)
	var list []query.Expr
	constant := true
	for _, item := range e.list {
		if p, ok := item.(*param); ok {
			for _, value := range x.find(p).Values {
				list = append(list, query.Const{Value: value})
			}
			continue
		}
		y := x.lower(item)
		_, isConst := y.(query.Const)
		constant = constant && isConst
		list = append(list, y)
	}
	if constant {
		v, list = asNumbers(v, list)
		values := make([]columnar.Value, len(list))
		for range 2 { // the second time with the type that suits all
			for i, y := range list {
				var made query.Expr
				v, made = x.coerced(e.pos(), v, y)
				c, ok := made.(query.Const)
				if !ok {
					fail(e.pos(), "%s is %s and %s is not: cast one of them", v, x.kind(v), y)
				}
				values[i] = c.Value
			}
		}
		return query.In{X: v, List: values}
	}
	var any query.Or
	for _, y := range list {
		l, r := x.coerced(e.pos(), v, y)
		any.X = append(any.X, query.Eq(l, r))
	}
	return any
}

func (x *exprs) caseOf(e *caseOf) query.Expr {
	var out query.Case
	var values []query.Expr
	var operand query.Expr
	if e.operand != nil {
		operand = x.lower(e.operand)
	}
	for _, b := range e.when {
		var cond query.Expr
		if operand != nil {
			l, r := x.coerced(b.cond.pos(), operand, x.lower(b.cond))
			cond = query.Eq(l, r)
		} else {
			cond = x.boolean(b.cond)
		}
		out.When = append(out.When, query.When{If: cond})
		values = append(values, x.lower(b.then))
	}
	if e.other != nil {
		values = append(values, x.lower(e.other))
	}
	values = x.alike(values)
	for i := range out.When {
		out.When[i].Then = values[i]
	}
	if e.other != nil {
		out.Else = values[len(values)-1]
	}
	return out
}

// alike makes longs doubles where another value is one.
func (x *exprs) alike(values []query.Expr) []query.Expr {
	kind := columnar.Invalid
	for _, v := range values {
		k, ok := widest(kind, x.kind(v))
		if !ok {
			return values // the check of types says what does not fit
		}
		kind = k
	}
	for i, v := range values {
		if k := x.kind(v); k != kind && k != columnar.Invalid {
			values[i] = fold(query.Cast{X: v, To: kind})
		}
	}
	return values
}

func (x *exprs) cast(e *cast) query.Expr {
	v := x.lower(e.x)
	c, ok := v.(query.Const)
	if k := x.kind(v); k == columnar.String && e.to == columnar.Timestamp && !ok {
		return query.Fn("to_timestamp", v)
	}
	if ok && c.Value.Kind == columnar.String && (e.to == columnar.Date || e.to == columnar.Timestamp) {
		return constantTime(e.pos(), c, e.to)
	}
	if k := x.kind(v); k == columnar.String && e.to == columnar.Timestamp || k == e.to {
		if k == e.to {
			return v
		}
	}
	return query.Cast{X: v, To: e.to}
}

// interval is its seconds.
func (x *exprs) interval(e *interval) query.Expr {
	if e.unit == 0 {
		fail(e.pos(), "an INTERVAL of months is added to a time or taken from one, and nothing else")
	}
	c, ok := x.lower(e.n).(query.Const)
	if !ok || !isNumber(c.Value.Kind) {
		fail(e.pos(), "an INTERVAL is a number of %s", "seconds, minutes, hours, days or weeks")
	}
	if c.Value.Kind == columnar.Long && e.unit >= 1e6 && c.Value.Int < 1<<32 && c.Value.Int > -1<<32 {
		return query.Int(c.Value.Int * (e.unit / 1e6))
	}
	n := c.Value.Float
	if c.Value.Kind == columnar.Long {
		n = float64(c.Value.Int)
	}
	return query.Float(n * float64(e.unit) / 1e6)
}
