package querytest

import (
	"fmt"

	"pgregory.net/rapid"
)

// drawGrouped is a grouped SELECT of one table, as those are over which statements have
// windows, joins and set operations.
func drawGrouped(t *rapid.T) selection {
	from, in := tableAs(t, "g")
	rest := f(" FROM %s", from)
	if chance(t) {
		rest = f("%s WHERE %s", rest, in.predicate(t, 1))
	}
	return drawGroups(t, in, rest)
}

// as is the selection as a source of FROM, and what it offers.
func (s selection) as(name string) (both, source) {
	var out source
	for i, k := range s.kinds {
		out.add(k, same(fmt.Sprintf("%s.a%d", name, i+1)))
	}
	return f("(%s) AS "+name, s.both), out
}

// twice has a query of WITH on both sides of a join, or in itself.
func (s selection) twice(t *rapid.T, name string) selection {
	_, l := s.as("l")
	_, r := s.as("r")
	on := f("%s "+pick(t, "=", "=", "<")+" %s", l.long(t, 0), r.long(t, 0))
	k, e := l.and(r).any(t, 1)
	text := f("SELECT %s AS a1 FROM "+name+" AS l "+pick(t, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")+" "+name+" AS r ON %s", e, on)
	if upTo(t, 2) == 0 {
		k, e = l.any(t, 1)
		text = f("SELECT %s AS a1 FROM "+name+" AS l WHERE %s >= (SELECT "+pick(t, "min", "max")+"(%s) FROM "+name+" AS r)", e, l.long(t, 0), r.long(t, 0))
	}
	return selection{text, []SQLKind{k}, s.both}
}

// drawNested is a window over groups, or what is grouped again.
func drawNested(t *rapid.T) selection {
	from, in := drawGrouped(t).as("n")
	from = f(" FROM %s", from)
	if upTo(t, 3) == 0 {
		from = f("%s WHERE %s", from, in.predicate(t, 1))
	}
	if upTo(t, 2) == 0 {
		return drawGroups(t, in, from)
	}
	k, e := in.any(t, 0)
	w, over := in.window(t)
	s := selection{both: f("SELECT %s AS a1, %s AS a2%s", e, over, from), kinds: []SQLKind{k, w}}
	if chance(t) {
		outer, of := s.as("o")
		s.both = f("SELECT o.a1, o.a2 FROM %s WHERE %s", outer, of.predicate(t, 0))
	}
	return s
}
