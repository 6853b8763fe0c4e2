package sql

import (
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

func (p *parser) expression() expr {
	defer p.nested(p.peek().at)()
	return p.or()
}

func (p *parser) or() expr {
	l := p.and()
	for p.is("or") {
		at := at(p.next().at)
		l = &binary{at, "or", l, p.and()}
	}
	return l
}

func (p *parser) and() expr {
	l := p.not()
	for p.is("and") {
		at := at(p.next().at)
		l = &binary{at, "and", l, p.not()}
	}
	return l
}

func (p *parser) not() expr {
	if p.is("not") {
		at := at(p.next().at)
		defer p.nested(int(at))()
		return &unary{at, "not", p.not()}
	}
	return p.predicate()
}

// comparisons are the operators by how they are written.
var comparisons = map[string]string{"=": "=", "==": "=", "<>": "!=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

func (p *parser) predicate() expr {
	l := p.sum()
	for {
		at := at(p.peek().at)
		if op, ok := comparisons[p.peek().text]; ok && p.peek().kind == tokenSymbol {
			p.i++
			if p.is("any", "(") || p.is("all", "(") || !p.whole && (p.is("(", "select") || p.is("(", "with")) {
				refuse(p.peek().at, "there is no comparison with a query: write a JOIN")
			}
			l = &binary{at, op, l, p.sum()}
			continue
		}
		if p.take("<=>") {
			l = &unary{at, "not", &binary{at, "is distinct from", l, p.sum()}}
			continue
		}
		if p.take("is") {
			l = p.isWhat(at, l)
			continue
		}
		negated := p.take("not")
		made := p.tested(at, l)
		if made == nil {
			if negated {
				p.unexpected("IN, BETWEEN, LIKE or RLIKE")
			}
			return l
		}
		if l = made; negated {
			l = &unary{at, "not", made}
		}
	}
}

func (p *parser) isWhat(at at, l expr) expr {
	negated := p.take("not")
	var made expr
	switch {
	case p.take("null"):
		made = &isNull{at, l}
	case p.take("distinct", "from"):
		made = &binary{at, "is distinct from", l, p.sum()}
	case p.take("true"):
		made = &unary{at, "not", &binary{at, "is distinct from", l, &literal{at, query.Bool(true).Value}}}
	case p.take("false"):
		made = &unary{at, "not", &binary{at, "is distinct from", l, &literal{at, query.Bool(false).Value}}}
	default:
		p.unexpected("NULL or DISTINCT FROM")
	}
	if negated {
		return &unary{at, "not", made}
	}
	return made
}

// tested is IN, BETWEEN, LIKE or RLIKE, or nil.
func (p *parser) tested(at at, l expr) expr {
	switch {
	case p.take("in"):
		p.want("(")
		if p.is("select") || p.is("with") {
			of := p.selection()
			p.want(")")
			return &inQuery{at, l, of}
		}
		list := p.list()
		p.want(")")
		return &in{at, l, list}
	case p.take("between"):
		lo := p.sum()
		p.want("and")
		return &between{at, l, lo, p.sum()}
	case p.take("like"):
		return p.like(at, "like", l)
	case p.take("ilike"):
		return p.like(at, "ilike", l)
	case p.take("rlike"), p.take("regexp"):
		return &binary{at, "rlike", l, p.sum()}
	}
	return nil
}

// like is what follows LIKE or ILIKE: a pattern, or any or all of several.
func (p *parser) like(at at, op string, l expr) expr {
	var together string
	switch {
	case p.take("any", "("), p.take("some", "("):
		together = "or"
	case p.take("all", "("):
		together = "and"
	default:
		r := p.sum()
		if p.is("escape") {
			refuse(p.peek().at, "there is no ESCAPE: \\ takes the next character literally")
		}
		return &binary{at, op, l, r}
	}
	var out expr
	for _, pattern := range p.list() {
		one := expr(&binary{at, op, l, pattern})
		if out != nil {
			one = &binary{at, together, out, one}
		}
		out = one
	}
	p.want(")")
	return out
}

func (p *parser) list() []expr {
	var out []expr
	for {
		out = append(out, p.expression())
		if !p.take(",") {
			return out
		}
	}
}

func (p *parser) sum() expr {
	l := p.product()
	for {
		t := p.peek()
		if !p.is("+") && !p.is("-") && !p.is("||") {
			return l
		}
		p.i++
		l = &binary{at(t.at), t.text, l, p.product()}
	}
}

func (p *parser) product() expr {
	l := p.factor()
	for {
		t := p.peek()
		if p.is("div") {
			refuse(t.at, "there is no DIV: write floor(a / b)")
		}
		if !p.is("*") && !p.is("/") && !p.is("%") {
			return l
		}
		p.i++
		l = &binary{at(t.at), t.text, l, p.factor()}
	}
}

func (p *parser) factor() expr {
	at := at(p.peek().at)
	switch {
	case p.take("-"):
		defer p.nested(int(at))()
		return &unary{at, "-", p.factor()}
	case p.take("+"):
		defer p.nested(int(at))()
		return p.factor()
	}
	x := p.primary()
	for {
		switch {
		case p.take("::"):
			x = &cast{at, x, p.typeName()}
		case p.is("["):
			open := p.next()
			x = p.element(x, open.at)
		case p.is(":"):
			x = p.inside(x)
		case p.is("."):
			c, ok := x.(*call)
			if !ok || c.name != "window" {
				return x
			}
			p.i++
			c.name = "window_" + strings.ToLower(p.next().text)
		default:
			return x
		}
	}
}

// element is x[…]: a field of a path, or a part of a list.
func (p *parser) element(x expr, open int) expr {
	key := p.peek()
	if c, ok := x.(*path); ok && (key.kind == tokenText || key.kind == tokenQuoted) {
		p.i++
		p.want("]")
		c.parts = append(c.parts, key.text)
		if p.take(".") {
			c.parts = append(c.parts, p.name("a field"))
		}
		return c
	}
	i := p.expression()
	p.want("]")
	return &index{at(open), x, i}
}

// inside is x:a.b[0], what is at a path of a JSON text.
func (p *parser) inside(x expr) expr {
	at := at(p.next().at)
	path := "$." + p.name("a field of JSON")
	for {
		switch {
		case p.take("."):
			path += "." + p.name("a field of JSON")
		case p.take("["):
			t := p.next()
			switch t.kind {
			case tokenNumber:
				path += "[" + t.text + "]"
			case tokenText, tokenQuoted:
				path += "['" + t.text + "']"
			default:
				fail(t.at, "[...] in JSON is a number from 0, or a name in quotes")
			}
			p.want("]")
		default:
			return &call{at: at, name: "get_json_object", args: []expr{x, &literal{at, columnar.StringValue(path)}}}
		}
	}
}

// types are the kinds by how engines call them.
var types = map[string]columnar.Kind{
	"string": columnar.String, "varchar": columnar.String, "text": columnar.String,
	"long": columnar.Long, "bigint": columnar.Long, "int": columnar.Long, "integer": columnar.Long,
	"double": columnar.Double, "float": columnar.Double,
	"boolean": columnar.Boolean, "bool": columnar.Boolean,
	"date": columnar.Date, "timestamp": columnar.Timestamp,
	"smallint": columnar.Long, "tinyint": columnar.Long, "real": columnar.Double, "char": columnar.String,
}

func (p *parser) typeName() columnar.Kind {
	t := p.next()
	kind, ok := types[strings.ToLower(t.text)]
	if !ok || t.kind != tokenWord {
		refuse(t.at, "%s is no type: there are string, long, double, boolean, date and timestamp", t.text)
	}
	if p.take("(") { // varchar(10)
		p.next()
		p.want(")")
	}
	return kind
}

func (p *parser) primary() expr {
	t := p.peek()
	at := at(t.at)
	switch t.kind {
	case tokenNumber:
		p.i++
		return &literal{at, number(t)}
	case tokenText, tokenQuoted:
		p.i++
		return &literal{at, columnar.StringValue(t.text)}
	case tokenParam:
		p.i++
		if strings.HasPrefix(t.text, "__") {
			p.want("(")
			p.want(")")
			return &call{at: at, name: "$" + t.text}
		}
		return &param{at, t.text}
	case tokenSymbol:
		if p.take("(") {
			if p.whole && p.startsQuery() {
				return p.query(at, false)
			}
			if p.is("select") || p.is("with") {
				refuse(p.peek().at, "there is no query inside an expression: write a JOIN")
			}
			x := p.expression()
			if p.is(",") {
				refuse(p.peek().at, "there are no rows of several values")
			}
			p.want(")")
			return x
		}
	case tokenWord, tokenName:
		if x := p.word(t); x != nil {
			return x
		}
		return p.path()
	}
	p.unexpected("an expression")
	return nil
}

func number(t token) columnar.Value {
	if !strings.ContainsAny(t.text, ".eE") {
		i, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			fail(t.at, "%s is beyond the range of whole numbers", t.text)
		}
		return columnar.IntValue(columnar.Long, i)
	}
	f, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		fail(t.at, "%s is beyond the range of numbers", t.text)
	}
	return columnar.FloatValue(f)
}

