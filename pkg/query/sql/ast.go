package sql

import "github.com/auditlake/auditlake/pkg/columnar"

// selection is a whole SELECT: arms under UNION, then order and limit.
type selection struct {
	with []cte
	arms []arm
	// distinct is how many of the arms are under a UNION without ALL, together with
	// those before; 0 for none.
	distinct int
	// ops are between the arms, as ParseWhole has them.
	ops       []string
	recursive bool // the queries of with may read themselves
	order     []orderKey
	limit     expr // nil for none
	offset    expr // nil for none
	at        int
	span      span
}

// span is the tokens of a part of a statement that ParseWhole has read.
type span struct{ from, to int }

type cte struct {
	name string
	cols []string // its columns, if they are given names
	of   *selection
	at   int
}

// arm is one of two: a core, or a selection in brackets.
type arm struct {
	core   *core
	nested *selection
}

// core is SELECT to HAVING.
type core struct {
	at          int
	distinct    bool
	items       []item
	from        []source
	where       expr
	group       []expr
	groupAll    bool // GROUP BY ALL: by what of the select list is no aggregate
	having      expr
	qualify     expr
	values      [][]expr           // VALUES instead of all else
	windowNames map[string]*window // by lower case
	span        span
}

// item is an entry of the select list. Without an expression it is a star, of the
// source named if there is one.
type item struct {
	at    int
	expr  expr
	alias string
	of    string
	star  bool // the alias is that of a column of a star, and nobody's choice
}

// source is a table, a CTE or a query, and how it is joined to those before it.
type source struct {
	at    int
	name  string     // the last part
	full  string     // with all that is in front of it, which is nothing for a CTE
	query *selection // nil for a name
	alias string
	in    expr     // of IN (SELECT ...): what is to be in the query's only column
	join  string   // "" for the first; inner, left, anti, semi
	on    expr     // or
	using []string // names
}

type orderKey struct {
	expr expr
	desc bool
	last bool // nulls last
}

// expr is an expression as written.
type expr interface{ pos() int }

// at is the offset of an expression in the statement.
type at int

func (a at) pos() int { return int(a) }

type (
	// path is a column, or a field of one, with the alias of its source or without.
	path struct {
		at
		parts []string
	}
	literal struct {
		at
		value columnar.Value
	}
	param struct {
		at
		name string
	}
	// unary is - or not.
	unary struct {
		at
		op string
		x  expr
	}
	// binary is and, or, a comparison, arithmetic, ||, like, rlike, is distinct from.
	binary struct {
		at
		op   string
		l, r expr
	}
	in struct {
		at
		x    expr
		list []expr
	}
	inQuery struct {
		at
		x  expr
		of *selection
	}
	between struct {
		at
		x, lo, hi expr
	}
	isNull struct {
		at
		x expr
	}
	caseOf struct {
		at
		operand expr // or nil
		when    []branch
		other   expr // or nil
	}
	branch struct{ cond, then expr }
	cast   struct {
		at
		x  expr
		to columnar.Kind
	}
	// interval is so many seconds each.
	interval struct {
		at
		n      expr
		unit   int64 // microseconds; 0 for months
		months int64
	}
	index struct {
		at
		x, i expr
	}
	call struct {
		at
		name     string // lower case; $__… for a macro
		args     []expr
		star     bool // count(*)
		distinct bool
		filter   expr
		over     *window
	}
)

// window is the brackets after OVER.
type window struct {
	partition []expr
	order     []orderKey
	within    expr   // an interval, or nil
	base      string // the window of the WINDOW clause that this is one of, or nothing
	frame     *frame // of ParseWhole
}

// children are the expressions directly inside.
func children(e expr) []expr {
	var out []expr
	switch e := e.(type) {
	case *unary:
		out = []expr{e.x}
	case *binary:
		out = []expr{e.l, e.r}
	case *in:
		out = append([]expr{e.x}, e.list...)
	case *inQuery:
		out = []expr{e.x}
	case *between:
		out = []expr{e.x, e.lo, e.hi}
	case *isNull:
		out = []expr{e.x}
	case *caseOf:
		out = []expr{e.operand}
		for _, b := range e.when {
			out = append(out, b.cond, b.then)
		}
		out = append(out, e.other)
	case *cast:
		out = []expr{e.x}
	case *interval:
		out = []expr{e.n}
	case *index:
		out = []expr{e.x, e.i}
	case *call:
		out = append(append(out, e.args...), e.filter)
		if e.over != nil {
			out = append(append(out, e.over.partition...), e.over.within)
			for _, k := range e.over.order {
				out = append(out, k.expr)
			}
		}
	}
	given := out[:0]
	for _, c := range out {
		if c != nil {
			given = append(given, c)
		}
	}
	return given
}

// walk visits an expression and all inside of it.
func walk(e expr, visit func(expr)) {
	if e == nil {
		return
	}
	visit(e)
	for _, c := range children(e) {
		walk(c, visit)
	}
}

// has reports whether an expression or one inside of it is such.
func has(e expr, such func(expr) bool) bool {
	found := false
	walk(e, func(x expr) { found = found || such(x) })
	return found
}

// expressions are those of a core over its sources.
func (c *core) expressions() []expr { return append(c.outputs(), c.where) }

// outputs are those after WHERE, the select list first.
func (c *core) outputs() []expr {
	var out []expr
	for _, i := range c.items {
		out = append(out, i.expr)
	}
	out = append(out, c.group...)
	return append(out, c.having, c.qualify)
}

// walkSelection visits the expressions of a selection and of those inside of it.
func walkSelection(s *selection, visit func(expr)) {
	for _, c := range s.with {
		walkSelection(c.of, visit)
	}
	for _, a := range s.arms {
		if a.nested != nil {
			walkSelection(a.nested, visit)
			continue
		}
		for _, e := range a.core.expressions() {
			walk(e, visit)
			walk(e, func(x expr) {
				if in, ok := x.(*inQuery); ok {
					walkSelection(in.of, visit)
				}
			})
		}
		for _, from := range a.core.from {
			walk(from.on, visit)
			if from.query != nil {
				walkSelection(from.query, visit)
			}
		}
	}
	for _, k := range s.order {
		walk(k.expr, visit)
	}
	walk(s.limit, visit)
	walk(s.offset, visit)
}
