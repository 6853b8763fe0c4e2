package querytest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// SQL is one statement in two dialects, over the RandomTables as DrawFiles makes
// them. It has as many columns as Kinds says, and its rows are in a total order.
type SQL struct {
	Ours   string // Spark's, as users write it
	DuckDB string // where nulls come first, and texts are cast by TRY_CAST
	Kinds  []SQLKind
}

// SQLKind is what a column of a SQL has.
type SQLKind string

// The kinds.
const (
	SQLText   SQLKind = "text"
	SQLLong   SQLKind = "long"
	SQLDouble SQLKind = "double"
	SQLBool   SQLKind = "bool"
	SQLTime   SQLKind = "time"
)

// DrawSQL makes a statement: joins, subqueries in all places, groups, windows, set
// operations. About half of them no plan says.
func DrawSQL(t *rapid.T) SQL {
	q := drawSelect(t, 1)
	with := ""
	switch upTo(t, 7) {
	case 0:
		with, q = "WITH c AS (%s) ", q.inside("c")
	case 1:
		with, q = "WITH c AS (%s) ", drawGrouped(t).twice(t, "c")
	case 2:
		q = drawNested(t)
	}
	order := make([]string, len(q.kinds))
	nulls := make([]string, len(q.kinds))
	for i := range q.kinds {
		order[i] = fmt.Sprint(i + 1)
		if chance(t) {
			order[i] += " DESC"
		}
		nulls[i] = order[i] + " NULLS FIRST"
	}
	end := ""
	if chance(t) {
		end = fmt.Sprintf(" LIMIT %d", 1+upTo(t, 9))
	}
	s := SQL{
		Ours:   q.ours + " ORDER BY " + strings.Join(order, ", ") + end,
		DuckDB: q.duckdb + " ORDER BY " + strings.Join(nulls, ", ") + end,
		Kinds:  q.kinds,
	}
	if with != "" {
		s.Ours, s.DuckDB = fmt.Sprintf(with, q.within.ours)+s.Ours, fmt.Sprintf(with, q.within.duckdb)+s.DuckDB
	}
	return s
}

// both is a piece of text in the two dialects.
type both struct{ ours, duckdb string }

func same(text string) both { return both{text, text} }

// f puts pieces into the places %s of two texts, or of one for both.
func f(format string, parts ...both) both {
	ours, duckdb, split := strings.Cut(format, " ⇒ ")
	if !split {
		duckdb = ours
	}
	var o, d []any
	for _, p := range parts {
		o, d = append(o, p.ours), append(d, p.duckdb)
	}
	return both{fmt.Sprintf(ours, o...), fmt.Sprintf(duckdb, d...)}
}

func list(parts []both, with string) both {
	var o, d []string
	for _, p := range parts {
		o, d = append(o, p.ours), append(d, p.duckdb)
	}
	return both{strings.Join(o, with), strings.Join(d, with)}
}

// selection is a SELECT without an order, whose columns are a1, a2, and so on.
type selection struct {
	both
	kinds  []SQLKind
	within both // what a WITH around it names
}

// inside is all columns of the selection under a name.
func (s selection) inside(name string) selection {
	cols := make([]both, len(s.kinds))
	for i := range s.kinds {
		cols[i] = same(fmt.Sprintf("%s.a%d AS a%d", name, i+1, i+1))
	}
	return selection{f("SELECT %s FROM "+name, list(cols, ", ")), s.kinds, s.both}
}

// source is what expressions may name.
type source struct{ texts, longs, bools, times []both }

func tableSource(as string) source {
	c := func(format string) both { return f(strings.ReplaceAll(format, "@", as+".")) }
	return source{
		texts: []both{c("@actor"), c("@extra"), c("@requestParams.x"), c("@requestParamsRest.k ⇒ @requestParamsRest['k']"), c("@requestParamsRest['l']")},
		longs: []both{c("@autoterminationMinutes"), c("@workspaceId")},
		bools: []both{c("@isInteractive")},
		times: []both{c("@date_time")},
	}
}

