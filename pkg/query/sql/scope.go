package sql

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// relation is the rows of a source. Those of a table have the columns that are asked
// for, those of a view have its columns, and those of a query have cols.
type relation struct {
	plan  query.Plan
	table string
	view  *query.View // over table
	cols  []column
}

// column is a column of a query. Its kind is Invalid where the table decides.
type column struct {
	name string
	kind columnar.Kind
	null bool // always, so that in a UNION it is of whatever kind the others say
}

// untyped is the kind that a column brings to a UNION.
func (c column) untyped() columnar.Kind {
	if c.null {
		return columnar.Invalid
	}
	return c.kind
}

func (c column) col() query.Col { return query.Column(c.kind, c.name) }

// find is the index of a column by name, exactly or else in any letter case.
func find(cols []column, name string) int {
	if i := slices.IndexFunc(cols, func(c column) bool { return c.name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(cols, func(c column) bool { return strings.EqualFold(c.name, name) })
}

func names(cols []column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.name
	}
	return out
}

// scope is the sources of a core, by which names are found.
type scope struct {
	sources []scoped
	using   []string
	// renamed are the columns under the names that a projection of the sources has
	// given them; nil as long as there is none.
	renamed map[string]string
}

type scoped struct {
	relation
	alias  string
	hidden bool // of an anti or semi join: only its condition sees it
	member bool // of IN (SELECT ...): its column has its alias in front
}

// found is a column and the source that has it.
type found struct {
	source int
	expr   query.Expr // a column, but of a view
	name   string     // of the column
}

func (s *scope) found(source int, p *path, parts []string) found {
	e := s.sources[source].column(p, parts)
	if c, ok := e.(query.Col); ok {
		return found{source, e, strings.Join(c.Path, ".")}
	}
	return found{source, e, strings.Join(parts, ".")}
}

// key tells columns of all sources apart.
func (f found) key() string { return string(rune('a'+f.source)) + f.expr.String() }

func (f found) kind() columnar.Kind {
	if c, ok := f.expr.(query.Col); ok {
		return c.Kind
	}
	k, err := kindOf(f.expr)
	if err != nil {
		return columnar.Invalid
	}
	return k
}

// column is the column that a path means.
func (s *scope) column(p *path) query.Expr {
	f := s.find(p)
	if s.renamed == nil {
		return f.expr
	}
	return query.Column(f.kind(), s.renamed[f.key()])
}

// fields are the fields of the struct of a view that a path means, and the path's
// parts without its source; none where it means anything else.
func (s *scope) fields(p *path) ([]query.ViewColumn, []string) {
	for _, src := range s.sources {
		if src.view == nil || src.hidden {
			continue
		}
		parts := p.parts
		if len(parts) > 1 && strings.EqualFold(src.alias, parts[0]) {
			parts = parts[1:]
		}
		if f := src.view.Fields(parts); f != nil {
			return f, parts
		}
	}
	return nil, nil
}

func (s *scope) find(p *path) found {
	if len(p.parts) > 1 {
		for i, src := range s.sources {
			if strings.EqualFold(src.alias, p.parts[0]) && !src.hidden {
				return s.found(i, p, p.parts[1:])
			}
		}
	}
	var sure, open []int
	for i, src := range s.sources {
		switch {
		case src.hidden, src.member:
		case src.knows(p.parts):
			sure = append(sure, i)
		case src.table != "" && src.view == nil:
			open = append(open, i)
		}
	}
	shared := slices.ContainsFunc(s.using, func(u string) bool { return strings.EqualFold(u, p.parts[0]) })
	switch {
	case len(sure) == 1, len(sure) > 1 && shared:
		return s.found(sure[0], p, p.parts)
	case len(sure) > 1:
		fail(p.pos(), "%s is a column of %s and of %s: put the name of one in front",
			p.parts[0], s.sources[sure[0]].alias, s.sources[sure[1]].alias)
	case len(open) == 1:
		return s.found(open[0], p, p.parts)
	}
	var all []string
	for _, src := range s.sources {
		all = append(all, src.known()...)
	}
	fail(p.pos(), "no column %s%s", strings.Join(p.parts, "."), query.DidYouMean(p.parts[0], all))
	return found{}
}

// isKnown reports whether a single name is surely a column of a source.
func (s *scope) isKnown(name string) bool {
	return slices.ContainsFunc(s.sources, func(src scoped) bool { return !src.hidden && !src.member && src.knows([]string{name}) })
}

func (r relation) knows(parts []string) bool {
	if r.view != nil {
		_, ok := r.view.Find(parts)
		return ok || r.view.Fields(parts[:1]) != nil
	}
	if r.table == "" {
		return find(r.cols, parts[0]) >= 0
	}
	_, ok := query.FindKnown(r.table, parts)
	return ok || len(parts) == 1 && query.HasEvents(r.table) && (strings.EqualFold(parts[0], "requestParams") || strings.EqualFold(parts[0], "response"))
}

func (r relation) known() []string {
	if r.table == "" {
		return names(r.cols)
	}
	var out []string
	for _, c := range r.star() {
		out = append(out, c.name)
	}
	return out
}

// star are the columns that * gives, of which none is known of a look-up. Those of a
// table are what every lake has or will have: its rows may have more.
func (r relation) star() []column {
	switch {
	case r.view != nil:
		var out []column
		for _, c := range r.view.Columns {
			out = append(out, column{name: c.Name(), kind: c.Type.Kind})
		}
		return out
	case r.table == "":
		return r.cols
	}
	var out []column
	for _, c := range query.KnownColumns(r.table) {
		out = append(out, column{name: c.Name, kind: c.Kind})
	}
	if query.HasEvents(r.table) {
		out = append(out, column{name: "requestParams"})
	}
	return out
}

// column is the column of the relation at the parts of a path.
func (r relation) column(p *path, parts []string) query.Expr {
	if r.view != nil {
		if e, ok := r.view.Find(parts); ok {
			return e
		}
		for _, f := range r.view.Fields(parts) {
			fail(p.pos(), "%s is a struct: name a field of it, such as %s", parts[len(parts)-1], f.Name())
		}
		fail(p.pos(), "no column %s%s", strings.Join(p.parts, "."), query.DidYouMean(strings.Join(parts, "."), r.known()))
	}
	if r.table != "" {
		if c, ok := query.FindKnown(r.table, parts); ok {
			return c
		}
		if len(parts) > 1 && !r.knows(parts[:1]) {
			fail(p.pos(), "no column %s%s", strings.Join(p.parts, "."), query.DidYouMean(parts[0], append(r.known(), "requestParams", "response")))
		}
		return query.Name(parts...)
	}
	i := find(r.cols, parts[0])
	switch {
	case i < 0:
		fail(p.pos(), "no column %s%s", strings.Join(parts, "."), query.DidYouMean(parts[0], names(r.cols)))
	case len(parts) > 1:
		fail(p.pos(), "%s is a column of a query and has no fields: select %s there", parts[0], strings.Join(parts, "."))
	}
	return r.cols[i].col()
}