// word is what begins with a keyword or is a call, or nil for a path.
func (p *parser) word(t token) expr {
	at := at(t.at)
	if t.kind == tokenName {
		return nil
	}
	switch {
	case p.take("null"):
		return &literal{at, columnar.Value{}}
	case p.take("true"):
		return &literal{at, query.Bool(true).Value}
	case p.take("false"):
		return &literal{at, query.Bool(false).Value}
	case p.take("case"):
		return p.caseOf(at)
	case p.take("cast", "("), p.take("try_cast", "("):
		x := p.expression()
		p.want("as")
		to := p.typeName()
		p.want(")")
		return &cast{at, x, to}
	case p.is("interval"):
		if k := p.tokens[p.i+1].kind; k == tokenNumber || k == tokenText || k == tokenParam {
			p.i++
			return p.interval(at)
		}
	case p.is("date"), p.is("timestamp"):
		if k := p.tokens[p.i+1]; k.kind == tokenText {
			p.i += 2
			return &cast{at, &literal{at, columnar.StringValue(k.text)}, types[strings.ToLower(t.text)]}
		}
	case p.whole && p.take("exists", "("):
		return p.query(at, true)
	case p.is("exists", "("), p.is("select"):
		p.refuse()
		refuse(t.at, "there is no query inside an expression: write a JOIN")
	case p.take("extract", "("):
		unit := strings.ToLower(p.next().text)
		if other, ok := spelledUnits[unit]; ok {
			unit = other
		}
		p.want("from")
		x := p.expression()
		p.want(")")
		return &call{at: at, name: unit, args: []expr{x}}
	case p.take("position", "("):
		l := p.sum()
		if !p.take("in") {
			p.want(",")
		}
		r := p.expression()
		p.want(")")
		return &call{at: at, name: "strpos", args: []expr{r, l}}
	case p.is("current_date"), p.is("current_timestamp"):
		if n := p.tokens[p.i+1]; n.text != "(" && n.text != "." {
			p.i++
			return &call{at: at, name: strings.ToLower(t.text)}
		}
	}
	if n := p.tokens[p.i+1]; n.kind == tokenSymbol && n.text == "(" {
		if p.whole {
			p.neither()
		}
		p.i += 2
		return p.call(at, strings.ToLower(t.text))
	}
	for _, word := range reserved {
		if strings.EqualFold(word, t.text) {
			p.unexpected("an expression")
		}
	}
	return nil
}

