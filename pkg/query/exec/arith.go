package exec

import (
	"math"
	"math/bits"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// arith computes numbers row by row; see query.Arith for its rules.
func (s scope) arith(e query.Arith) (value, error) {
	t, err := query.TypeOf(e, s.cols)
	if err != nil {
		return nil, err
	}
	switch {
	case t.Kind == columnar.Timestamp:
		return s.later(e)
	case s.kind(e.L, e.R) == columnar.Timestamp:
		return s.seconds(e)
	}
	l, err := s.number(e.L, t.Kind)
	if err != nil {
		return nil, err
	}
	r, err := s.number(e.R, t.Kind)
	if err != nil {
		return nil, err
	}
	if t.Kind == columnar.Long {
		op := longOps[e.Op]
		return eachPair(columnar.Long, l, r, func(out *column, i int, lv, rv *columnar.Vector) bool {
			x, ok := op(lv.Ints[i], rv.Ints[i])
			out.int(i, x)
			return ok
		}), nil
	}
	op := doubleOps[e.Op]
	return eachPair(columnar.Double, l, r, func(out *column, i int, lv, rv *columnar.Vector) bool {
		x, ok := op(lv.Floats[i], rv.Floats[i])
		out.float(i, x)
		return ok
	}), nil
}

// number compiles an operand and makes doubles of longs where kind is Double.
func (s scope) number(e query.Expr, kind columnar.Kind) (value, error) {
	t, err := query.TypeOf(e, s.cols)
	if err != nil {
		return nil, err
	}
	if kind != columnar.Double || !t.Kind.InInts() {
		return s.value(e, kind)
	}
	if c, ok := e.(query.Const); ok {
		return constant(columnar.FloatValue(float64(c.Value.Int)), kind), nil
	}
	return s.cast(query.Cast{X: e, To: columnar.Double})
}

// seconds is the time between two timestamps.
func (s scope) seconds(e query.Arith) (value, error) {
	l, err := s.value(e.L, columnar.Timestamp)
	if err != nil {
		return nil, err
	}
	r, err := s.value(e.R, columnar.Timestamp)
	if err != nil {
		return nil, err
	}
	return eachPair(columnar.Double, l, r, func(out *column, i int, lv, rv *columnar.Vector) bool {
		micros, ok := subLongs(lv.Ints[i], rv.Ints[i])
		out.float(i, float64(micros)/1e6)
		return ok
	}), nil
}

// later is a timestamp with seconds added or taken off.
func (s scope) later(e query.Arith) (value, error) {
	l, err := s.value(e.L, columnar.Timestamp)
	if err != nil {
		return nil, err
	}
	r, err := s.number(e.R, columnar.Double)
	sign := 1e6
	if e.Op == query.Sub {
		sign = -1e6
	}
	return eachPair(columnar.Timestamp, l, r, func(out *column, i int, lv, rv *columnar.Vector) bool {
		micros := math.Round(rv.Floats[i] * sign)
		if !(micros >= -1<<63 && micros < 1<<63) {
			return false
		}
		at, ok := addLongs(lv.Ints[i], int64(micros))
		out.int(i, at)
		return ok
	}), err
}

// eachPair sets every value from those of l and r; a value is null where one of
// these is, or where set reports false.
func eachPair(kind columnar.Kind, l, r value, set func(out *column, i int, lv, rv *columnar.Vector) bool) value {
	out := column{kind: kind} // of numbers
	return func(c *chunk, sel []int32) *columnar.Vector {
		lv, rv := l(c, sel), r(c, sel)
		out.begin(c.n, nil)
		for _, i := range sel {
			if lv.IsNull(int(i)) || rv.IsNull(int(i)) || !set(&out, int(i), lv, rv) {
				out.null(int(i))
			}
		}
		return out.vector()
	}
}

// longOps give the value and whether it is within a long, by query.ArithOp. A
// division is of doubles.
var longOps = [...]func(a, b int64) (int64, bool){addLongs, subLongs, mulLongs}

func addLongs(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func subLongs(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) == (b > 0)
}

func mulLongs(a, b int64) (int64, bool) {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(size(a), size(b))
	if negative {
		return -int64(lo), hi == 0 && lo <= 1<<63
	}
	return int64(lo), hi == 0 && lo <= math.MaxInt64
}

// size is the absolute value, also of the least long.
func size(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// doubleOps are the same over doubles, by query.ArithOp.
var doubleOps = [...]func(a, b float64) (float64, bool){
	func(a, b float64) (float64, bool) { return a + b, true },
	func(a, b float64) (float64, bool) { return a - b, true },
	func(a, b float64) (float64, bool) { return a * b, true },
	func(a, b float64) (float64, bool) { return a / b, b != 0 },
}
