package sql

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// parser is recursive descent over the tokens. It raises faults.
type parser struct {
	text   string
	tokens []token
	i      int
	depth  int
}

// mostNested is how deep expressions and queries may be nested.
const mostNested = 200

// reserved are the words that a name without AS or backticks cannot be.
var reserved = []string{
	"all", "and", "anti", "any", "as", "asc", "between", "by", "case", "cast", "cross", "desc", "distinct", "else", "end", "except",
	"exists", "filter", "from", "full", "group", "having", "in", "inner", "intersect", "interval", "is", "join", "left", "like",
	"limit", "minus", "natural", "not", "null", "offset", "on", "or", "order", "outer", "over", "qualify", "right", "rlike",
	"select", "semi", "then", "union", "using", "when", "where", "window", "with",
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != tokenEnd {
		p.i++
	}
	return t
}

// is reports whether the tokens that follow are these keywords or symbols.
func (p *parser) is(words ...string) bool {
	for n, w := range words {
		if p.i+n >= len(p.tokens) {
			return false
		}
		switch t := p.tokens[p.i+n]; t.kind {
		case tokenWord:
			if !strings.EqualFold(t.text, w) {
				return false
			}
		case tokenSymbol:
			if t.text != w {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// take consumes these keywords or symbols if they follow.
func (p *parser) take(words ...string) bool {
	if !p.is(words...) {
		return false
	}
	p.i += len(words)
	return true
}

func (p *parser) want(words ...string) {
	if !p.take(words...) {
		p.unexpected(strings.Join(words, " "))
	}
}

func (p *parser) unexpected(wanted string) {
	t := p.peek()
	found := "the end"
	if t.kind != tokenEnd {
		found = p.text[t.at:p.tokens[p.i+1].at]
		found = `"` + strings.TrimSpace(found) + `"`
	}
	fail(t.at, "%s stands where %s belongs", found, wanted)
}

func (p *parser) end() {
	p.take(";")
	if p.peek().kind != tokenEnd {
		p.refuse()
		p.unexpected("the end of the statement")
	}
}

// refuse names a construct that plans do not have.
func (p *parser) refuse() {
	for _, r := range []struct {
		words  []string
		remedy string
	}{
		{[]string{"offset"}, "there is no OFFSET"},
		{[]string{"except"}, "there is no EXCEPT: write a LEFT ANTI JOIN"},
		{[]string{"minus"}, "there is no MINUS: write a LEFT ANTI JOIN"},
		{[]string{"intersect"}, "there is no INTERSECT: write a JOIN"},
		{[]string{"qualify"}, "there is no QUALIFY: filter in a query around this one"},
		{[]string{"window"}, "there is no WINDOW clause: write the window after OVER"},
		{[]string{"right"}, "there is no RIGHT JOIN: put the sources the other way round"},
		{[]string{"full"}, "there is no FULL JOIN"},
		{[]string{"cross"}, "there is no CROSS JOIN"},
		{[]string{"natural"}, "there is no NATURAL JOIN: write USING"},
		{[]string{"semi"}, "there is no SEMI JOIN: join with distinct keys"},
		{[]string{"lateral"}, "there is no LATERAL VIEW"},
		{[]string{"pivot"}, "there is no PIVOT"},
		{[]string{"tablesample"}, "there is no TABLESAMPLE"},
		{[]string{"exists"}, "there is no EXISTS: write a JOIN, or a LEFT ANTI JOIN"},
		{[]string{"insert"}, "only SELECT is answered"},
		{[]string{"update"}, "only SELECT is answered"},
		{[]string{"delete"}, "only SELECT is answered"},
	} {
		if p.is(r.words...) {
			fail(p.peek().at, "%s", r.remedy)
		}
	}
}

// nested guards against texts that nest too deep for the stack.
func (p *parser) nested(at int) func() {
	if p.depth++; p.depth > mostNested {
		fail(at, "nested more than %d deep", mostNested)
	}
	return func() { p.depth-- }
}

// name is a name that is given to something.
func (p *parser) name(what string) string {
	t := p.peek()
	switch {
	case t.kind == tokenName, t.kind == tokenQuoted:
	case t.kind == tokenWord && !slices.Contains(reserved, strings.ToLower(t.text)):
	default:
		p.unexpected(what)
	}
	p.i++
	return t.text
}

// alias is a name after AS or without, or nothing.
func (p *parser) alias() string {
	if p.take("as") {
		t := p.next()
		if t.kind != tokenWord && t.kind != tokenName && t.kind != tokenQuoted {
			p.i--
			p.unexpected("a name")
		}
		return t.text
	}
	t := p.peek()
	if t.kind == tokenName || t.kind == tokenWord && !slices.Contains(reserved, strings.ToLower(t.text)) {
		p.refuse()
		p.i++
		return t.text
	}
	return ""
}

func (p *parser) selection() *selection {
	s := &selection{at: p.peek().at}
	defer p.nested(s.at)()
	if p.take("with") {
		if p.is("recursive") {
			fail(p.peek().at, "there is no WITH RECURSIVE")
		}
		for {
			c := cte{at: p.peek().at}
			c.name = p.name("a name")
			p.want("as")
			p.want("(")
			c.of = p.selection()
			p.want(")")
			s.with = append(s.with, c)
			if !p.take(",") {
				break
			}
		}
	}
	s.arms = []arm{p.arm()}
	for p.is("union") {
		at := p.next().at
		if !p.take("all") {
			fail(at, "there is no UNION without ALL: write UNION ALL, and SELECT DISTINCT around it")
		}
		s.arms = append(s.arms, p.arm())
	}
	if p.take("order") {
		p.want("by")
		s.order = p.orderKeys()
	}
	if p.take("limit") {
		s.limit = p.expression()
	}
	p.refuse()
	return s
}

func (p *parser) arm() arm {
	if p.take("(") {
		s := p.selection()
		p.want(")")
		return arm{nested: s}
	}
	return arm{core: p.core()}
}

func (p *parser) core() *core {
	c := &core{at: p.peek().at}
	p.refuse()
	p.want("select")
	c.distinct = p.take("distinct")
	for {
		c.items = append(c.items, p.item())
		if !p.take(",") {
			break
		}
	}
	if !p.take("from") {
		p.refuse()
		p.unexpected("FROM")
	}
	c.from = []source{p.source()}
	p.joins(c)
	if p.take("where") {
		c.where = p.expression()
	}
	if p.take("group") {
		p.want("by")
		for {
			c.group = append(c.group, p.expression())
			if !p.take(",") {
				break
			}
		}
	}
	if p.take("having") {
		c.having = p.expression()
	}
	return c
}

func (p *parser) item() item {
	i := item{at: p.peek().at}
	if p.take("*") {
		return i
	}
	if t := p.peek(); (t.kind == tokenWord || t.kind == tokenName) && p.tokens[p.i+1].text == "." && p.tokens[p.i+2].text == "*" {
		p.i += 3
		i.of = t.text
		return i
	}
	i.expr = p.expression()
	i.alias = p.alias()
	return i
}

func (p *parser) source() source {
	s := source{at: p.peek().at}
	if p.take("(") {
		s.query = p.selection()
		p.want(")")
	} else {
		s.name = p.name("a table")
		for p.take(".") { // gold.clusters, audit.silver: the last part is the table
			in := s.name
			s.name = p.name("a table")
			s.lookup, s.qualified = strings.EqualFold(in+".", query.Lookups), true
		}
	}
	s.alias = p.alias()
	return s
}

func (p *parser) joins(c *core) {
	for {
		p.refuse()
		kind := ""
		switch {
		case p.take("join"), p.take("inner", "join"):
			kind = "inner"
		case p.take("left", "anti", "join"), p.take("anti", "join"):
			kind = "anti"
		case p.take("left", "join"), p.take("left", "outer", "join"):
			kind = "left"
		case p.is("left", "semi"):
			fail(p.peek().at, "there is no SEMI JOIN: join with distinct keys")
		case p.is(","):
			fail(p.peek().at, "there is no join by comma: write JOIN ... ON")
		default:
			return
		}
		s := p.source()
		s.join = kind
		switch {
		case p.take("using"):
			p.want("(")
			for {
				s.using = append(s.using, p.name("a column"))
				if !p.take(",") {
					break
				}
			}
			p.want(")")
		case p.take("on"):
			s.on = p.expression()
		default:
			p.unexpected("ON or USING")
		}
		c.from = append(c.from, s)
	}
}

func (p *parser) orderKeys() []orderKey {
	var out []orderKey
	for {
		k := orderKey{expr: p.expression()}
		switch {
		case p.take("desc"):
			k.desc = true
		case p.take("asc"):
		}
		if p.is("nulls", "last") {
			fail(p.peek().at, "there is no NULLS LAST: nulls come first")
		}
		p.take("nulls", "first")
		out = append(out, k)
		if !p.take(",") {
			return out
		}
	}
}
