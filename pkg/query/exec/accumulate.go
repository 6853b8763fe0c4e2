package exec

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

func newAccumulator(spec query.Agg, t columnar.Type) accumulator {
	switch spec.Func {
	case query.Min, query.Max:
		sign := 1
		if spec.Func == query.Max {
			sign = -1
		}
		if t.Kind.InInts() {
			return &intExtreme{sign: sign, kind: t.Kind}
		}
		return &extreme{sign: sign, t: t}
	case query.ArgMin:
		return &extreme{sign: 1, t: t}
	case query.ArgMax:
		return &extreme{sign: -1, t: t}
	case query.Percentile:
		return &percentile{p: spec.P, t: t}
	}
	return &count{}
}

// extend makes a slice at least n long; what is new is zero.
func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// count counts rows, or values that are not null.
type count struct{ n []int64 }

func (a *count) grow(n int)  { a.n = extend(a.n, n) }
func (a *count) size() int64 { return int64(8 * len(a.n)) }
func (a *count) add(arg, _ *columnar.Vector, sel, ids []int32) {
	if arg == nil || arg.Null == nil {
		for _, g := range ids {
			a.n[g]++
		}
		return
	}
	for j, g := range ids {
		if !arg.Null[sel[j]] {
			a.n[g]++
		}
	}
}

func (a *count) result() (*columnar.Vector, error) { return longs(a.n), nil }

func longs(n []int64) *columnar.Vector {
	return &columnar.Vector{Type: columnar.Of(columnar.Long), Len: len(n), Ints: n}
}

// intSum adds whole numbers in 128 bits, so that the order does not matter and
// overflow is told from the sum alone.
type intSum struct {
	avg  bool
	name string
	hi   []int64
	lo   []uint64
	n    []int64
}

func (a *intSum) grow(n int) {
	a.hi, a.lo, a.n = extend(a.hi, n), extend(a.lo, n), extend(a.n, n)
}
func (a *intSum) size() int64 { return int64(24 * len(a.n)) }
func (a *intSum) add(arg, _ *columnar.Vector, sel, ids []int32) {
	for j, g := range ids {
		i := sel[j]
		if arg.Null != nil && arg.Null[i] {
			continue
		}
		x := arg.Ints[i]
		var carry uint64
		a.lo[g], carry = bits.Add64(a.lo[g], uint64(x), 0)
		a.hi[g] += x>>63 + int64(carry)
		a.n[g]++
	}
}

func (a *intSum) result() (*columnar.Vector, error) {
	kind := columnar.Long
	if a.avg {
		kind = columnar.Double
	}
	out := columnar.NewVector(columnar.Of(kind))
	for g, n := range a.n {
		small := a.hi[g] == int64(a.lo[g])>>63
		switch {
		case n == 0:
			out.AppendNull()
		case a.avg && small:
			out.AppendFloat(float64(int64(a.lo[g])) / float64(n))
		case a.avg:
			out.AppendFloat((float64(a.hi[g])*(1<<64) + float64(a.lo[g])) / float64(n))
		case small:
			out.AppendInt(int64(a.lo[g]))
		default:
			return nil, fmt.Errorf("%s is beyond the range of a long", a.name)
		}
	}
	return out, nil
}

// floatSum adds doubles in the order in which they come.
type floatSum struct {
	avg bool
	sum []float64
	n   []int64
}

func (a *floatSum) grow(n int)  { a.sum, a.n = extend(a.sum, n), extend(a.n, n) }
func (a *floatSum) size() int64 { return int64(16 * len(a.n)) }
func (a *floatSum) add(arg, _ *columnar.Vector, sel, ids []int32) {
	for j, g := range ids {
		if i := sel[j]; !arg.IsNull(int(i)) {
			a.sum[g] += arg.Floats[i]
			a.n[g]++
		}
	}
}

func (a *floatSum) result() (*columnar.Vector, error) {
	out := columnar.NewVector(columnar.Of(columnar.Double))
	for g, n := range a.n {
		switch {
		case n == 0:
			out.AppendNull()
		case a.avg:
			out.AppendFloat(a.sum[g] / float64(n))
		default:
			out.AppendFloat(a.sum[g])
		}
	}
	return out, nil
}

// intExtreme is the least (sign 1) or greatest (sign -1) of what is kept in Ints.
type intExtreme struct {
	sign int
	kind columnar.Kind
	best []int64
	seen []bool
}

func (a *intExtreme) grow(n int)  { a.best, a.seen = extend(a.best, n), extend(a.seen, n) }
func (a *intExtreme) size() int64 { return int64(9 * len(a.best)) }
func (a *intExtreme) add(arg, _ *columnar.Vector, sel, ids []int32) {
	for j, g := range ids {
		i := sel[j]
		if arg.Null != nil && arg.Null[i] {
			continue
		}
		x := arg.Ints[i]
		if !a.seen[g] || a.sign > 0 && x < a.best[g] || a.sign < 0 && x > a.best[g] {
			a.best[g], a.seen[g] = x, true
		}
	}
}

func (a *intExtreme) result() (*columnar.Vector, error) {
	out := columnar.NewVector(columnar.Of(a.kind))
	for g, x := range a.best {
		if a.seen[g] {
			out.AppendInt(x)
		} else {
			out.AppendNull()
		}
	}
	return out, nil
}

