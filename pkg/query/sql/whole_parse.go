package sql

import (
	"slices"
	"strings"
)

// ParseWhole is ParseExpanded for any SELECT statement, also one that Plan refuses: for
// Rewrite.
func ParseWhole(text string, m Macros) (_ *Statement, expanded string, err error) {
	e := expansion{macros: m}
	if expanded, err = e.run(text); err != nil {
		return nil, "", err
	}
	defer recoverAt(text, e.places, &err)
	p := parser{text: expanded, whole: true}
	p.tokens = lex(expanded)
	s := &Statement{text: text, places: e.places, expanded: expanded, tokens: p.tokens, root: p.selection()}
	if p.take(";"); p.peek().kind != tokenEnd {
		if p.onlySelect(); p.tokens[p.i-1].text == ";" {
			fail(p.peek().at, "only one statement is answered at a time")
		}
		p.neither()
		p.unexpected("the end of the statement")
	}
	return s, expanded, nil
}

// writes begin statements that change something, or tell what is no table's.
var writes = []string{
	"insert", "update", "delete", "replace", "create", "drop", "alter", "merge", "truncate", "attach", "detach", "pragma", "vacuum",
	"reindex", "analyze", "begin", "commit", "rollback", "savepoint", "release", "explain", "describe", "desc", "show", "use", "set",
	"call", "grant", "revoke", "optimize", "copy", "load", "refresh", "cache", "msck", "declare", "execute",
}

// onlySelect refuses what is no question.
func (p *parser) onlySelect() {
	if t := p.peek(); t.kind == tokenWord && slices.Contains(writes, strings.ToLower(t.text)) {
		fail(t.at, "%s is not allowed: only SELECT is answered", strings.ToUpper(t.text))
	}
}

// neither refuses by its name what has no meaning on SQLite either.
func (p *parser) neither() {
	const noRollup = "there is no ROLLUP, CUBE or GROUPING SETS: write UNION ALL"
	for _, r := range [...]struct {
		words  [2]string
		remedy string
	}{
		{[2]string{"rollup", "("}, noRollup},
		{[2]string{"cube", "("}, noRollup},
		{[2]string{"grouping", "sets"}, noRollup},
		{[2]string{"with", "rollup"}, noRollup},
		{[2]string{"with", "cube"}, noRollup},
		{[2]string{"pivot", "("}, "there is no PIVOT: write an aggregate with FILTER (WHERE ...) for each column"},
		{[2]string{"unpivot", "("}, "there is no UNPIVOT: write UNION ALL"},
		{[2]string{"tablesample", "("}, "there is no TABLESAMPLE"},
		{[2]string{"lateral", "view"}, "there is no LATERAL VIEW"},
		{[2]string{"lateral", "("}, "there is no LATERAL"},
		{[2]string{"fetch", "first"}, "there is no FETCH: write LIMIT"},
		{[2]string{"fetch", "next"}, "there is no FETCH: write LIMIT"},
		{[2]string{"sort", "by"}, "there is no SORT BY: write ORDER BY"},
		{[2]string{"cluster", "by"}, "there is no CLUSTER BY: write ORDER BY"},
		{[2]string{"distribute", "by"}, "there is no DISTRIBUTE BY: write ORDER BY"},
	} {
		if p.is(r.words[0], r.words[1]) {
			fail(p.peek().at, "%s", r.remedy)
		}
	}
}

// wholeSelection is any SELECT, VALUES, and what is put together of them.
func (p *parser) wholeSelection() *selection {
	s := &selection{at: p.peek().at, span: span{from: p.i}}
	defer p.nested(s.at)()
	defer func() { s.span.to = p.i }()
	p.onlySelect()
	if p.take("with") {
		s.recursive = p.take("recursive")
		for {
			s.with = append(s.with, p.wholeCTE())
			if !p.take(",") {
				break
			}
		}
		p.onlySelect()
	}
	s.arms = []arm{p.arm()}
	for {
		op := p.setOperator()
		if op == "" {
			break
		}
		s.ops, s.arms = append(s.ops, op), append(s.arms, p.arm())
	}
	p.orderAndLimit(s)
	return s
}

// setOperator is the operator between two arms as SQLite writes it, or nothing.
func (p *parser) setOperator() string {
	at := p.peek().at
	var op string
	switch {
	case p.take("union", "all"):
		return "UNION ALL"
	case p.take("union"):
		op = "UNION"
	case p.take("intersect"):
		op = "INTERSECT"
	case p.take("except"), p.take("minus"):
		op = "EXCEPT"
	default:
		return ""
	}
	if p.take("all") {
		fail(at, "there is no %s ALL: write %s, which gives each row once", op, op)
	}
	p.take("distinct")
	return op
}