func (s source) and(o source) source {
	return source{append(s.texts, o.texts...), append(s.longs, o.longs...), append(s.bools, o.bools...), append(s.times, o.times...)}
}

func (s *source) add(k SQLKind, e both) {
	switch k {
	case SQLText:
		s.texts = append(s.texts, e)
	case SQLLong:
		s.longs = append(s.longs, e)
	case SQLBool:
		s.bools = append(s.bools, e)
	case SQLTime:
		s.times = append(s.times, e)
	}
}

func drawSelect(t *rapid.T, depth int) selection {
	if depth > 0 && upTo(t, 6) == 0 {
		return drawSet(t, depth)
	}
	from, in := drawFrom(t, depth)
	where := both{}
	if chance(t) {
		where = f(" WHERE %s", in.predicate(t, 1))
		if depth > 0 && upTo(t, 3) == 0 {
			where = f(" WHERE %s", in.subquery(t))
		}
	}
	if chance(t) {
		return drawGroups(t, in, f("%s%s", from, where))
	}
	var cols []both
	var kinds []SQLKind
	for i := range 1 + upTo(t, 2) {
		k, e := in.any(t, 1)
		if depth > 0 && upTo(t, 7) == 0 {
			k, e = in.window(t)
		}
		kinds = append(kinds, k)
		cols = append(cols, f("%s AS %s", e, same(fmt.Sprintf("a%d", i+1))))
	}
	distinct := pick(t, "", "", "", "DISTINCT ")
	return selection{both: f("SELECT "+distinct+"%s%s%s", list(cols, ", "), from, where), kinds: kinds}
}

// drawSet is a set operation.
func drawSet(t *rapid.T, depth int) selection {
	l := drawSelect(t, depth-1)
	op := pick(t, "UNION ALL", "UNION", "INTERSECT", "EXCEPT")
	other, in := drawFrom(t, 0)
	if upTo(t, 2) == 0 {
		other, in = drawGrouped(t).as("z")
		other = f(" FROM %s", other)
	}
	cols := make([]both, len(l.kinds))
	for i, k := range l.kinds {
		cols[i] = f("%s AS %s", in.of(t, k, 0), same(fmt.Sprintf("a%d", i+1)))
	}
	return selection{both: f("%s "+op+" SELECT %s%s", l.both, list(cols, ", "), other), kinds: l.kinds}
}

// drawFrom is a FROM clause and what it offers.
func drawFrom(t *rapid.T, depth int) (both, source) {
	table := func(as string) (both, source) { return same(pick(t, RandomTables...) + " AS " + as), tableSource(as) }
	l, in := table("x")
	if depth > 0 && upTo(t, 4) == 0 {
		l, in = drawSelect(t, depth-1).as("x")
	}
	if depth == 0 || len(in.texts) == 0 || upTo(t, 2) > 0 {
		return f(" FROM %s", l), in
	}
	r, right := table("y")
	if upTo(t, 3) == 0 {
		r, right = drawGrouped(t).as("y")
	}
	kind := pick(t, "JOIN", "LEFT JOIN", "INNER JOIN", "RIGHT JOIN", "FULL OUTER JOIN")
	on := f("%s = %s", pick(t, in.texts...), right.text(t, 0))
	if chance(t) {
		on = f("%s AND %s = %s", on, in.of(t, SQLLong, 0), right.long(t, 0))
	}
	return f(" FROM %s "+kind+" %s ON %s", l, r, on), in.and(right)
}

