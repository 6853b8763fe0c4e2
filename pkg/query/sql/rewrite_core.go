package sql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// wholeScope is the sources of a core, and those around it.
type wholeScope struct {
	scope
	ids    []string // s0, ... of the sources
	texts  []string // as FROM has them
	inputs []*Input // nil for a query that no plan says
	outer  *wholeScope
	// may be null in a row of the core: the right of a left join
	nullable []bool
	items    []item // whose aliases count
}

// core is the text of SELECT to QUALIFY, with the order and the limit around it.
func (r *rewriting) core(c *core, around *selection, outer *wholeScope, ctes *wholeCTE) (string, []column) {
	if c.values != nil {
		return r.valuesText(c, around, outer)
	}
	s := &wholeScope{outer: outer}
	for _, src := range c.from {
		r.source(s, src, ctes)
	}
	rows := exprs{lowering: &r.lowering, scope: &s.scope, special: &special{rewriting: r, scope: s, ctes: ctes, core: c}}
	c = rows.starless(c)
	rows.special.core = c
	s.items = c.items
	from, where := r.fromText(c, s, &rows)
	for _, e := range conjuncts(c.where) {
		where = append(where, r.conditionText(s, &rows, e)...)
	}
	x := rows
	own := *rows.special
	x.special = &own
	by := ""
	if c.grouped(around.order) {
		by = own.group(c, &rows)
	} else if c.having != nil {
		fail(c.having.pos(), "HAVING is for groups: write WHERE")
	}
	x.special.windows = true
	outputs := x.outputs(c.items)
	cols := make([]column, len(outputs))
	list := make([]string, len(outputs))
	for i, o := range outputs {
		cols[i] = column{name: o.Name, kind: x.kind(o.Expr), null: isTyped(o.Expr)}
		list[i] = fmt.Sprintf("%s AS c%d", r.print(o.Expr), i)
	}
	if len(where) > 0 {
		from += " WHERE " + strings.Join(where, " AND ")
	}
	from += by
	if c.having != nil {
		from += " HAVING " + r.print(x.boolean(c.having))
	}
	if c.qualify != nil {
		return r.qualified(c, around, &x, list, from, cols)
	}
	text := "SELECT "
	if c.distinct {
		text += "DISTINCT "
	}
	keys := make([]string, len(around.order))
	for i, k := range around.order {
		keys[i] = r.keyText(c, &x, k, outputs, cols)
	}
	return text + strings.Join(list, ", ") + from + orderText(keys, len(cols)) + r.partText(around), cols
}

// keyText is a key of ORDER BY: a column by its number, or an expression.
func (r *rewriting) keyText(c *core, x *exprs, k orderKey, outputs []query.Output, cols []column) string {
	at, ok := outputOf(k.expr, cols)
	if ok {
		return k.text(strconv.Itoa(at + 1))
	}
	e := x.lower(k.expr)
	if at = slices.IndexFunc(outputs, func(o query.Output) bool { return o.Expr.String() == e.String() }); at >= 0 {
		return k.text(strconv.Itoa(at + 1))
	}
	if c.distinct || c.qualify != nil {
		fail(k.expr.pos(), "SELECT DISTINCT, and what QUALIFY leaves, is ordered by its own columns")
	}
	if _, ok := e.(query.Const); ok {
		return k.text("NULL")
	}
	return k.text(r.print(e))
}

// qualified filters by windows, in a query around the one that has them.
func (r *rewriting) qualified(c *core, around *selection, x *exprs, list []string, from string, cols []column) (string, []column) {
	list = append(list, fmt.Sprintf("%s AS kept", r.print(x.boolean(c.qualify))))
	text := "SELECT "
	if c.distinct {
		text += "DISTINCT "
	}
	keys := make([]string, len(around.order))
	for i, k := range around.order {
		keys[i] = r.keyText(c, x, k, nil, cols)
	}
	text += fmt.Sprintf("%s FROM (SELECT %s%s) WHERE kept", columnList(len(cols)), strings.Join(list, ", "), from)
	return text + orderText(keys, len(cols)) + r.partText(around), cols
}

