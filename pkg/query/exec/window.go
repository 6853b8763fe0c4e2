package exec

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// window holds all rows, sorts them by partition and order, and gives them in that
// order with the function's column.
func (b *builder) window(n *query.Bound, w query.Window) (rows, error) {
	in, err := b.build(n.Inputs[0], nil)
	if err != nil {
		return nil, err
	}
	cols := n.Inputs[0].Cols
	var keys []query.SortKey
	for _, e := range w.Partition {
		if len(query.Columns(e)) > 0 { // a constant parts nothing
			keys = append(keys, query.SortKey{By: e})
		}
	}
	parts := len(keys)
	keys = append(keys, w.Order...)
	values, types, err := b.sortKeys(keys, cols)
	if err != nil {
		return nil, err
	}
	t := n.Cols[len(n.Cols)-1].Type
	argType := t
	if w.Arg != nil {
		if argType, err = query.TypeOf(w.Arg, cols); err != nil {
			return nil, err
		}
		if argType.Kind == columnar.Invalid {
			argType = t
		}
		arg, err := b.scope(cols).value(w.Arg, argType.Kind)
		if err != nil {
			return nil, err
		}
		// The argument is kept as one more column: last, so that it orders only
		// rows that are equal in all others.
		values = append(values, arg)
	}
	if w.Default != nil {
		other, err := b.scope(cols).value(w.Default, argType.Kind)
		if err != nil {
			return nil, err
		}
		values = append(values, other)
	}
	return func(yield func(*chunk, error) bool) {
		o := newOrdered(types, keys, cols, 0)
		s := sorted{look: b.look, o: o, parts: parts, window: w, t: t}
		var held int64
		defer func() { _ = b.budget.resize(&held, 0) }() // giving back cannot fail
		if w.Arg != nil {
			s.arg = columnar.NewVector(argType)
			o.rows = append(o.rows, s.arg)
		}
		if w.Default != nil {
			s.other = columnar.NewVector(argType)
			o.rows = append(o.rows, s.other)
		}
		err := o.fill(b, in, values, &held)
		if err == nil {
			s.order, err = o.order(b.look)
		}
		if err == nil && t.Kind.InFloats() { // the sums of frames
			err = b.budget.resize(&held, held+16*int64(o.n))
		}
		var column *columnar.Vector
		if err == nil {
			column, err = s.column()
		}
		if err == nil {
			err = b.budget.resize(&held, held+sizeOf([]*columnar.Vector{column}))
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for from := 0; from < len(s.order); from += sortRows {
			to := min(from+sortRows, len(s.order))
			out := &chunk{n: to - from, sel: everyRow(nil, to-from)}
			for _, v := range o.rows[len(keys) : len(keys)+len(cols)] {
				out.cols = append(out.cols, v.Take(s.order[from:to]))
			}
			part := columnar.NewVector(t)
			part.AppendRange(column, from, to)
			out.cols = append(out.cols, part)
			if !yield(out, nil) {
				return
			}
		}
	}, nil
}

// sorted is rows in the order of a window.
type sorted struct {
	look   func() error
	o      *ordered
	parts  int // how many of the keys tell partitions apart
	order  []int32
	window query.Window
	arg    *columnar.Vector // by row; nil without an argument
	other  *columnar.Vector // by row; nil without a default
	t      columnar.Type    // of the column
	steps  int
}

// step counts a row and looks up now and then.
func (s *sorted) step() error {
	if s.steps++; s.steps%sortRun == 0 {
		return s.look()
	}
	return nil
}

// same reports whether the rows at two places have the same first keys.
func (s *sorted) same(i, j, keys int) bool {
	for _, v := range s.o.rows[:keys] {
		if compareAt(v, int(s.order[i]), v, int(s.order[j])) != 0 {
			return false
		}
	}
	return true
}

// column is the function's value for the rows in order.
func (s *sorted) column() (*columnar.Vector, error) {
	out := columnar.NewVector(s.t)
	for from := 0; from < len(s.order); {
		to := from + 1
		for to < len(s.order) && s.same(from, to, s.parts) {
			if err := s.step(); err != nil {
				return nil, err
			}
			to++
		}
		var err error
		switch s.window.Func {
		case query.RowNumber:
			for i := from; i < to; i++ {
				out.AppendInt(int64(i - from + 1))
			}
		case query.Rank, query.DenseRank:
			rank, dense := 1, 1
			for i := from; i < to; i++ {
				if i > from && !s.same(i-1, i, s.o.keys) {
					rank, dense = i-from+1, dense+1
				}
				if s.window.Func == query.DenseRank {
					out.AppendInt(int64(dense))
				} else {
					out.AppendInt(int64(rank))
				}
				if err = s.step(); err != nil {
					return nil, err
				}
			}
		case query.Lag, query.Lead:
			away := max(s.window.Offset, 1)
			if s.window.Func == query.Lag {
				away = -away
			}
			for i := from; i < to; i++ {
				switch at := int64(i) + away; {
				case at >= int64(from) && at < int64(to):
					out.AppendFrom(s.arg, int(s.order[at]))
				case s.other != nil:
					out.AppendFrom(s.other, int(s.order[i]))
				default:
					out.AppendNull()
				}
			}
		default:
			err = s.frames(out, from, to)
		}
		if err != nil {
			return nil, err
		}
		from = to
	}
	return out, nil
}

// frames appends the function over the frame of each row of a partition. Both
// ends of a frame only move on.
func (s *sorted) frames(out *columnar.Vector, from, to int) error {
	f := frame{count: s.window.Func == query.CountRange, arg: s.window.Arg}
	low, high := from, from
	for i := from; i < to; {
		if err := s.step(); err != nil {
			return err
		}
		end := i + 1
		for end < to && s.same(i, end, s.o.keys) {
			end++
		}
		for ; high < end; high++ {
			f.add(s.arg, int(s.order[high]), 1)
		}
		for ; low < i && s.outside(low, i); low++ {
			f.add(s.arg, int(s.order[low]), -1)
		}
		for ; i < end; i++ {
			if err := f.appendTo(out); err != nil {
				return err
			}
		}
	}
	return nil
}

// outside reports whether the row at low is too long before the one at i.
func (s *sorted) outside(low, i int) bool {
	if s.window.Within == 0 {
		return false
	}
	at := s.o.rows[s.parts]
	l, r := int(s.order[low]), int(s.order[i])
	if at.IsNull(l) || at.IsNull(r) {
		return at.IsNull(l) != at.IsNull(r)
	}
	return uint64(at.Ints[r]-at.Ints[l]) > uint64(s.window.Within/time.Microsecond)
}

// frame is what a function has of the rows in its frame. Whole numbers are summed
// in 128 bits, so that what leaves the frame leaves no trace.
type frame struct {
	count bool
	arg   query.Expr
	n     int64
	hi    int64
	lo    uint64
	sums  queue
}

// add takes a row into the frame (sign 1) or the first one out of it (-1).
func (f *frame) add(arg *columnar.Vector, row int, sign int64) {
	if arg != nil && arg.IsNull(row) {
		return
	}
	f.n += sign
	switch {
	case f.count:
	case arg.Type.Kind.InFloats() && sign > 0:
		f.sums.push(arg.Floats[row])
	case arg.Type.Kind.InFloats():
		f.sums.pop()
	default:
		x := arg.Ints[row]
		var carry uint64
		if sign > 0 {
			f.lo, carry = bits.Add64(f.lo, uint64(x), 0)
			f.hi += x>>63 + int64(carry)
		} else {
			f.lo, carry = bits.Sub64(f.lo, uint64(x), 0)
			f.hi -= x>>63 + int64(carry)
		}
	}
}

func (f *frame) appendTo(out *columnar.Vector) error {
	switch {
	case f.count:
		out.AppendInt(f.n)
	case f.n == 0:
		out.AppendNull()
	case out.Type.Kind.InFloats():
		out.AppendFloat(f.sums.sum())
	case f.hi != int64(f.lo)>>63:
		return fmt.Errorf("sum(%s) is beyond the range of a long", f.arg)
	default:
		out.AppendInt(int64(f.lo))
	}
	return nil
}

// queue is the sum of doubles of which the first leaves first. Nothing is
// subtracted, because what a double took part in does not come off again.
type queue struct {
	first  []float64 // sums from each of the older ones up to the last of them, the oldest last
	last   []float64 // the newer ones
	newSum float64   // of last
}

func (q *queue) push(x float64) {
	q.last = append(q.last, x)
	q.newSum += x
}

func (q *queue) pop() {
	if len(q.first) == 0 {
		sum := 0.0
		for i := len(q.last) - 1; i >= 0; i-- {
			sum += q.last[i]
			q.first = append(q.first, sum)
		}
		q.last, q.newSum = q.last[:0], 0
	}
	q.first = q.first[:len(q.first)-1]
}

func (q *queue) sum() float64 {
	if len(q.first) == 0 {
		return q.newSum
	}
	return q.first[len(q.first)-1] + q.newSum
}