func (p *parser) path() expr {
	t := p.next()
	c := &path{at(t.at), []string{t.text}}
	for p.is(".") {
		p.i++
		part := p.next()
		if part.kind != tokenWord && part.kind != tokenName {
			p.i--
			p.unexpected("a field")
		}
		c.parts = append(c.parts, part.text)
	}
	return c
}

func (p *parser) caseOf(at at) expr {
	c := &caseOf{at: at}
	if !p.is("when") {
		c.operand = p.expression()
	}
	for p.take("when") {
		b := branch{cond: p.expression()}
		p.want("then")
		b.then = p.expression()
		c.when = append(c.when, b)
	}
	if len(c.when) == 0 {
		p.unexpected("WHEN")
	}
	if p.take("else") {
		c.other = p.expression()
	}
	p.want("end")
	return c
}

// units are the microseconds of the units of intervals.
var units = map[string]int64{
	"microsecond": 1, "millisecond": 1000, "second": 1e6, "minute": 60e6, "hour": 3600e6, "day": 86400e6, "week": 7 * 86400e6,
}

// calendar are the months of the other units.
var calendar = map[string]int64{"month": 1, "quarter": 3, "year": 12}

// interval is what follows the keyword: n unit, 'n' unit or 'n unit'.
func (p *parser) interval(at at) expr {
	t := p.next()
	var n expr = &param{at, t.text}
	amount, unit := t.text, ""
	if t.kind == tokenText {
		amount, unit, _ = strings.Cut(strings.TrimSpace(t.text), " ")
	}
	if t.kind != tokenParam {
		if i, err := strconv.ParseInt(amount, 10, 64); err == nil {
			n = &literal{at, columnar.IntValue(columnar.Long, i)}
		} else if f, err := strconv.ParseFloat(amount, 64); err == nil {
			n = &literal{at, columnar.FloatValue(f)}
		} else {
			fail(t.at, "%q is no number of an INTERVAL", amount)
		}
	}
	where := t.at
	if unit == "" {
		u := p.next()
		unit, where = u.text, u.at
	}
	unit = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(unit)), "s")
	if months, ok := calendar[unit]; ok {
		return &interval{at, n, 0, months}
	}
	size, ok := units[unit]
	if !ok {
		fail(where, "%q is no unit of an INTERVAL: there are second, minute, hour, day, week, month, quarter and year", unit)
	}
	return &interval{at, n, size, 0}
}