// valuesText is VALUES as a query of constants.
func (r *rewriting) valuesText(c *core, around *selection, outer *wholeScope) (string, []column) {
	x := exprs{lowering: &r.lowering, scope: &scope{}, special: &special{rewriting: r, scope: &wholeScope{outer: outer}, core: c}}
	var cols []column
	var rows []string
	for _, row := range c.values {
		if cols == nil {
			for i := range row {
				cols = append(cols, column{name: fmt.Sprintf("col%d", i+1)})
			}
		}
		if len(row) != len(cols) {
			fail(c.at, "the rows of VALUES have %d columns and %d", len(cols), len(row))
		}
		list := make([]string, len(row))
		for i, e := range row {
			v := x.lower(e)
			kind, ok := widest(cols[i].kind, x.kind(v))
			if !ok {
				fail(e.pos(), "%s is %s, and the rows before have %s", v, x.kind(v), cols[i].kind)
			}
			cols[i].kind = kind
			list[i] = fmt.Sprintf("%s AS c%d", r.print(v), i)
		}
		rows = append(rows, "SELECT "+strings.Join(list, ", "))
	}
	keys := make([]string, len(around.order))
	for i, k := range around.order {
		keys[i] = r.keyText(c, &x, k, nil, cols)
	}
	return strings.Join(rows, " UNION ALL ") + orderText(keys, len(cols)) + r.partText(around), cols
}

// source adds a source to a scope.
func (r *rewriting) source(s *wholeScope, src source, ctes *wholeCTE) {
	if r.sources++; r.sources > mostSources {
		fail(src.at, "the statement reads more than %d tables and queries", mostSources)
	}
	alias := src.alias
	if alias == "" {
		alias = src.name
	}
	for _, other := range s.sources {
		if alias != "" && strings.EqualFold(other.alias, alias) {
			fail(src.at, "two sources are called %s: give one another name", alias)
		}
	}
	id := r.id("s")
	var made relation
	var in *Input
	var text string
	switch k := ctes.find(src); {
	case src.query != nil:
		if in, made.cols = r.planned(src.query.span, ctes); in != nil {
			break
		}
		var of string
		of, made.cols = r.selection(src.query, nil, ctes, nil)
		text = "(" + of + ")"
	case k != nil && k.input != nil:
		in, made.cols = k.input.copied(), k.cols
	case k != nil:
		if k.cols == nil {
			fail(src.at, "%s reads itself before there is anything: its first query has to be without it, and UNION ALL behind it", k.name)
		}
		made.cols, text = k.cols, k.id
	default:
		made = r.table(src)
		in = &Input{Rows: made.plan}
	}
	if in != nil {
		in.Numbered = src.join == "right" || src.join == "full"
		text = r.add(in)
	}
	s.texts = append(s.texts, text+" AS "+id)
	s.sources = append(s.sources, scoped{relation: made, alias: alias, hidden: src.isHidden()})
	s.ids, s.inputs, s.nullable = append(s.ids, id), append(s.inputs, in), append(s.nullable, false)
	switch last := len(s.nullable) - 1; src.join {
	case "left":
		s.nullable[last] = true
	case "right", "full":
		for i := range s.nullable {
			s.nullable[i] = i < last || src.join == "full"
		}
	}
}

// find is the query of WITH that a source names, if it is one.
func (c *wholeCTE) find(src source) *wholeCTE {
	for ; c != nil; c = c.outer {
		if src.query == nil && strings.EqualFold(c.name, src.full) {
			return c
		}
	}
	return nil
}

// fromText is FROM, and what its joins leave to WHERE.
func (r *rewriting) fromText(c *core, s *wholeScope, x *exprs) (text string, where []string) {
	for i, src := range c.from {
		of := s.texts[i]
		if i == 0 {
			text = " FROM " + of
			continue
		}
		var on []string
		hidden := s.sources[i].hidden
		s.sources[i].hidden = false
		for _, name := range src.using {
			s.using = append(s.using, name)
			on = append(on, r.print(x.lower(r.shared(s, src, i, name))))
		}
		for _, e := range conjuncts(src.on) {
			if src.join == "inner" {
				on = append(on, r.conditionText(s, x, e)...)
				continue
			}
			on = append(on, r.conditionOn(s, x, src.join, i, e)...)
		}
		s.sources[i].hidden = hidden
		if len(on) == 0 {
			on = []string{"1"}
		}
		condition := strings.Join(on, " AND ")
		switch src.join {
		case "cross":
			text += " CROSS JOIN " + of
		case "anti":
			where = append(where, fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s WHERE %s)", of, condition))
		case "semi":
			where = append(where, fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE %s)", of, condition))
		default:
			text += fmt.Sprintf(" %s JOIN %s ON %s", strings.ToUpper(src.join), of, condition)
		}
	}
	return text, where
}

