package exec

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// valueAccumulator is an aggregate of the values of an argument, or nil for those that
// are made elsewhere.
func valueAccumulator(spec query.Agg, arg columnar.Type) accumulator {
	switch spec.Func {
	case query.SumDistinct, query.AvgDistinct:
		avg := spec.Func == query.AvgDistinct
		if arg.Kind.InFloats() {
			return &different{of: &floatSum{avg: avg}, numbered: numbered{values: newCoder(arg)}}
		}
		return &different{of: &intSum{avg: avg, name: spec.String()}, numbered: numbered{values: newCoder(arg)}}
	case query.Set:
		return &set{numbered: numbered{values: newCoder(arg)}}
	case query.Mode:
		return &mode{numbered: numbered{values: newCoder(arg)}}
	case query.StddevPop, query.StddevSamp, query.VarPop, query.VarSamp:
		return &deviation{root: spec.Func == query.StddevPop || spec.Func == query.StddevSamp, sample: spec.Func == query.StddevSamp || spec.Func == query.VarSamp}
	}
	return nil
}

// numbered are the different values of each group, null among them.
type numbered struct {
	values *coder
	seen   pairs // of group and value
	groups int
	buf    []int32
}

func (a *numbered) grow(n int)  { a.groups = max(a.groups, n) }
func (a *numbered) size() int64 { return a.values.size() + a.seen.size() }

// codes are the pairs of rows by number. They are valid until the next.
func (a *numbered) codes(arg *columnar.Vector, sel, ids []int32) []int32 {
	a.buf = resize(a.buf, len(sel))
	a.values.codes(arg, sel, a.buf)
	a.seen.codes(ids, a.buf, a.buf)
	return a.buf
}

// ofGroups are the numbers of the pairs of each group, in the order of their values,
// without nulls.
func (a *numbered) ofGroups() [][]int32 {
	out := make([][]int32, a.groups)
	for i, g := range a.seen.a {
		if a.seen.b[i] != a.values.null-1 {
			out[g] = append(out[g], int32(i))
		}
	}
	for _, of := range out {
		slices.SortFunc(of, func(x, y int32) int {
			return compareAt(a.values.values, int(a.seen.b[x]), a.values.values, int(a.seen.b[y]))
		})
	}
	return out
}

// different is an aggregate over the different values of a group, as they came.
type different struct {
	numbered
	of accumulator
}

func (a *different) add(arg, _ *columnar.Vector, sel, ids []int32) { a.codes(arg, sel, ids) }

func (a *different) result() (*columnar.Vector, error) {
	a.of.grow(a.groups)
	a.of.add(a.values.values, nil, a.seen.b, a.seen.a)
	return a.of.result()
}

// set is the different values as JSON.
type set struct {
	numbered
	texts int64 // bytes of what is in the sets, about: a value may be in many
}

func (a *set) size() int64 { return a.numbered.size() + a.texts }
func (a *set) add(arg, _ *columnar.Vector, sel, ids []int32) {
	before := len(a.seen.a)
	a.codes(arg, sel, ids)
	for _, v := range a.seen.b[before:] {
		a.texts += 16
		if arg.Type.Kind.InBytes() && v != a.values.null-1 {
			a.texts += int64(len(a.values.values.ByteAt(int(v))))
		}
	}
}

func (a *set) result() (*columnar.Vector, error) {
	out := columnar.NewVector(columnar.Of(columnar.String))
	for _, of := range a.ofGroups() {
		var b strings.Builder
		b.WriteByte('[')
		for i, pair := range of {
			if i > 0 {
				b.WriteByte(',')
			}
			text, err := json.Marshal(a.values.values.Any(int(a.seen.b[pair])))
			if err != nil {
				return nil, fmt.Errorf("set: %w", err)
			}
			if b.Write(text); b.Len() > query.LongestText {
				return nil, fmt.Errorf("set: %w", ErrLongText)
			}
		}
		b.WriteByte(']')
		out.AppendString(b.String())
	}
	return out, nil
}

// mode is the most frequent value, and of equally frequent ones the least.
type mode struct {
	numbered
	rows []int64 // by pair
}

func (a *mode) size() int64 { return a.numbered.size() + 8*int64(len(a.rows)) }
func (a *mode) add(arg, _ *columnar.Vector, sel, ids []int32) {
	codes := a.codes(arg, sel, ids)
	a.rows = extend(a.rows, len(a.seen.a))
	for _, pair := range codes {
		a.rows[pair]++
	}
}

func (a *mode) result() (*columnar.Vector, error) {
	out := columnar.NewVector(a.values.values.Type)
	for _, of := range a.ofGroups() {
		if len(of) == 0 {
			out.AppendNull()
			continue
		}
		best := of[0]
		for _, pair := range of {
			if a.rows[pair] > a.rows[best] {
				best = pair
			}
		}
		out.AppendFrom(a.values.values, int(a.seen.b[best]))
	}
	return out, nil
}

// deviation is Welford's: it loses no digits where values are large and alike.
type deviation struct {
	root, sample bool
	n            []int64
	mean, m2     []float64
}

func (a *deviation) grow(n int) {
	a.n, a.mean, a.m2 = extend(a.n, n), extend(a.mean, n), extend(a.m2, n)
}
func (a *deviation) size() int64 { return int64(24 * len(a.n)) }
func (a *deviation) add(arg, _ *columnar.Vector, sel, ids []int32) {
	for j, g := range ids {
		i := sel[j]
		if arg.Null != nil && arg.Null[i] {
			continue
		}
		a.n[g]++
		d := arg.Floats[i] - a.mean[g]
		a.mean[g] += d / float64(a.n[g])
		a.m2[g] += d * (arg.Floats[i] - a.mean[g])
	}
}

func (a *deviation) result() (*columnar.Vector, error) {
	out := columnar.NewVector(columnar.Of(columnar.Double))
	for g, n := range a.n {
		if a.sample {
			n--
		}
		switch v := a.m2[g] / float64(n); {
		case n <= 0:
			out.AppendNull()
		case a.root:
			out.AppendFloat(math.Sqrt(v))
		default:
			out.AppendFloat(v)
		}
	}
	return out, nil
}