// extreme is the argument where by is least or greatest; of equals, the least
// argument, null before all. Without by the argument itself is what is compared.
type extreme struct {
	sign    int
	t       columnar.Type
	by, arg []columnar.Value // by group; a by of Kind Invalid: none yet
	held    int64
}

func (a *extreme) grow(n int)  { a.by, a.arg = extend(a.by, n), extend(a.arg, n) }
func (a *extreme) size() int64 { return int64(96*len(a.by)) + a.held }
func (a *extreme) add(arg, by *columnar.Vector, sel, ids []int32) {
	if by == nil {
		by = arg
	}
	for j, g := range ids {
		i := int(sel[j])
		if by.IsNull(i) {
			continue
		}
		b, v := valueAt(by, i), valueAt(arg, i)
		if a.by[g].Kind != columnar.Invalid {
			if d := a.sign * compareValues(b, a.by[g]); d > 0 || d == 0 && compareValues(v, a.arg[g]) >= 0 {
				continue
			}
		}
		a.held += int64(len(b.Bytes) + len(v.Bytes) - len(a.by[g].Bytes) - len(a.arg[g].Bytes))
		b.Bytes, v.Bytes = bytes.Clone(b.Bytes), bytes.Clone(v.Bytes)
		a.by[g], a.arg[g] = b, v
	}
}

func (a *extreme) result() (*columnar.Vector, error) {
	out := columnar.NewVector(a.t)
	for _, v := range a.arg {
		out.AppendValue(v)
	}
	return out, nil
}

// valueAt is value i of a vector; it aliases the vector.
func valueAt(v *columnar.Vector, i int) columnar.Value {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return columnar.Value{}
	case k.InInts():
		return columnar.Value{Kind: k, Int: v.Ints[i]}
	case k.InFloats():
		return columnar.Value{Kind: k, Float: v.Floats[i]}
	default:
		return columnar.Value{Kind: k, Bytes: v.ByteAt(i)}
	}
}

// compareValues orders values of one kind, null first.
func compareValues(a, b columnar.Value) int {
	if a.Kind == columnar.Invalid || b.Kind == columnar.Invalid {
		return cmp.Compare(min(a.Kind, 1), min(b.Kind, 1))
	}
	return a.Compare(b)
}

// percentile keeps all values and takes the one at the nearest rank.
type percentile struct {
	p      float64
	t      columnar.Type
	ints   []int64   // the values, by kind
	floats []float64 // or
	texts  columnar.Bytes
	ids    []int32 // the group of each value
	n      int
}

func (a *percentile) grow(n int) { a.n = max(a.n, n) }
func (a *percentile) size() int64 {
	return int64(8*(len(a.ints)+len(a.floats)+len(a.ids)) + len(a.texts.Data) + 4*len(a.texts.Ends))
}

func (a *percentile) add(arg, _ *columnar.Vector, sel, ids []int32) {
	k := a.t.Kind
	for j, g := range ids {
		i := sel[j]
		if arg.Null != nil && arg.Null[i] {
			continue
		}
		switch {
		case k.InInts():
			a.ints = append(a.ints, arg.Ints[i])
		case k.InFloats():
			a.floats = append(a.floats, arg.Floats[i])
		default:
			a.texts.Append(arg.ByteAt(int(i)))
		}
		a.ids = append(a.ids, g)
	}
}

func (a *percentile) result() (*columnar.Vector, error) {
	out := columnar.NewVector(a.t)
	switch k := a.t.Kind; {
	case k.InInts():
		nearest(a, a.ints, slices.Sort, out.AppendInt, out)
	case k.InFloats():
		nearest(a, a.floats, slices.Sort, out.AppendFloat, out) // NaN before all
	default:
		texts := make([][]byte, a.texts.Len())
		for i := range texts {
			texts[i] = a.texts.At(i)
		}
		sort := func(x [][]byte) { slices.SortFunc(x, bytes.Compare) }
		nearest(a, texts, sort, out.AppendBytes, out)
	}
	return out, nil
}

// nearest appends to out the value at the nearest rank of each group.
func nearest[T any](a *percentile, values []T, sort func([]T), appendTo func(T), out *columnar.Vector) {
	ends := make([]int, a.n+1) // of the groups before
	for _, g := range a.ids {
		ends[g+1]++
	}
	for g := range a.n {
		ends[g+1] += ends[g]
	}
	dealt := make([]T, len(values))
	at := slices.Clone(ends[:a.n])
	for i, g := range a.ids {
		dealt[at[g]] = values[i]
		at[g]++
	}
	for g := range a.n {
		own := dealt[ends[g]:ends[g+1]]
		if len(own) == 0 {
			out.AppendNull()
			continue
		}
		sort(own)
		appendTo(own[rank(a.p, len(own))-1])
	}
}

// rank is ceil(p*n), from 1 to n. What is within a rounding error of a whole
// number is that number: 0.07 of 100 is 7.
func rank(p float64, n int) int {
	exact := p * float64(n)
	r := int(math.Ceil(exact - 1e-9*max(1, exact)))
	return min(max(r, 1), n)
}