func drawGroups(t *rapid.T, in source, rest both) selection {
	var cols, by []both
	var kinds []SQLKind
	for range upTo(t, 2) {
		k, e := in.any(t, 1)
		kinds = append(kinds, k)
		cols = append(cols, f("%s AS %s", e, same(fmt.Sprintf("a%d", len(cols)+1))))
		by = append(by, same(fmt.Sprint(len(cols))))
	}
	having := both{}
	for range 1 + upTo(t, 1) {
		k, e := in.aggregate(t)
		kinds = append(kinds, k)
		cols = append(cols, f("%s AS %s", e, same(fmt.Sprintf("a%d", len(cols)+1))))
	}
	group := both{}
	if len(by) > 0 {
		group = f(" GROUP BY %s", list(by, ", "))
		if upTo(t, 3) == 0 {
			having = f(" HAVING count(*) > %s", same(fmt.Sprint(upTo(t, 2))))
		}
	}
	return selection{both: f("SELECT %s%s%s%s", list(cols, ", "), rest, group, having), kinds: kinds}
}

func (s source) aggregate(t *rapid.T) (SQLKind, both) {
	switch upTo(t, 12) {
	case 10:
		return SQLLong, f("sum(DISTINCT %s)", s.of(t, SQLLong, 0))
	case 11:
		return SQLText, f("collect_set(%s) ⇒ CAST(to_json(coalesce(list_sort(list(DISTINCT %[1]s) FILTER (WHERE %[1]s IS NOT NULL)), [])) AS VARCHAR)", s.of(t, pick(t, SQLText, SQLLong), 0))
	case 12:
		return SQLDouble, f(pick(t, "stddev_pop", "stddev_samp", "var_pop", "var_samp", "stddev", "variance")+"(%s)", s.of(t, SQLLong, 0))
	case 0:
		return SQLLong, same("count(*)")
	case 1:
		_, e := s.any(t, 0)
		return SQLLong, f("count(%s)", e)
	case 2:
		_, e := s.any(t, 0)
		return SQLLong, f("count(DISTINCT %s)", e)
	case 3:
		return SQLLong, f("sum(%s)", s.of(t, SQLLong, 0))
	case 4:
		k := pick(t, SQLText, SQLLong, SQLTime)
		return k, f(pick(t, "min", "max")+"(%s)", s.of(t, k, 0))
	case 5:
		return SQLDouble, f("avg(%s)", s.of(t, SQLLong, 0))
	case 6:
		return SQLLong, f("count(*) FILTER (WHERE %s)", s.predicate(t, 0))
	case 7:
		return SQLLong, f("count_if(%s) ⇒ count(*) FILTER (WHERE %s)", s.predicate(t, 0))
	case 8:
		return SQLLong, f("percentile(%s, 0.25) ⇒ quantile_disc(%s, 0.25)", s.of(t, SQLLong, 0))
	default:
		return SQLLong, f("sum(CASE WHEN %s THEN 1 ELSE 0 END)", s.predicate(t, 0))
	}
}

// window is a function over the rows of a partition whose value does not depend on
// the order of equal rows.
func (s source) window(t *rapid.T) (SQLKind, both) {
	by, order := s.of(t, SQLText, 0), s.of(t, SQLLong, 0)
	switch upTo(t, 3) {
	case 0:
		return SQLLong, f("rank() OVER (PARTITION BY %s ORDER BY %s) ⇒ rank() OVER (PARTITION BY %s ORDER BY %s NULLS FIRST)", by, order)
	case 1:
		return SQLLong, f("count(*) OVER (PARTITION BY %s)", by)
	case 2:
		return SQLLong, f("sum(%s) OVER (PARTITION BY %s)", order, by)
	default:
		return SQLLong, f("dense_rank() OVER (ORDER BY %s DESC) ⇒ dense_rank() OVER (ORDER BY %s DESC NULLS FIRST)", order)
	}
}

