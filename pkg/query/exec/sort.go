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
	first, err := b.winners(n, s, top)
	if err != nil {
		return nil, err
	}
	in, err := b.build(n.Inputs[0], nil)
	if err != nil {
		return nil, err
	}
	keys, types, err := b.sortKeys(s.Keys, n.Cols)
	if err != nil {
		return nil, err
	}
	return func(yield func(*chunk, error) bool) {
		o := newOrdered(types, s.Keys, n.Cols, top)
		var held int64
		defer func() { _ = b.budget.resize(&held, 0) }() // giving back cannot fail
		if first != nil {
			if err := first.find(b); err != nil {
				yield(nil, err)
				return
			}
		}
		if err := o.fill(b, in, keys, &held); err != nil {
			yield(nil, err)
			return
		}
		order, err := o.order(b.look)
		if err != nil {
			yield(nil, err)
			return
		}
		for len(order) > 0 {
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

func (b *builder) sortKeys(keys []query.SortKey, cols []query.BoundCol) ([]value, []columnar.Type, error) {
	values := make([]value, len(keys))
	types := make([]columnar.Type, len(keys))
	for i, k := range keys {
		var err error
		if types[i], err = query.TypeOf(k.By, cols); err != nil {
			return nil, nil, err
		}
		if values[i], err = b.scope(cols).value(k.By, types[i].Kind); err != nil {
			return nil, nil, err
		}
	}
	return values, types, nil
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

// newOrdered takes rows with columns cols that are sorted by keys of some types.
func newOrdered(types []columnar.Type, keys []query.SortKey, cols []query.BoundCol, top int) *ordered {
	o := &ordered{keys: len(keys), desc: make([]bool, len(keys)), top: top}
	for i, k := range keys {
		o.desc[i] = k.Desc
		o.rows = append(o.rows, columnar.NewVector(types[i]))
	}
	for _, c := range cols {
		o.rows = append(o.rows, columnar.NewVector(c.Type))
	}
	return o
}

// fill adds all rows of an input. The values are the keys, and any that are kept
// after the columns.
func (o *ordered) fill(b *builder, in rows, values []value, held *int64) error {
	vectors := make([]*columnar.Vector, len(o.rows))
	after := len(o.rows) - len(values) + o.keys
	for c, err := range in {
		if err != nil {
			return err
		}
		for i, v := range values {
			at := i
			if i >= o.keys {
				at = after + i - o.keys
			}
			vectors[at] = v(c, c.sel)
		}
		copy(vectors[o.keys:after], c.cols)
		if err := o.add(b.look, vectors, c.sel); err != nil {
			return err
		}
		if err := b.budget.resize(held, sizeOf(o.rows)+8*int64(o.n)); err != nil {
			return err
		}
	}
	return nil
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

func (o *ordered) add(look func() error, vectors []*columnar.Vector, sel []int32) error {
	for _, i := range sel {
		if o.last > 0 && o.compare(vectors, int(i), o.rows, o.last-1) >= 0 {
			continue
		}
		for k, v := range o.rows {
			v.AppendFrom(vectors[k], int(i))
		}
		o.n++
		if o.top > 0 && o.n >= 2*o.top+1024 {
			if err := o.shrink(look); err != nil {
				return err
			}
		}
	}
	return nil
}

// shrink drops all but the first top rows.
func (o *ordered) shrink(look func() error) error {
	order, err := o.order(look)
	if err != nil {
		return err
	}
	for k, v := range o.rows {
		o.rows[k] = v.Take(order)
	}
	o.n, o.last = len(order), len(order)
	return nil
}

// sortRun is how many rows are sorted between two looks up: some
// milliseconds.
const sortRun = 1 << 14

// order is the rows in order, at most top: runs are sorted and then merged.
func (o *ordered) order(look func() error) ([]int32, error) {
	before := func(x, y int32) int {
		if d := o.compare(o.rows, int(x), o.rows, int(y)); d != 0 {
			return d
		}
		return cmp.Compare(x, y)
	}
	order := everyRow(nil, o.n)
	for run := range slices.Chunk(order, sortRun) {
		if err := look(); err != nil {
			return nil, err
		}
		slices.SortFunc(run, before)
	}
	if o.n > sortRun {
		spare := make([]int32, o.n)
		for length := sortRun; length < o.n; length *= 2 {
			for from := 0; from < o.n; from += 2 * length {
				mid, to := min(from+length, o.n), min(from+2*length, o.n)
				if err := merge(look, spare[from:to], order[from:mid], order[mid:to], before); err != nil {
					return nil, err
				}
			}
			order, spare = spare, order
		}
	}
	if o.top > 0 {
		order = order[:min(len(order), o.top)]
	}
	return order, nil
}

// merge merges two sorted runs.
func merge(look func() error, out, a, b []int32, before func(x, y int32) int) error {
	for i := range out {
		if i%sortRun == 0 {
			if err := look(); err != nil {
				return err
			}
		}
		if len(b) == 0 || len(a) > 0 && before(a[0], b[0]) < 0 {
			out[i], a = a[0], a[1:]
		} else {
			out[i], b = b[0], b[1:]
		}
	}
	return nil
}