// shared is the equality that USING means.
func (r *rewriting) shared(s *wholeScope, src source, i int, name string) expr {
	l := &path{at(src.at), []string{name}}
	hidden := s.sources[i].hidden
	s.sources[i].hidden = true // of the left
	of := 0
	for k := range i {
		if !s.sources[k].hidden && s.sources[k].knows(l.parts) {
			of = k
			break
		}
	}
	s.sources[i].hidden = hidden
	l.parts = []string{s.sources[of].alias, name}
	return &binary{at(src.at), "=", l, &path{at(src.at), []string{s.sources[i].alias, name}}}
}

// conditionText is a condition that all rows have to meet, without what inputs can
// tell by themselves.
func (r *rewriting) conditionText(s *wholeScope, x *exprs, e expr) []string {
	var out []string
	for _, part := range x.conditions(e) {
		if !r.push(part, func(in *Input) bool {
			i := slices.Index(s.inputs, in)
			return i >= 0 && !s.nullable[i]
		}) {
			out = append(out, r.print(part))
		}
	}
	return out
}

// conditionOn is a condition of a join that is not inner.
func (r *rewriting) conditionOn(s *wholeScope, x *exprs, kind string, i int, e expr) []string {
	var out []string
	behind := kind == "left" || kind == "anti" || kind == "semi"
	for _, part := range x.conditions(e) {
		if !r.push(part, func(in *Input) bool { return behind && in == s.inputs[i] }) {
			out = append(out, r.print(part))
		}
	}
	return out
}

// push gives a condition that is about the columns of one input alone to it.
func (r *rewriting) push(e query.Expr, may func(*Input) bool) bool {
	var in *Input
	for _, c := range query.Columns(e) {
		l, ok := r.leaves[c.Path[0]]
		if !ok || l.json || in != nil && l.input != in {
			return false
		}
		in = l.input
	}
	if in == nil || !may(in) {
		return false
	}
	in.If = append(in.If, query.Rewrite(e, func(c query.Col) query.Expr {
		l := r.leaves[c.Path[0]]
		return l.input.Columns[l.column].Expr
	}))
	return true
}

// leafOf is a column of a source as SQLite knows it.
func (r *rewriting) leafOf(s *wholeScope, source int, c query.Col) (query.Expr, error) {
	src := s.sources[source]
	in := s.inputs[source]
	if src.table == "" {
		i := find(src.cols, c.Path[0])
		text := fmt.Sprintf("%s.c%d", s.ids[source], i)
		if in != nil {
			r.leaves[text] = leaf{in, i, in.Columns[i].Kind >= columnar.Binary, s, source}
		}
		return r.text(src.cols[i].kind, text), nil
	}
	kind, err := r.tables.Kind(src.table, c)
	if err != nil && c.Kind == columnar.Invalid && src.knows(c.Path) && len(c.Path) == 1 { // parameters that no event had yet
		kind, err = r.tables.Kind(src.table, query.Column(columnar.String, c.Path...))
	}
	if err != nil {
		return nil, err
	}
	l := leaf{input: in, json: kind >= columnar.Binary, scope: s, source: source}
	l.column = slices.IndexFunc(in.Columns, func(other InputColumn) bool {
		col, ok := other.Expr.(query.Col)
		return ok && slices.Equal(col.Path, c.Path)
	})
	if l.column < 0 {
		l.column = len(in.Columns)
		in.Columns = append(in.Columns, InputColumn{query.Column(kind, c.Path...), kind})
	}
	text := fmt.Sprintf("%s.c%d", s.ids[source], l.column)
	r.leaves[text] = l
	if l.json {
		kind = columnar.String
	}
	return r.text(kind, text), nil
}
