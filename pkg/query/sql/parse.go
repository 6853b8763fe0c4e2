package sql

import (
	"slices"
	"strings"
)

// parser is recursive descent over the tokens. It raises faults.
type parser struct {
	text   string
	tokens []token
	i      int
	depth  int
	whole  bool // for ParseWhole
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
		p.onlySelect()
		p.unexpected("the end of the statement")
	}
}

// refuse names a construct that plans do not have.
func (p *parser) refuse() {
	if p.whole {
		p.neither()
		return
	}
	for _, r := range [...]struct{ word, remedy string }{
		{"except", "there is no EXCEPT: write a LEFT ANTI JOIN"},
		{"minus", "there is no MINUS: write a LEFT ANTI JOIN"},
		{"intersect", "there is no INTERSECT: write a JOIN"},
		{"window", "there is no WINDOW clause: write the window after OVER"},
		{"right", "there is no RIGHT JOIN: put the sources the other way round"},
		{"full", "there is no FULL JOIN"},
		{"cross", "there is no CROSS JOIN"},
		{"natural", "there is no NATURAL JOIN: write USING"},
		{"lateral", "there is no LATERAL"},
		{"pivot", "there is no PIVOT"},
		{"unpivot", "there is no UNPIVOT"},
		{"tablesample", "there is no TABLESAMPLE"},
		{"exists", "there is no EXISTS: write a JOIN, or a LEFT ANTI JOIN"},
		{"values", "there is no VALUES"},
		{"fetch", "there is no FETCH: write LIMIT"},
		{"rollup", "there is no ROLLUP"},
		{"cube", "there is no CUBE"},
		{"grouping", "there are no GROUPING SETS"},
	} {
		if p.is(r.word) {
			refuse(p.peek().at, "%s", r.remedy)
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
	if p.whole {
		return p.wholeSelection()
	}
	s := &selection{at: p.peek().at}
	defer p.nested(s.at)()
	if p.take("with") {
		if p.is("recursive") {
			refuse(p.peek().at, "there is no WITH RECURSIVE")
		}
		for {
			c := cte{at: p.peek().at}
			c.name = p.name("a name")
			if p.is("(") {
				refuse(p.peek().at, "a query of WITH has no list of columns: name them in its SELECT")
			}
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
	for p.take("union") {
		all := p.take("all")
		p.take("distinct")
		s.arms = append(s.arms, p.arm())
		if !all {
			s.distinct = len(s.arms)
		}
	}
	p.orderAndLimit(s)
	p.refuse()
	return s
}

// orderAndLimit is what follows the arms of a selection.
func (p *parser) orderAndLimit(s *selection) {
	if p.take("order") {
		p.want("by")
		s.order = p.orderKeys()
	}
	if p.take("limit") && !p.take("all") {
		s.limit = p.expression()
	}
	if p.take("offset") {
		s.offset = p.expression()
	}
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
	if p.whole {
		return p.wholeCore()
	}
	c := &core{at: p.peek().at}
	p.refuse()
	p.onlySelect()
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
		if t := p.peek(); t.kind == tokenEnd || p.is(")") || p.is("union") {
			refuse(t.at, "there is no SELECT without FROM")
		}
		p.unexpected("FROM")
	}
	c.from = []source{p.source()}
	p.joins(c)
	if p.take("where") {
		c.where = p.expression()
	}
	if p.take("group") {
		p.want("by")
		p.refuse()
		if c.groupAll = p.take("all"); !c.groupAll {
			c.group = p.list()
		}
		if p.is("with", "rollup") || p.is("with", "cube") {
			refuse(p.peek().at, "there is no ROLLUP and no CUBE")
		}
	}
	if p.take("having") {
		c.having = p.expression()
	}
	if p.take("qualify") {
		c.qualify = p.expression()
	}
	return c
}

func (p *parser) item() item {
	i := item{at: p.peek().at}
	if p.take("*") {
		p.starOnly()
		return i
	}
	if t := p.peek(); (t.kind == tokenWord || t.kind == tokenName) && p.tokens[p.i+1].text == "." && p.tokens[p.i+2].text == "*" {
		p.i += 3
		i.of = t.text
		p.starOnly()
		return i
	}
	i.expr = p.expression()
	i.alias = p.alias()
	return i
}

// starOnly refuses what Databricks has behind a star.
func (p *parser) starOnly() {
	if p.is("except") || p.is("exclude") {
		refuse(p.peek().at, "there is no * EXCEPT: name the columns")
	}
}

func (p *parser) source() source {
	s := source{at: p.peek().at}
	if p.take("(") {
		p.refuse()
		s.query = p.selection()
		p.want(")")
	} else {
		p.refuse()
		s.name = p.name("a table")
		if p.is("(") {
			refuse(s.at, "there is no table function %s", s.name)
		}
		for s.full = s.name; p.take("."); s.full += "." + s.name {
			s.name = p.name("a table") // gold.clusters, audit.silver: the last part is the table
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
		case p.take("left", "semi", "join"), p.take("semi", "join"):
			kind = "semi"
		case p.is(","):
			refuse(p.peek().at, "there is no join by comma: write JOIN ... ON")
		default:
			return
		}
		s := p.source()
		s.join = kind
		switch {
		case p.take("using"):
			p.want("(")
			s.using = p.names()
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
		k.last = p.take("nulls", "last")
		p.take("nulls", "first")
		out = append(out, k)
		if !p.take(",") {
			return out
		}
	}
}
