package querytest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// ParsePlan reads a plan as query.Plan prints it: operators by indentation, the
// last first. A column is typed where the scan's line says so.
func ParsePlan(text string) (plan query.Plan, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("plan: %s", string(e))
		}
	}()
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if strings.TrimSpace(l) != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return plan, fmt.Errorf("plan: empty")
	}
	node, _, rest := parseNode(lines)
	if len(rest) > 0 {
		return plan, fmt.Errorf("plan: %q is beside the root", rest[0])
	}
	return query.Plan{Root: node}, nil
}

type syntaxError string

func fail(format string, args ...any) { panic(syntaxError(fmt.Sprintf(format, args...))) }

func depth(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// parseNode reads the operator on the first line and those indented below it.
// Types are those of the columns that the scans below declare.
func parseNode(lines []string) (n query.Node, types map[string]columnar.Kind, rest []string) {
	head := lines[0]
	rest = lines[1:]
	var in []query.Node
	types = map[string]columnar.Kind{}
	for len(rest) > 0 && depth(rest[0]) > depth(head) {
		var node query.Node
		var below map[string]columnar.Kind
		node, below, rest = parseNode(rest)
		in = append(in, node)
		for k, v := range below {
			types[k] = v
		}
	}
	p := &parser{text: strings.TrimSpace(head), types: types}
	p.lex()
	n, closed := p.node(in)
	if !p.done() {
		fail("%q after the end of %q", p.peek(), p.text)
	}
	if closed {
		types = nil
	}
	return n, types, rest
}

type parser struct {
	text   string
	tokens []string
	types  map[string]columnar.Kind
}

var token = regexp.MustCompile("^(?:`(?:[^`]|``)*`|[xX]?'(?:[^']|'')*'|-?[0-9][0-9A-Za-z:.+-]*|[A-Za-z_][A-Za-z0-9_]*|!=|<=|>=|[=<>(),.+*/-])")

func (p *parser) lex() {
	for rest := p.text; ; {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			return
		}
		t := token.FindString(rest)
		if t == "" {
			fail("cannot read %q", rest)
		}
		p.tokens = append(p.tokens, t)
		rest = rest[len(t):]
	}
}

func (p *parser) done() bool { return len(p.tokens) == 0 }