// subquery is a predicate with a SELECT in it.
func (s source) subquery(t *rapid.T) both {
	from, in := tableAs(t, "s")
	switch upTo(t, 6) {
	case 5:
		from, in = drawGrouped(t).as("s")
		return f("%s "+pick(t, ">", "<=", "=")+" (SELECT "+pick(t, "max", "min", "count")+"(%s) FROM %s)", s.of(t, SQLLong, 0), in.of(t, SQLLong, 0), from)
	case 6:
		from, in = drawGrouped(t).as("s")
		return f("%s "+pick(t, "IN", "NOT IN")+" (SELECT %s FROM %s)", s.of(t, SQLLong, 0), in.of(t, SQLLong, 0), from)
	case 0:
		return f("%s IN (SELECT %s FROM %s)", s.of(t, SQLText, 0), in.of(t, SQLText, 0), from)
	case 1:
		return f("%s NOT IN (SELECT %s FROM %s WHERE %s)", s.of(t, SQLLong, 0), in.of(t, SQLLong, 0), from, in.predicate(t, 0))
	case 2:
		return f("EXISTS (SELECT 1 FROM %s WHERE %s = %s)", from, in.of(t, SQLLong, 0), s.of(t, SQLLong, 0))
	case 3:
		return f("NOT EXISTS (SELECT 1 FROM %s WHERE %s = %s AND %s)", from, in.of(t, SQLText, 0), s.of(t, SQLText, 0), in.predicate(t, 0))
	default:
		return f("%s > (SELECT min(%s) FROM %s)", s.of(t, SQLLong, 0), in.of(t, SQLLong, 0), from)
	}
}

func tableAs(t *rapid.T, as string) (both, source) {
	return same(pick(t, RandomTables...) + " AS " + as), tableSource(as)
}

func (s source) any(t *rapid.T, depth int) (SQLKind, both) {
	k := pick(t, SQLText, SQLText, SQLLong, SQLTime, SQLBool, SQLDouble)
	return k, s.of(t, k, depth)
}

// of is an expression of a kind.
func (s source) of(t *rapid.T, k SQLKind, depth int) both {
	switch k {
	case SQLText:
		return s.text(t, depth)
	case SQLLong:
		return s.long(t, depth)
	case SQLDouble:
		return f("%s / 4 ⇒ (%s) / CAST(4 AS DOUBLE)", s.long(t, 0))
	case SQLTime:
		return s.time(t, depth)
	}
	if len(s.bools) > 0 && chance(t) {
		return pick(t, s.bools...)
	}
	return f("(%s)", s.predicate(t, depth-1))
}

func quoted(s string) both { return same("'" + strings.ReplaceAll(s, "'", "''") + "'") }