func (p *parser) wholeCTE() cte {
	c := cte{at: p.peek().at}
	c.name = p.name("a name")
	if p.take("(") {
		c.cols = p.names()
	}
	p.want("as")
	p.take("materialized")
	p.take("not", "materialized")
	p.want("(")
	c.of = p.selection()
	p.want(")")
	return c
}

// names are names in brackets, of which the first is already open.
func (p *parser) names() []string {
	var out []string
	for {
		out = append(out, p.name("a column"))
		if !p.take(",") {
			break
		}
	}
	p.want(")")
	return out
}

func (p *parser) wholeCore() *core {
	c := &core{at: p.peek().at, span: span{from: p.i}}
	defer func() { c.span.to = p.i }()
	if p.take("values") {
		for {
			p.want("(")
			c.values = append(c.values, p.list())
			p.want(")")
			if !p.take(",") {
				return c
			}
		}
	}
	p.onlySelect()
	p.want("select")
	c.distinct = p.take("distinct")
	p.take("all")
	for {
		c.items = append(c.items, p.item())
		if !p.take(",") {
			break
		}
	}
	if p.take("from") {
		c.from = []source{p.source()}
		p.wholeJoins(c)
	}
	if p.take("where") {
		c.where = p.expression()
	}
	if p.take("group") {
		p.want("by")
		p.neither()
		if c.groupAll = p.take("all"); !c.groupAll {
			c.group = p.list()
		}
		p.neither()
	}
	if p.take("having") {
		c.having = p.expression()
	}
	if p.take("window") {
		c.windowNames = map[string]*window{}
		for {
			name := strings.ToLower(p.name("the name of a window"))
			p.want("as")
			p.want("(")
			c.windowNames[name] = p.window()
			if !p.take(",") {
				break
			}
		}
	}
	if p.take("qualify") {
		c.qualify = p.expression()
	}
	return c
}

func (p *parser) wholeJoins(c *core) {
	for {
		p.neither()
		kind := ""
		switch {
		case p.take(","), p.take("cross", "join"):
			kind = "cross"
		case p.take("join"), p.take("inner", "join"):
			kind = "inner"
		case p.take("left", "anti", "join"), p.take("anti", "join"):
			kind = "anti"
		case p.take("left", "semi", "join"), p.take("semi", "join"):
			kind = "semi"
		case p.take("left", "join"), p.take("left", "outer", "join"):
			kind = "left"
		case p.take("right", "join"), p.take("right", "outer", "join"):
			kind = "right"
		case p.take("full", "join"), p.take("full", "outer", "join"):
			kind = "full"
		case p.is("natural"):
			fail(p.peek().at, "there is no NATURAL JOIN: write USING")
		default:
			return
		}
		s := p.source()
		s.join = kind
		switch {
		case kind == "cross":
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

// query is a SELECT in an expression, behind the open bracket.
func (p *parser) query(at at, exists bool) expr { //nolint:revive // EXISTS is what is told apart
	of := p.selection()
	p.want(")")
	return &subquery{at, of, exists}
}

// startsQuery reports whether a SELECT follows.
func (p *parser) startsQuery() bool { return p.is("select") || p.is("with") || p.is("values") }

// wholeWindow is the brackets after OVER with any frame.
func (p *parser) wholeWindow() *window {
	w := &window{}
	if t := p.peek(); t.kind == tokenWord && !slices.Contains([]string{"partition", "order", "range", "rows", "groups"}, strings.ToLower(t.text)) {
		w.base = strings.ToLower(p.next().text)
	}
	if p.take("partition") {
		p.want("by")
		w.partition = p.list()
	}
	if p.take("order") {
		p.want("by")
		w.order = p.orderKeys()
	}
	for _, unit := range [...]string{"range", "rows", "groups"} {
		if !p.take(unit) {
			continue
		}
		w.frame = &frame{unit: unit}
		if p.take("between") {
			w.frame.from = p.bound()
			p.want("and")
			to := p.bound()
			w.frame.to = &to
		} else {
			w.frame.from = p.bound()
		}
	}
	p.want(")")
	return w
}

func (p *parser) bound() bound {
	switch {
	case p.take("unbounded", "preceding"):
		return bound{side: "UNBOUNDED PRECEDING"}
	case p.take("unbounded", "following"):
		return bound{side: "UNBOUNDED FOLLOWING"}
	case p.take("current", "row"):
		return bound{side: "CURRENT ROW"}
	}
	b := bound{by: p.sum()}
	switch {
	case p.take("preceding"):
		b.side = "PRECEDING"
	case p.take("following"):
		b.side = "FOLLOWING"
	default:
		p.unexpected("PRECEDING or FOLLOWING")
	}
	return b
}
