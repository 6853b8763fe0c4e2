package trino

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// term is one column of an order, which is visible or handed on for the order alone.
type term struct {
	name string
	t    columnar.Type
	desc bool
}

func direction(desc bool) string { //nolint:revive // of a sort key, whose field it is
	if desc {
		return " DESC"
	}
	return ""
}

// orderBy is an order over the columns of q.
func (p *statement) orderBy(order []term) string {
	if len(order) == 0 {
		return ""
	}
	var texts []string
	for _, t := range order {
		if !ordered(t.t) {
			p.note(&UnsupportedError{"order by " + t.t.String()})
		}
		texts = append(texts, orderTexts(column(t.name), t.t, direction(t.desc))...)
	}
	return "\nORDER BY " + strings.Join(texts, ", ")
}

// ordered reports whether there is an order of values of a type.
func ordered(t columnar.Type) bool {
	switch t.Kind {
	case columnar.Map:
		return t.Key.Kind == columnar.String && t.Elem.Kind == columnar.String
	case columnar.Struct:
		return !slices.ContainsFunc(t.Fields, func(f columnar.Field) bool { return !ordered(f.Type) })
	case columnar.List:
		return false
	}
	return true
}

// orderTexts are the items of an ORDER BY for a value, " DESC" or not: null first, then
// NaN, then numbers. A descending order has nulls first, too.
func orderTexts(x string, t columnar.Type, desc string) []string {
	const first = " NULLS FIRST"
	switch k := t.Kind; {
	case k.InFloats():
		return []string{"(NOT is_nan(" + x + "))" + desc + first, "(" + x + " + DOUBLE '0')" + desc + first}
	case k == columnar.Decimal: // as texts, by which it is compared
		return []string{"CAST(" + x + " AS varchar)" + desc + first}
	case k == columnar.Struct:
		out := []string{"(" + x + " IS NOT NULL)" + desc}
		for _, f := range t.Fields {
			out = append(out, orderTexts(x+"."+quoteIdent(f.Name), f.Type, desc)...)
		}
		return out
	case k == columnar.Map: // by keys and values in turn
		entry := "k -> ARRAY[k, if(element_at(" + x + ", k) IS NULL, '', '1'), coalesce(element_at(" + x + ", k), '')]"
		return []string{"flatten(transform(array_sort(map_keys(" + x + ")), " + entry + "))" + desc + first}
	}
	return []string{x + desc + first}
}

// sort adds nothing to a statement but the order, and a column for each key that is
// none yet.
func (p *statement) sort(b *query.Bound, n query.Sort, in []relation) relation {
	s := p.scope(b, in)
	r := in[0]
	taken := slices.Clone(r.names)
	for _, t := range r.order {
		taken = append(taken, t.name)
	}
	var added []string
	r.order = nil
	for _, k := range n.Keys {
		if len(query.Columns(k.By)) == 0 { // a constant orders nothing
			continue
		}
		t := term{t: s.typeOf(k.By), desc: k.Desc}
		if c, ok := k.By.(query.Col); ok {
			t.name = s.names[query.FindColumn(s.cols, c.Path)]
		} else {
			t.name = fresh(taken)
			taken = append(taken, t.name)
			added = append(added, ", "+s.print(k.By)+" AS "+quoteIdent(t.name))
		}
		r.order = append(r.order, t)
	}
	for i, c := range b.Cols {
		if !slices.ContainsFunc(r.order, func(t term) bool { return t.name == r.names[i] }) {
			r.order = append(r.order, term{name: r.names[i], t: c.Type})
		}
	}
	if len(added) > 0 {
		r.text = "SELECT q.*" + strings.Join(added, "") + of(r, "q")
	}
	return r
}

// fresh is the name of a column for an order that is not taken.
func fresh(taken []string) string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("order %d", n)
		if !slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, name) }) {
			return name
		}
	}
}

// renamed is a column that is handed on under another name.
type renamed struct{ from, to string }

// handOn is an order behind a SELECT of these texts as these names, and the columns that
// it has to have besides.
func handOn(order []term, texts, names []string) (out []term, kept []renamed) {
	taken := slices.Clone(names)
	for _, t := range order {
		if i := slices.Index(texts, column(t.name)); i >= 0 {
			t.name = names[i]
		} else {
			to := fresh(taken)
			taken = append(taken, to)
			kept = append(kept, renamed{t.name, to})
			t.name = to
		}
		out = append(out, t)
	}
	return out, kept
}
