package exec

import (
	"cmp"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// maxTop is up to which limit a sort keeps just the first rows.
const maxTop = 1 << 20

// sortRows is how many sorted rows go into one chunk.
const sortRows = 4096

// sort gives the rows in order, or if top is not 0 only the first top rows, and
// holds no more than about twice as many.
func (b *builder) sort(n *query.Bound, s query.Sort, top int) (rows, error) {
	in, err := b.build(n.Inputs[0], nil)
	if err != nil {
		return nil, err
	}
	keys := make([]value, len(s.Keys))
	types := make([]columnar.Type, len(s.Keys))
	for i, k := range s.Keys {
		if types[i], err = query.TypeOf(k.By, n.Cols); err != nil {
			return nil, err
		}
		if keys[i], err = (scope{n.Cols, true}).value(k.By, types[i].Kind); err != nil {
			return nil, err
		}
	}
	return func(yield func(*chunk, error) bool) {
		o := &ordered{keys: len(keys), desc: make([]bool, len(keys)), top: top}
		for i, k := range s.Keys {
			o.desc[i] = k.Desc
			o.rows = append(o.rows, columnar.NewVector(types[i]))
		}
		for _, c := range n.Cols {
			o.rows = append(o.rows, columnar.NewVector(c.Type))
		}
		var held int64
		defer func() { _ = b.budget.resize(&held, 0) }() // giving back cannot fail
		vectors := make([]*columnar.Vector, len(keys)+len(n.Cols))
		for c, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, k := range keys {
				vectors[i] = k(c, c.sel)
			}
			copy(vectors[len(keys):], c.cols)
			o.add(vectors, c.sel)
			if err := b.budget.resize(&held, sizeOf(o.rows)+4*int64(o.n)); err != nil {
				yield(nil, err)
				return
			}
		}
		order := o.order()
		for len(order) > 0 {
			if err := b.ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			part := order[:min(len(order), sortRows)]
			order = order[len(part):]
			out := &chunk{n: len(part), sel: everyRow(nil, len(part))}
			for _, v := range o.rows[len(keys):] {
				out.cols = append(out.cols, v.Take(part))
			}
			if !yield(out, nil) {
				return
			}
		}
	}, nil
}

// ordered is rows that are to be sorted: their keys, then their columns.
type ordered struct {
	keys int
	desc []bool
	top  int // 0: all
	rows []*columnar.Vector
	n    int
	last int // the row that is last of the first top ones, + 1; 0: fewer than top
}

// compare orders row i of a and row j of b by the keys, then by all columns.
func (o *ordered) compare(a []*columnar.Vector, i int, b []*columnar.Vector, j int) int {
	for k := range o.keys {
		d := compareAt(a[k], i, b[k], j)
		if d == 0 {
			continue
		}
		if o.desc[k] && !a[k].IsNull(i) && !b[k].IsNull(j) {
			return -d
		}
		return d
	}
	for k := o.keys; k < len(a); k++ {
		if d := compareAt(a[k], i, b[k], j); d != 0 {
			return d
		}
	}
	return 0
}

func (o *ordered) add(vectors []*columnar.Vector, sel []int32) {
	for _, i := range sel {
		if o.last > 0 && o.compare(vectors, int(i), o.rows, o.last-1) >= 0 {
			continue
		}
		for k, v := range o.rows {
			v.AppendFrom(vectors[k], int(i))
		}
		o.n++
		if o.top > 0 && o.n >= 2*o.top+1024 {
			o.shrink()
		}
	}
}

// shrink drops all but the first top rows.
func (o *ordered) shrink() {
	order := o.order()
	for k, v := range o.rows {
		o.rows[k] = v.Take(order)
	}
	o.n, o.last = len(order), len(order)
}

// order is the rows in order, at most top.
func (o *ordered) order() []int32 {
	order := everyRow(nil, o.n)
	slices.SortFunc(order, func(x, y int32) int {
		if d := o.compare(o.rows, int(x), o.rows, int(y)); d != 0 {
			return d
		}
		return cmp.Compare(x, y)
	})
	if o.top > 0 {
		order = order[:min(len(order), o.top)]
	}
	return order
}