func (p *parser) call(at at, name string) expr {
	c := &call{at: at, name: name}
	switch {
	case p.take("*"):
		c.star = true
	case p.is(")"):
	default:
		c.distinct = p.take("distinct")
		c.args = p.list()
	}
	p.want(")")
	if p.take("filter") {
		p.want("(")
		p.want("where")
		c.filter = p.expression()
		p.want(")")
	}
	if in, ok := sole[*call](c.args); ok && in.name == "collect_set" && (name == "size" || name == "cardinality" || name == "array_size") {
		return &call{at: at, name: "count", args: in.args, distinct: true, filter: in.filter} // the elements of a set
	}
	if p.is("within", "group") {
		refuse(p.peek().at, "there is no WITHIN GROUP: write percentile(x, 0.95)")
	}
	if p.is("ignore", "nulls") || p.is("respect", "nulls") {
		refuse(p.peek().at, "there is no %s NULLS", strings.ToUpper(p.peek().text))
	}
	if p.take("over") {
		if !p.is("(") {
			if p.whole {
				c.over = &window{base: strings.ToLower(p.name("a window"))}
				return c
			}
			refuse(p.peek().at, "there is no WINDOW clause: write the window after OVER")
		}
		p.want("(")
		c.over = p.window()
	}
	return c
}

// sole is the only one of the arguments, if it is such.
func sole[T expr](args []expr) (T, bool) {
	var none T
	if len(args) != 1 {
		return none, false
	}
	x, ok := args[0].(T)
	return x, ok
}

func (p *parser) window() *window {
	if p.whole {
		return p.wholeWindow()
	}
	w := &window{}
	if p.take("partition") {
		p.want("by")
		w.partition = p.list()
	}
	if p.take("order") {
		p.want("by")
		w.order = p.orderKeys()
	}
	if p.is("rows") {
		refuse(p.peek().at, "there is no ROWS frame: write RANGE BETWEEN INTERVAL ... PRECEDING AND CURRENT ROW")
	}
	if p.take("range") {
		p.want("between")
		if !p.take("unbounded") {
			where := p.peek().at
			w.within = p.sum()
			if _, ok := w.within.(*interval); !ok {
				refuse(where, "a frame begins with UNBOUNDED PRECEDING or INTERVAL ... PRECEDING")
			}
		}
		if p.is("preceding", "and") && !p.is("preceding", "and", "current", "row") || p.is("following") {
			refuse(p.peek().at, "a frame ends with CURRENT ROW")
		}
		p.want("preceding", "and", "current", "row")
	}
	p.want(")")
	return w
}