func (p *parser) peek() string {
	if p.done() {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	if p.done() {
		fail("%q ends too soon", p.text)
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// take takes the words if they come next.
func (p *parser) take(words ...string) bool {
	if len(p.tokens) < len(words) {
		return false
	}
	for i, w := range words {
		if p.tokens[i] != w {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) want(word string) {
	if !p.take(word) {
		fail("%q instead of %q in %q", p.peek(), word, p.text)
	}
}

func (p *parser) name() string {
	t := p.next()
	if strings.HasPrefix(t, "`") {
		return strings.ReplaceAll(t[1:len(t)-1], "``", "`")
	}
	return t
}

func (p *parser) path() query.Col {
	c := query.Col{Path: []string{p.name()}}
	for p.take(".") {
		c.Path = append(c.Path, p.name())
	}
	c.Kind = p.types[c.String()]
	return c
}

func (p *parser) node(in []query.Node) (n query.Node, closed bool) {
	op := p.next()
	wanted := map[string]int{"scan": 0, "join": 2}
	if want, ok := wanted[op]; op != "union" && (ok && len(in) != want || !ok && len(in) != 1) {
		fail("%s has %d inputs", op, len(in))
	}
	switch op {
	case "scan":
		return p.scan(), false
	case "filter":
		return query.Filter{Input: in[0], If: p.expr()}, false
	case "project":
		return query.Project{Input: in[0], Cols: p.outputs()}, true
	case "aggregate":
		return p.aggregate(in[0]), true
	case "union":
		return query.Union{Of: in}, false
	case "sort":
		return query.Sort{Input: in[0], Keys: p.keys()}, false
	case "limit":
		return query.Limit{Input: in[0], N: p.integer()}, false
	case "join":
		j := query.Join{L: in[0], R: in[1]}
		for k, kind := range []string{"inner", "left", "anti"} {
			if p.take(kind, "on") {
				j.Kind = query.JoinKind(k)
			}
		}
		for {
			if p.take("in_network", "(") {
				j.Network = &query.InRange{Address: p.name()}
				p.want(",")
				j.Network.Network = p.name()
				p.want(")")
			} else {
				j.LKeys = append(j.LKeys, p.name())
				p.want("=")
				j.RKeys = append(j.RKeys, p.name())
			}
			if !p.take(",") {
				return j, true
			}
		}
	case "window":
		w := query.Window{Input: in[0]}
		name := p.next()
		for w.Func = query.RowNumber; w.Func.String() != name; w.Func++ {
			if w.Func == query.DenseRank {
				fail("window function %q is not known", name)
			}
		}
		p.want("(")
		if p.peek() != ")" {
			w.Arg = p.expr()
		}
		if p.take(",") {
			w.Offset = p.integer()
		}
		if p.take(",") {
			w.Default = p.expr()
		}
		p.want(")")
		if p.take("within") {
			var err error
			if w.Within, err = time.ParseDuration(p.str()); err != nil {
				fail("%v", err)
			}
		}
		p.want("as")
		w.Name = p.name()
		if p.take("over") {
			w.Partition = p.exprs()
		}
		p.want("by")
		w.Order = p.keys()
		return w, false
	}
	fail("operator %q is not known", op)
	return nil, false
}

func (p *parser) scan() query.Node {
	s := query.Scan{Table: p.name()}
	for word, at := range map[string]*time.Time{"from": &s.Range.From, "to": &s.Range.To} {
		for i := 0; i+1 < len(p.tokens); i++ {
			if p.tokens[i] != word {
				continue
			}
			t, err := time.Parse(time.RFC3339Nano, p.tokens[i+1])
			if err != nil {
				fail("%v", err)
			}
			*at = t
			p.tokens = append(p.tokens[:i:i], p.tokens[i+2:]...)
			break
		}
	}
	if !p.take("columns") {
		return s
	}
	for {
		c := p.path()
		if !p.done() && p.peek() != "," {
			p.types[c.String()] = p.kind()
		}
		if !p.take(",") {
			return s
		}
	}
}

func (p *parser) kind() columnar.Kind {
	t, err := parseType(p.next())
	if err != nil {
		fail("%v", err)
	}
	return t.Kind
}

func (p *parser) integer() int64 {
	n, err := strconv.ParseInt(p.next(), 10, 64)
	if err != nil {
		fail("%v", err)
	}
	return n
}

func (p *parser) outputs() []query.Output {
	var out []query.Output
	for {
		o := query.Output{Expr: p.expr()}
		if p.take("as") {
			o.Name = p.name()
		} else if c, ok := o.Expr.(query.Col); ok && len(c.Path) == 1 {
			o.Name = c.Path[0]
		} else {
			fail("%s has no name", o.Expr)
		}
		if out = append(out, o); !p.take(",") {
			return out
		}
	}
}

func (p *parser) aggregate(in query.Node) query.Node {
	a := query.Aggregate{Input: in}
	for !p.done() && p.peek() != "by" {
		a.Aggs = append(a.Aggs, p.agg())
		if !p.take(",") {
			break
		}
	}
	if p.take("by") {
		a.By = p.outputs()
	}
	return a
}

func (p *parser) agg() query.Agg {
	var a query.Agg
	name := p.next()
	known := false
	for f := range query.AggFuncs() {
		if f.String() == name {
			a.Func, known = f, true
		}
	}
	if !known {
		fail("aggregate %q is not known", name)
	}
	p.want("(")
	if p.peek() != ")" {
		a.Arg = p.expr()
	}
	if p.take(",") {
		if a.Func == query.Percentile {
			var err error
			if a.P, err = strconv.ParseFloat(p.next(), 64); err != nil {
				fail("%v", err)
			}
		} else {
			a.By = p.expr()
		}
	}
	p.want(")")
	if p.take("where") {
		a.Where = p.primary()
	}
	p.want("as")
	a.Name = p.name()
	return a
}

func (p *parser) keys() []query.SortKey {
	var out []query.SortKey
	for {
		k := query.SortKey{By: p.expr()}
		k.Desc = p.take("desc")
		if out = append(out, k); !p.take(",") {
			return out
		}
	}
}

func (p *parser) exprs() []query.Expr {
	out := []query.Expr{p.expr()}
	for p.take(",") {
		out = append(out, p.expr())
	}
	return out
}

func (p *parser) expr() query.Expr {
	out := []query.Expr{p.and()}
	for p.take("or") {
		out = append(out, p.and())
	}
	if len(out) == 1 {
		return out[0]
	}
	return query.Or{X: out}
}

func (p *parser) and() query.Expr {
	out := []query.Expr{p.not()}
	for p.take("and") {
		out = append(out, p.not())
	}
	if len(out) == 1 {
		return out[0]
	}
	return query.And{X: out}
}

func (p *parser) not() query.Expr {
	if p.take("not") {
		return query.Not{X: p.not()}
	}
	x := p.sum()
	for i, op := range []string{"=", "!=", "<", "<=", ">", ">="} {
		if p.take(op) {
			return query.Compare{Op: query.Op(i), L: x, R: p.sum()}
		}
	}
	switch {
	case p.take("in"):
		return query.In{X: x, List: p.list()}
	case p.take("not", "in"):
		return query.Not{X: query.In{X: x, List: p.list()}}
	case p.take("is", "null"):
		return query.IsNull{X: x}
	case p.take("is", "not", "null"):
		return query.NotNull(x)
	case p.take("is", "distinct", "from", "all"):
		return query.DistinctFromAll{X: x, List: p.list()}
	case p.take("is", "distinct", "from"):
		return query.Distinct{L: x, R: p.primary()}
	case p.take("is", "not", "distinct", "from"):
		return query.Not{X: query.Distinct{L: x, R: p.primary()}}
	case p.take("between"):
		lo := p.primary()
		p.want("and")
		return query.Between{X: x, Lo: lo, Hi: p.primary()}
	case p.take("like"):
		return query.Like{X: x, Pattern: p.str()}
	case p.take("matches"):
		return query.Match{X: x, Pattern: p.str()}
	}
	return x
}

func (p *parser) sum() query.Expr {
	return p.arith(p.product, query.Add, query.Sub)
}

func (p *parser) product() query.Expr {
	return p.arith(p.primary, query.Mul, query.Div)
}

// arith reads operands that are joined by the operators, from left to right.
func (p *parser) arith(operand func() query.Expr, ops ...query.ArithOp) query.Expr {
	x := operand()
next:
	for _, op := range ops {
		if p.take(op.String()) {
			x = query.Arith{Op: op, L: x, R: operand()}
			goto next
		}
	}
	return x
}

func (p *parser) str() string { return unquote(p.next()) }

func (p *parser) list() []columnar.Value {
	p.want("(")
	out := []columnar.Value{}
	for p.peek() != ")" {
		c, ok := p.primary().(query.Const)
		if !ok {
			fail("a list has only constants in %q", p.text)
		}
		out = append(out, c.Value)
		p.take(",")
	}
	p.want(")")
	return out
}

func (p *parser) primary() query.Expr {
	switch t := p.peek(); {
	case p.take("("):
		e := p.expr()
		p.want(")")
		return e
	case p.take("null"):
		return query.Const{}
	case p.take("true"), p.take("false"):
		return query.Bool(t == "true")
	case p.take("case"):
		return p.branches()
	case strings.HasPrefix(t, "'"):
		return query.Str(p.str())
	case t != "" && (t[0] >= '0' && t[0] <= '9' || t[0] == '-'):
		return number(p.next())
	case len(p.tokens) > 1 && strings.HasPrefix(p.tokens[1], "'"):
		return p.literal()
	case len(p.tokens) > 1 && p.tokens[1] == "(":
		return p.call()
	}
	return p.path()
}

func number(text string) query.Expr {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return query.Int(i)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		fail("%v", err)
	}
	return query.Const{Value: columnar.FloatValue(f)}
}

func (p *parser) literal() query.Expr {
	kind := p.next()
	text := p.str()
	switch kind {
	case "date":
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			return query.Const{Value: columnar.IntValue(columnar.Date, t.Unix()/86400)}
		}
	case "timestamp":
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return query.Time(t)
		}
	}
	fail("%s %q is not known", kind, text)
	return nil
}

func (p *parser) branches() query.Expr {
	var c query.Case
	for p.take("when") {
		w := query.When{If: p.expr()}
		p.want("then")
		w.Then = p.expr()
		c.When = append(c.When, w)
	}
	if p.take("else") {
		c.Else = p.expr()
	}
	p.want("end")
	return c
}

func (p *parser) call() query.Expr {
	name := p.next()
	p.want("(")
	if name == "cast" {
		x := p.expr()
		p.want("as")
		k := p.kind()
		p.want(")")
		return query.Cast{X: x, To: k}
	}
	x := p.exprs()
	p.want(")")
	text := func(i int) string {
		if i < len(x) {
			if c, ok := x[i].(query.Const); ok {
				return string(c.Value.Bytes)
			}
		}
		fail("%s needs a constant in %q", name, p.text)
		return ""
	}
	switch name {
	case "coalesce":
		return query.Coalesce{X: x}
	case "search":
		return query.Search{X: x[1:], Text: text(0)}
	case "bucket":
		return query.Bucket{X: x[0], Unit: text(1), Zone: text(2)}
	}
	return query.Call{Func: name, Args: x}
}
