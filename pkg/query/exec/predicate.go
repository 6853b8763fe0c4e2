package exec

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// truth is one of SQL's three values.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

// predicate sets out[i] for the rows in sel.
type predicate func(c *chunk, sel []int32, out []truth)

// scope is the columns that expressions are over.
type scope struct {
	cols []query.BoundCol
	// perEntry: what depends on one string column only may be computed once per
	// entry of its dictionary.
	perEntry bool
	// stop reports that the query is to end. What is then still computed has no
	// meaning: the operator that it goes to fails.
	stop  func() bool
	texts *made
}

func (b *builder) scope(cols []query.BoundCol) scope {
	return scope{cols, true, func() bool { return b.look() != nil }, &made{b.budget, b.end}}
}

// column is one for values of an expression.
func (s scope) column(kind columnar.Kind) column { return column{kind: kind, texts: s.texts} }

// byRow is the scope in which nothing is computed per entry.
func (s scope) byRow() scope {
	s.perEntry = false
	return s
}

func (b *builder) predicates(exprs []query.Expr, cols []query.BoundCol) ([]predicate, error) {
	var out []predicate
	for _, e := range exprs {
		for _, conjunct := range query.Conjuncts(e) {
			p, err := b.scope(cols).predicate(conjunct)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

func (s scope) predicate(e query.Expr) (predicate, error) {
	if col, ok := s.entryColumn(e); ok {
		p, err := s.byRow().predicate(e)
		if err != nil {
			return nil, err
		}
		return (&entryPredicate{col: col, width: len(s.cols), rows: p}).eval, nil
	}
	switch e := e.(type) {
	case query.And:
		return s.connective(e.X, no)
	case query.Or:
		return s.connective(e.X, yes)
	case query.Not:
		x, err := s.predicate(e.X)
		return func(c *chunk, sel []int32, out []truth) {
			x(c, sel, out)
			opposite := [...]truth{yes, no, unknown}
			for _, i := range sel {
				out[i] = opposite[out[i]]
			}
		}, err
	case query.Compare:
		return s.compare(e)
	case query.Between:
		return s.connective([]query.Expr{
			query.Compare{Op: query.GreaterEqual, L: e.X, R: e.Lo},
			query.Compare{Op: query.LessEqual, L: e.X, R: e.Hi},
		}, no)
	case query.Distinct:
		return s.distinct(e)
	case query.In:
		return s.in(e.X, e.List, false)
	case query.DistinctFromAll:
		return s.in(e.X, e.List, true)
	case query.Like:
		like, err := likeMatcher(e.Pattern, s.stop)
		if err != nil {
			return nil, err
		}
		return s.text(e.X, like)
	case query.Match:
		re, err := query.CompileRegexp(e.Pattern, s.stop)
		if err != nil {
			return nil, err
		}
		return s.text(e.X, (&remembered{matches: re.Match}).match)
	case query.Search:
		return s.search(e)
	case query.IsNull:
		x, err := s.value(e.X, columnar.String)
		return func(c *chunk, sel []int32, out []truth) {
			v := x(c, sel)
			for _, i := range sel {
				out[i] = no
				if v.IsNull(int(i)) {
					out[i] = yes
				}
			}
		}, err
	}
	x, err := s.value(e, columnar.Boolean) // a column, constant or function
	return func(c *chunk, sel []int32, out []truth) {
		v := x(c, sel)
		for _, i := range sel {
			switch {
			case v.IsNull(int(i)):
				out[i] = unknown
			case v.Ints[i] != 0:
				out[i] = yes
			default:
				out[i] = no
			}
		}
	}, err
}

// connective is AND, whose value is no as soon as one is, or OR, whose value is
// yes as soon as one is. Rows that are settled are not looked at again.
func (s scope) connective(exprs []query.Expr, settled truth) (predicate, error) {
	parts := make([]predicate, len(exprs))
	for i, e := range exprs {
		var err error
		if parts[i], err = s.predicate(e); err != nil {
			return nil, err
		}
	}
	var open []int32
	var part []truth
	return func(c *chunk, sel []int32, out []truth) {
		for _, i := range sel {
			out[i] = yes - settled // of nothing
		}
		part = resize(part, c.n)
		open = append(open[:0], sel...)
		for _, p := range parts {
			p(c, open, part)
			k := 0
			for _, i := range open {
				switch part[i] {
				case settled:
					out[i] = settled
					continue
				case unknown:
					out[i] = unknown
				}
				open[k] = i
				k++
			}
			open = open[:k]
		}
	}, nil
}

// verdicts is what a comparison says of less, equal and greater.
func verdicts(op query.Op) (v [3]truth) {
	is := func(b bool) truth {
		if b {
			return yes
		}
		return no
	}
	v[0] = is(op == query.Less || op == query.LessEqual || op == query.NotEqual)
	v[1] = is(op == query.Equal || op == query.LessEqual || op == query.GreaterEqual)
	v[2] = is(op == query.Greater || op == query.GreaterEqual || op == query.NotEqual)
	return v
}

// flip is the comparison with its sides exchanged.
func flip(op query.Op) query.Op {
	return [...]query.Op{query.Equal, query.NotEqual, query.Greater, query.GreaterEqual, query.Less, query.LessEqual}[op]
}

// kind is the kind that two expressions are compared as.
func (s scope) kind(exprs ...query.Expr) columnar.Kind {
	for _, e := range exprs {
		if t, err := query.TypeOf(e, s.cols); err == nil && t.Kind != columnar.Invalid {
			return t.Kind
		}
	}
	return columnar.String
}

func (s scope) compare(e query.Compare) (predicate, error) {
	if k, ok := e.L.(query.Const); ok {
		e.L, e.R, e.Op = e.R, k, flip(e.Op)
	}
	kind := s.kind(e.L, e.R)
	l, err := s.value(e.L, kind)
	if err != nil {
		return nil, err
	}
	v := verdicts(e.Op)
	if k, ok := e.R.(query.Const); ok && k.Value.Kind != columnar.Invalid {
		return compareConst(l, k.Value, v), nil
	}
	r, err := s.value(e.R, kind)
	return func(c *chunk, sel []int32, out []truth) {
		lv, rv := l(c, sel), r(c, sel)
		for _, i := range sel {
			if lv.IsNull(int(i)) || rv.IsNull(int(i)) {
				out[i] = unknown
			} else {
				out[i] = v[compareAt(lv, int(i), rv, int(i))+1]
			}
		}
	}, err
}

func compareConst(x value, k columnar.Value, verdict [3]truth) predicate {
	return func(c *chunk, sel []int32, out []truth) {
		v := x(c, sel)
		switch {
		case k.Kind.InInts():
			for _, i := range sel {
				switch y := v.Ints[i]; {
				case y < k.Int:
					out[i] = verdict[0]
				case y > k.Int:
					out[i] = verdict[2]
				default:
					out[i] = verdict[1]
				}
			}
		case k.Kind.InFloats():
			for _, i := range sel {
				out[i] = verdict[cmp.Compare(v.Floats[i], k.Float)+1]
			}
		default:
			for _, i := range sel {
				out[i] = verdict[bytes.Compare(v.ByteAt(int(i)), k.Bytes)+1]
			}
		}
		if v.Null != nil {
			for _, i := range sel {
				if v.Null[i] {
					out[i] = unknown
				}
			}
		}
	}
}

func (s scope) distinct(e query.Distinct) (predicate, error) {
	kind := s.kind(e.L, e.R)
	l, err := s.value(e.L, kind)
	if err != nil {
		return nil, err
	}
	r, err := s.value(e.R, kind)
	return func(c *chunk, sel []int32, out []truth) {
		lv, rv := l(c, sel), r(c, sel)
		for _, i := range sel {
			out[i] = yes
			if compareAt(lv, int(i), rv, int(i)) == 0 {
				out[i] = no
			}
		}
	}, err
}

// in is IN, or if distinct IS DISTINCT FROM ALL.
func (s scope) in(e query.Expr, list []columnar.Value, distinct bool) (predicate, error) { //nolint:revive // two operators of one shape
	x, err := s.value(e, s.kind(append([]query.Expr{e}, constants(list)...)...))
	if err != nil {
		return nil, err
	}
	hasNull := false
	ints, floats, strs := map[int64]bool{}, map[float64]bool{}, map[string]bool{}
	for _, v := range list {
		switch {
		case v.Kind == columnar.Invalid:
			hasNull = true
		case v.Kind.InInts():
			ints[v.Int] = true
		case v.Kind.InFloats():
			floats[v.Float] = true
		default:
			strs[string(v.Bytes)] = true
		}
	}
	found, missing, null := yes, no, unknown
	switch {
	case distinct && hasNull:
		found, missing, null = no, yes, no
	case distinct:
		found, missing, null = no, yes, yes
	case hasNull:
		missing = unknown
	case len(list) == 0:
		null = no
	}
	return func(c *chunk, sel []int32, out []truth) {
		v := x(c, sel)
		kind := v.Type.Kind
		for _, i := range sel {
			var ok bool
			switch {
			case v.IsNull(int(i)):
				out[i] = null
				continue
			case kind.InInts():
				ok = ints[v.Ints[i]]
			case kind.InFloats():
				ok = floats[v.Floats[i]]
			default:
				ok = strs[string(v.ByteAt(int(i)))]
			}
			out[i] = missing
			if ok {
				out[i] = found
			}
		}
	}, nil
}

func constants(list []columnar.Value) []query.Expr {
	out := make([]query.Expr, len(list))
	for i := range list {
		out[i] = query.Const{Value: list[i]}
	}
	return out
}

func (s scope) text(e query.Expr, matches func([]byte) bool) (predicate, error) {
	x, err := s.value(e, columnar.String)
	return func(c *chunk, sel []int32, out []truth) {
		v := x(c, sel)
		p := pace{stop: s.stop}
		for _, i := range sel {
			if v.IsNull(int(i)) || p.stopped() {
				out[i] = unknown
				continue
			}
			text := v.ByteAt(int(i))
			p.bytes += len(text)
			if out[i] = no; matches(text) {
				out[i] = yes
			}
		}
	}, err
}

// remembered matches texts and knows the answers for the first few different ones:
// each file, and in it each row group, has a dictionary of its own, and they are much
// the same.
type remembered struct {
	matches func([]byte) bool
	known   map[string]bool
}

// The most texts that are remembered, and the most bytes of one: 1 MiB in all.
const (
	mostRemembered    = 4096
	longestRemembered = 256
)

func (r *remembered) match(s []byte) bool {
	if known, ok := r.known[string(s)]; ok {
		return known
	}
	matches := r.matches(s)
	if len(s) <= longestRemembered && len(r.known) < mostRemembered {
		if r.known == nil {
			r.known = map[string]bool{}
		}
		r.known[string(s)] = matches
	}
	return matches
}

// pace looks whether to stop after each so many bytes that a function has read,
// which take some milliseconds.
type pace struct {
	stop  func() bool
	bytes int
	ended bool
}

func (p *pace) stopped() bool {
	if p.bytes >= 1<<18 && !p.ended {
		p.bytes, p.ended = 0, p.stop()
	}
	return p.ended
}

// likeParts is a LIKE pattern cut at every %, and whether that was all of its
// syntax: no _.
func likeParts(pattern string) (parts []string, simple bool) {
	simple = true
	var part strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '%':
			parts = append(parts, part.String())
			part.Reset()
			continue
		case '_':
			simple = false
		case '\\':
			i++
			if i == len(pattern) {
				continue
			}
		}
		part.WriteByte(pattern[i])
	}
	return append(parts, part.String()), simple
}

// likeMatcher matches a pattern. When stop says so, what it still answers has no meaning.
func likeMatcher(pattern string, stop func() bool) (func([]byte) bool, error) {
	if parts, simple := likeParts(pattern); simple {
		first, last := []byte(parts[0]), []byte(parts[len(parts)-1])
		if len(parts) == 1 {
			return func(s []byte) bool { return bytes.Equal(s, first) }, nil
		}
		middle := parts[1 : len(parts)-1]
		return func(s []byte) bool {
			if len(s) < len(first)+len(last) || !bytes.HasPrefix(s, first) || !bytes.HasSuffix(s, last) {
				return false
			}
			s = s[len(first) : len(s)-len(last)]
			for _, m := range middle {
				at := bytes.Index(s, []byte(m))
				if at < 0 {
					return false
				}
				s = s[at+len(m):]
			}
			return true
		}, nil
	}
	var re strings.Builder
	re.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); {
		r, n := decodeRune(pattern[i:])
		i += n
		switch r {
		case "%":
			re.WriteString(".*")
			continue
		case "_":
			re.WriteString(".")
			continue
		case `\`:
			r, n = decodeRune(pattern[i:])
			i += n
		}
		re.WriteString(regexp.QuoteMeta(r))
	}
	compiled, err := query.CompileRegexp(re.String()+`\z`, stop)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return compiled.Match, nil
}
