package sql

import (
	"fmt"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Input is a table of a Rewritten: the rows of a plan for which all of If is true. The
// plan is a scan, or a query of the statement that looks at nothing around itself.
type Input struct {
	Rows    query.Plan
	If      []query.Expr // over the columns of Rows
	Columns []InputColumn
	// Numbered inputs, the right ones of RIGHT and FULL JOIN, have to give a row the same
	// number each time.
	Numbered bool
}

// InputColumn is what is read of a row. What is no scalar is read as JSON.
type InputColumn struct {
	Expr query.Expr // over the columns of Rows
	Kind columnar.Kind
}

// Plan is the rows of the input for which further conditions hold, under the name row a
// constant, and some of the columns, which are named by their numbers.
func (in *Input) Plan(columns []int, more []query.Expr) query.Plan {
	p := filter(in.Rows, append(slices.Clone(in.If), more...))
	outputs := []query.Output{query.As("row", query.Int(1))}
	for _, i := range columns {
		outputs = append(outputs, query.As(fmt.Sprint(i), in.Columns[i].Expr))
	}
	return p.Project(outputs...)
}

// Holds reports whether the plan of the input has all rows in memory before it gives one.
func (in *Input) Holds() bool {
	holds := false
	query.Transform(in.Rows.Root, func(n query.Node) query.Node {
		switch n.(type) {
		case query.Aggregate, query.Window, query.Sort, query.Join:
			holds = true
		}
		return n
	})
	return holds
}

// copied is another input with the same rows.
func (in *Input) copied() *Input {
	return &Input{Rows: in.Rows, Columns: slices.Clone(in.Columns)}
}

// add makes an input a table, and is its name.
func (r *rewriting) add(in *Input) string {
	r.out.Inputs = append(r.out.Inputs, in)
	return fmt.Sprintf("t%d", len(r.out.Inputs)-1)
}

// planned is a part of the statement as an input, and its columns, or nil if no plan says
// it: then it is SQLite's. It is read and lowered as if it were a statement of its own, so
// that it becomes no plan that it would not be there.
func (r *rewriting) planned(part span, ctes *wholeCTE) (in *Input, cols []column) {
	if r.tables.Schema == nil {
		return nil, nil
	}
	s := r.statement.plain(part)
	if s == nil {
		return nil, nil
	}
	l := lowering{binding: r.binding, sources: r.sources, nodes: r.tried}
	defer func() { r.tried = l.nodes }()
	made, ok := l.attempt(s, ctes.known())
	if !ok {
		return nil, nil
	}
	schema, err := r.tables.Schema(made.plan)
	if err != nil { // of a table that is not there yet, SQLite has columns that no plan knows
		return nil, nil
	}
	r.sources = l.sources
	in = &Input{Rows: made.plan}
	cols = slices.Clone(made.cols)
	for i, f := range schema {
		kind := f.Type.Kind
		in.Columns = append(in.Columns, InputColumn{query.Column(kind, f.Name), kind})
		if cols[i].kind = kind; kind >= columnar.Binary {
			cols[i].kind = columnar.String
		}
	}
	return in, cols
}

// attempt is the plan of a selection, if there is one.
func (l *lowering) attempt(s *selection, ctes *known) (_ relation, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, is := p.(fault); !is {
				panic(p)
			}
			ok = false
		}
	}()
	return l.selection(s, ctes), true
}

// plain is a part of the statement as Parse reads it, or nil if it does not.
func (s *Statement) plain(part span) (out *selection) {
	defer func() {
		if p := recover(); p != nil {
			if _, is := p.(fault); !is {
				panic(p)
			}
			out = nil
		}
	}()
	end := token{kind: tokenEnd, at: s.tokens[part.to].at}
	p := parser{text: s.expanded, tokens: append(slices.Clone(s.tokens[part.from:part.to]), end)}
	if out = p.selection(); p.peek().kind != tokenEnd {
		return nil
	}
	return out
}

// known are the queries of WITH for a plan, which has those that are plans.
func (c *wholeCTE) known() *known {
	if c == nil {
		return nil
	}
	return &known{cte{name: c.name, of: c.plain}, c.outer.known()}
}

// once is an input with each row once.
func (in *Input) once() {
	var names []string
	for _, c := range in.Columns {
		if c.Kind >= columnar.Binary {
			return
		}
		names = append(names, c.Expr.(query.Col).Path[0])
	}
	in.Rows = in.Rows.Aggregate(sameOutputs(names))
}

// from is all of an input as a query.
func (r *rewriting) from(in *Input) string {
	return fmt.Sprintf("SELECT %s FROM %s", columnList(len(in.Columns)), r.add(in))
}

// part is the text of a query that stands by itself, and its columns. What is done with
// an input that it is, is up to whoever asks.
func (r *rewriting) part(s *selection, outer *wholeScope, ctes *wholeCTE, with func(*Input)) (string, []column) {
	if in, cols := r.planned(s.span, ctes); in != nil {
		with(in)
		return r.from(in), cols
	}
	return r.selection(s, outer, ctes, nil)
}

// mostComputed is up to how many columns an input has before what is computed of them
// becomes no more. SQLite tells of 63 columns by itself whether they are used.
const mostComputed = 60

// computed is an expression as a column of an input, which it is if it is about columns
// of one alone, whose rows are there as they are read.
func (r *rewriting) computed(e query.Expr) (string, bool) {
	var of *leaf
	for _, c := range query.Columns(e) {
		l, ok := r.leaves[c.Path[0]]
		if !ok || l.json || of != nil && l.input != of.input || l.scope.nullable[l.source] {
			return "", false
		}
		of = &l
	}
	if of == nil {
		return "", false
	}
	kind, err := kindOf(e)
	if err != nil || kind == columnar.Invalid || kind >= columnar.Binary {
		return "", false
	}
	in := of.input
	e = query.Rewrite(e, func(c query.Col) query.Expr { return in.Columns[r.leaves[c.Path[0]].column].Expr })
	i := slices.IndexFunc(in.Columns, func(c InputColumn) bool { return c.Expr.String() == e.String() })
	if i < 0 {
		if i = len(in.Columns); i >= mostComputed {
			return "", false
		}
		in.Columns = append(in.Columns, InputColumn{e, kind})
	}
	return fmt.Sprintf("%s.c%d", of.scope.ids[of.source], i), true
}