// word is a literal without characters that one dialect escapes.
func word(t *rapid.T) both {
	w := pick(t, Words...)
	if strings.Contains(w, `\`) {
		w = "a"
	}
	return quoted(w)
}

func (s source) text(t *rapid.T, depth int) both {
	x := func() both { return s.text(t, depth-1) }
	if depth <= 0 {
		if len(s.texts) == 0 || upTo(t, 5) == 0 {
			return f("%s ⇒ CAST(%s AS VARCHAR)", word(t))
		}
		return pick(t, s.texts...)
	}
	switch upTo(t, 9) {
	case 0:
		return f("coalesce(%s, %s)", x(), x())
	case 1:
		return f(pick(t, "lower", "upper", "trim", "ltrim", "rtrim")+"(%s)", x())
	case 2:
		return f("(%s || %s)", x(), x())
	case 3:
		return f("CASE WHEN %s THEN %s ELSE %s END", s.predicate(t, 0), x(), x())
	case 4:
		n := upTo(t, 2)
		return f(fmt.Sprintf("split(%%s, '-')[%d] ⇒ string_split(%%s, '-')[%d]", n, n+1), x())
	case 5:
		return f(fmt.Sprintf("substring(%%s, %d, %d)", 1+upTo(t, 3), 1+upTo(t, 3)), x())
	case 6:
		return f("nullif(%s, %s)", x(), word(t))
	case 7:
		return f("CAST(%s AS string) ⇒ CAST(%s AS VARCHAR)", s.long(t, 0))
	case 8:
		return f("replace(%s, '-', %s)", x(), word(t))
	default:
		return pick(t, append(s.texts, word(t))...)
	}
}

func (s source) long(t *rapid.T, depth int) both {
	literal := same(fmt.Sprint(upTo(t, 12) - 4))
	if depth <= 0 {
		if len(s.longs) == 0 || upTo(t, 5) == 0 {
			return f("%s ⇒ CAST(%s AS BIGINT)", literal)
		}
		return pick(t, s.longs...)
	}
	switch upTo(t, 4) {
	case 0:
		return f("length(%s)", s.text(t, 0))
	case 1:
		return f("(%s "+pick(t, "+", "-", "*")+" %s)", s.long(t, depth-1), s.long(t, depth-1))
	case 2:
		return f("CAST(%s AS bigint) ⇒ CASE WHEN regexp_full_match(%[1]s, '[+-]?[0-9]+') THEN TRY_CAST(%[1]s AS BIGINT) END", s.text(t, 0))
	case 3:
		return f("abs(%s)", s.long(t, depth-1))
	default:
		return f("if(%s, %s, %s) ⇒ CASE WHEN %s THEN %s ELSE %s END", s.predicate(t, 0), s.long(t, 0), s.long(t, 0))
	}
}

func (s source) time(t *rapid.T, depth int) both {
	column := same("TIMESTAMP '2024-01-31 23:10:00'")
	if len(s.times) > 0 {
		column = pick(t, s.times...)
	}
	if depth <= 0 {
		return column
	}
	switch upTo(t, 2) {
	case 0:
		unit := pick(t, "'hour'", "'day'")
		return f("date_trunc("+unit+", %s) ⇒ (date_trunc("+unit+", %s) + to_microseconds(0))", column)
	case 1:
		return f("%s + INTERVAL 20 MINUTES", column)
	default:
		return column
	}
}

func (s source) predicate(t *rapid.T, depth int) both {
	op := pick(t, "=", "!=", "<", "<=", ">", ">=", "<>")
	x := func() both { return s.text(t, max(depth, 0)) }
	if depth > 0 {
		switch upTo(t, 5) {
		case 0:
			return f("(%s AND %s)", s.predicate(t, depth-1), s.predicate(t, depth-1))
		case 1:
			return f("(%s OR %s)", s.predicate(t, depth-1), s.predicate(t, depth-1))
		case 2:
			return f("NOT (%s)", s.predicate(t, depth-1))
		}
	}
	switch upTo(t, 10) {
	case 0:
		return f("%s "+op+" %s", x(), word(t))
	case 1:
		return f("%s "+op+" %s", s.long(t, 0), s.long(t, 0))
	case 2:
		return f(pick(t, "%s IS NULL", "%s IS NOT NULL"), x())
	case 3:
		return f("%s "+pick(t, "IN", "NOT IN")+" (%s, %s)", x(), word(t), word(t))
	case 4:
		return f("%s BETWEEN %s AND %s", s.long(t, 0), s.long(t, 0), s.long(t, 0))
	case 5:
		return f("%s "+pick(t, "LIKE", "NOT LIKE")+" "+pick(t, "'%%a%%'", "'job-_'", "'J%%'", "''"), x())
	case 6:
		return f("%s <=> %s ⇒ %s IS NOT DISTINCT FROM %s", x(), x())
	case 7:
		pattern := pick(t, "'^a'", "'[0-9]+'", "'b|z'")
		return f("%s RLIKE "+pattern+" ⇒ regexp_matches(%s, "+pattern+")", x())
	case 8:
		return f("%s "+op+" %s", s.time(t, 0), pick(t, same("TIMESTAMP '2024-01-31 23:00:00'"), same("'2024-01-31 22:30:00'")))
	case 9: // a text beside a number is compared as a number
		if len(s.texts) == 0 {
			return f("%s IS NULL", x())
		}
		return f("%s "+op+" 7 ⇒ TRY_CAST(%s AS DOUBLE) "+op+" 7", pick(t, s.texts...))
	default:
		if len(s.bools) == 0 {
			return f("%s IS NULL", x())
		}
		return pick(t, s.bools...)
	}
}
