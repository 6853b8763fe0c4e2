package exec

import (
	"bytes"
	"cmp"
	"fmt"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// value gives a vector of c.n values of which those in sel are right. It is valid
// until the next call.
type value func(c *chunk, sel []int32) *columnar.Vector

// isPredicate reports whether an expression is computed as a predicate.
func isPredicate(e query.Expr) bool {
	switch e.(type) {
	case query.And, query.Or, query.Not, query.Compare, query.Between, query.Distinct, query.In,
		query.DistinctFromAll, query.Like, query.Match, query.IsNull, query.Search:
		return true
	}
	return false
}

// value compiles an expression. NULL becomes a null of the kind.
func (s scope) value(e query.Expr, kind columnar.Kind) (value, error) {
	switch e := e.(type) {
	case query.Col:
		i := query.FindColumn(s.cols, e.Path)
		if i < 0 {
			return nil, fmt.Errorf("no column %s", e)
		}
		return func(c *chunk, _ []int32) *columnar.Vector { return c.cols[i] }, nil
	case query.Const:
		return constant(e.Value, kind), nil
	}
	if col, ok := s.entryColumn(e); ok {
		v, err := s.byRow().value(e, kind)
		if err != nil {
			return nil, err
		}
		t, err := query.TypeOf(e, s.cols)
		return (&entryValue{col: col, width: len(s.cols), rows: v, out: s.column(t.Kind)}).eval, err
	}
	if isPredicate(e) {
		return s.truthValue(e)
	}
	t, err := query.TypeOf(e, s.cols)
	if err != nil {
		return nil, err
	}
	if t.Kind != columnar.Invalid {
		kind = t.Kind
	}
	switch e := e.(type) {
	case query.Coalesce:
		var when []query.When
		for _, x := range e.X {
			when = append(when, query.When{If: query.NotNull(x), Then: x})
		}
		return s.branches(query.Case{When: when}, kind)
	case query.Case:
		return s.branches(e, kind)
	case query.Cast:
		return s.cast(e)
	case query.Call:
		return s.call(e, kind)
	case query.Bucket:
		return s.bucket(e)
	case query.Arith:
		return s.arith(e)
	}
	return nil, fmt.Errorf("expression %T is not known", e)
}

func constant(k columnar.Value, kind columnar.Kind) value {
	if k.Kind == columnar.Invalid {
		var nulls nullVector
		return func(c *chunk, _ []int32) *columnar.Vector { return nulls.get(columnar.Of(kind), c.n) }
	}
	v := &columnar.Vector{Type: columnar.Of(k.Kind)}
	if k.Kind.InBytes() {
		v.Dict = &columnar.Bytes{}
		v.Dict.Append(k.Bytes)
	}
	return func(c *chunk, _ []int32) *columnar.Vector {
		for v.Len < c.n {
			switch {
			case k.Kind.InInts():
				v.Ints = append(v.Ints, k.Int)
			case k.Kind.InFloats():
				v.Floats = append(v.Floats, k.Float)
			default:
				v.Codes = append(v.Codes, 0)
			}
			v.Len++
		}
		short := *v
		short.Len = c.n
		return &short
	}
}

func (s scope) truthValue(e query.Expr) (value, error) {
	p, err := s.predicate(e)
	out := s.column(columnar.Boolean)
	var truths []truth
	return func(c *chunk, sel []int32) *columnar.Vector {
		truths = resize(truths, c.n)
		p(c, sel, truths)
		out.begin(c.n, nil)
		for _, i := range sel {
			if truths[i] == unknown {
				out.null(int(i))
			} else {
				out.int(int(i), int64(truths[i]))
			}
		}
		return out.vector()
	}, err
}

// branches is CASE: each branch is computed for the rows that take it.
func (s scope) branches(e query.Case, kind columnar.Kind) (value, error) {
	conditions := make([]predicate, len(e.When))
	values := make([]value, len(e.When), len(e.When)+1)
	for i, w := range e.When {
		var err error
		if conditions[i], err = s.predicate(w.If); err != nil {
			return nil, err
		}
		if values[i], err = s.value(w.Then, kind); err != nil {
			return nil, err
		}
	}
	otherwise := query.Expr(query.Const{})
	if e.Else != nil {
		otherwise = e.Else
	}
	last, err := s.value(otherwise, kind)
	if err != nil {
		return nil, err
	}
	out := s.column(kind)
	var open, taken []int32
	var truths []truth
	return func(c *chunk, sel []int32) *columnar.Vector {
		out.begin(c.n, nil)
		take := func(v value, rows []int32) {
			if len(rows) == 0 {
				return
			}
			vec := v(c, rows)
			for _, i := range rows {
				out.from(int(i), vec, int(i))
			}
		}
		open = append(open[:0], sel...)
		truths = resize(truths, c.n)
		for b, condition := range conditions {
			condition(c, open, truths)
			taken = taken[:0]
			k := 0
			for _, i := range open {
				if truths[i] == yes {
					taken = append(taken, i)
				} else {
					open[k] = i
					k++
				}
			}
			open = open[:k]
			take(values[b], taken)
		}
		take(last, open)
		return out.vector()
	}, nil
}

func (s scope) bucket(e query.Bucket) (value, error) {
	b, err := query.NewBucketing(e.Unit, e.Zone)
	if err != nil {
		return nil, err
	}
	x, err := s.value(e.X, columnar.Timestamp)
	out := s.column(columnar.Timestamp)
	return func(c *chunk, sel []int32) *columnar.Vector {
		v := x(c, sel)
		out.begin(c.n, nil)
		for _, i := range sel {
			if v.IsNull(int(i)) {
				out.null(int(i))
			} else {
				out.int(int(i), b.Start(v.Ints[i]))
			}
		}
		return out.vector()
	}, err
}

// compareAt orders two values of vectors of one type. Null comes first and equals
// null; numbers by size, NaN before all; strings by bytes; nested values by their
// parts in order.
func compareAt(a *columnar.Vector, i int, b *columnar.Vector, j int) int {
	if an, bn := a.IsNull(i), b.IsNull(j); an || bn {
		switch {
		case an && bn:
			return 0
		case an:
			return -1
		}
		return 1
	}
	switch k := a.Type.Kind; {
	case k.InInts():
		return cmp.Compare(a.Ints[i], b.Ints[j])
	case k.InFloats():
		return cmp.Compare(a.Floats[i], b.Floats[j])
	case k.InBytes():
		return bytes.Compare(a.ByteAt(i), b.ByteAt(j))
	case k == columnar.Struct:
		for c := range a.Children {
			if d := compareAt(a.Children[c], i, b.Children[c], j); d != 0 {
				return d
			}
		}
		return 0
	}
	ai, bj := int(a.Offsets[i]), int(b.Offsets[j])
	an, bn := int(a.Offsets[i+1])-ai, int(b.Offsets[j+1])-bj
	for n := range min(an, bn) {
		for c := range a.Children {
			if d := compareAt(a.Children[c], ai+n, b.Children[c], bj+n); d != 0 {
				return d
			}
		}
	}
	return cmp.Compare(an, bn)
}

// decodeRune is the first character of s, and its length in bytes.
func decodeRune(s string) (string, int) {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n], n
}
