package exec

import (
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// aggregate groups all rows and gives the groups as one chunk.
func (b *builder) aggregate(n *query.Bound, a query.Aggregate, in rows) (rows, error) {
	s := b.scope(n.Inputs[0].Cols)
	keys := make([]value, len(a.By))
	types := make([]columnar.Type, len(a.By))
	for i, by := range a.By {
		types[i] = n.Cols[i].Type
		var err error
		if keys[i], err = s.value(by.Expr, types[i].Kind); err != nil {
			return nil, err
		}
	}
	aggs := make([]*agg, len(a.Aggs))
	for i, spec := range a.Aggs {
		var err error
		if aggs[i], err = newAgg(b, s, spec, n.Cols[len(a.By)+i].Type); err != nil {
			return nil, err
		}
	}
	return func(yield func(*chunk, error) bool) {
		g := newGroups(types)
		for _, a := range aggs {
			a.acc = a.start()
		}
		var held int64
		defer func() { _ = b.budget.resize(&held, 0) }() // giving back cannot fail
		var ids []int32
		vectors := make([]*columnar.Vector, len(keys))
		for c, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, k := range keys {
				vectors[i] = k(c, c.sel)
			}
			ids = resize(ids, len(c.sel))
			g.codes(vectors, c.sel, ids)
			size := g.size()
			for _, a := range aggs {
				a.add(c, ids, g.len())
				size += a.acc.size()
			}
			if err := b.budget.resize(&held, size); err != nil {
				yield(nil, err)
				return
			}
		}
		out := &chunk{n: g.len(), cols: g.columns()}
		for i, a := range aggs {
			a.acc.grow(out.n)
			v, err := a.acc.result()
			if err != nil {
				yield(nil, err)
				return
			}
			if d, ok := a.acc.(*distinctCount); ok && d.estimated() {
				b.estimate(n, len(keys)+i)
			}
			out.cols = append(out.cols, v)
		}
		if err := b.budget.resize(&held, held+sizeOf(out.cols)); err != nil {
			yield(nil, err)
			return
		}
		out.sel = everyRow(nil, out.n)
		if out.n > 0 {
			yield(out, nil)
		}
	}, nil
}

// agg is one aggregate of an aggregate operator.
type agg struct {
	where predicate // nil: all rows
	arg   value     // nil: rows
	by    value     // of arg_min and arg_max
	start func() accumulator
	acc   accumulator

	truths   []truth
	sel, ids []int32
}

// accumulator is the state of an aggregate in every group.
type accumulator interface {
	// grow makes room for n groups.
	grow(n int)
	// add takes the rows in sel, of which row sel[j] is in group ids[j].
	add(arg, by *columnar.Vector, sel, ids []int32)
	// size is about how many bytes the state occupies.
	size() int64
	// result is the value of every group.
	result() (*columnar.Vector, error)
}

func newAgg(b *builder, s scope, spec query.Agg, t columnar.Type) (*agg, error) {
	a := &agg{start: func() accumulator { return newAccumulator(spec, t) }}
	if spec.Func == query.CountDistinct {
		arg, err := query.TypeOf(spec.Arg, s.cols)
		if err != nil {
			return nil, err
		}
		a.start = func() accumulator { return newDistinctCount(arg, b.budget.max/4) }
	}
	if spec.Func == query.Sum || spec.Func == query.Avg {
		arg, err := query.TypeOf(spec.Arg, s.cols)
		if err != nil {
			return nil, err
		}
		avg := spec.Func == query.Avg
		a.start = func() accumulator {
			if arg.Kind.InFloats() {
				return &floatSum{avg: avg}
			}
			return &intSum{avg: avg, name: spec.String()}
		}
	}
	if spec.Func > query.Percentile {
		arg, err := query.TypeOf(spec.Arg, s.cols)
		if err != nil {
			return nil, err
		}
		a.start = func() accumulator { return valueAccumulator(spec, arg) }
	}
	var err error
	if spec.Where != nil {
		if a.where, err = s.predicate(spec.Where); err != nil {
			return nil, err
		}
	}
	if spec.Arg != nil {
		if a.arg, err = s.value(spec.Arg, t.Kind); err != nil {
			return nil, err
		}
	}
	if spec.By != nil {
		if a.by, err = s.value(spec.By, columnar.String); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *agg) add(c *chunk, ids []int32, groups int) {
	sel := c.sel
	if a.where != nil {
		a.truths = resize(a.truths, c.n)
		a.where(c, sel, a.truths)
		a.sel, a.ids = a.sel[:0], a.ids[:0]
		for j, i := range sel {
			if a.truths[i] == yes {
				a.sel, a.ids = append(a.sel, i), append(a.ids, ids[j])
			}
		}
		sel, ids = a.sel, a.ids
	}
	var arg, by *columnar.Vector
	if a.arg != nil {
		arg = a.arg(c, sel)
	}
	if a.by != nil {
		by = a.by(c, sel)
	}
	a.acc.grow(groups)
	a.acc.add(arg, by, sel, ids)
}
