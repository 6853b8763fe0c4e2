package exec

import (
	"fmt"

	"github.com/axiomhq/hyperloglog"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// exactDistinct is up to how many distinct values of a group are counted exactly.
// leastExact is what that may go down to when memory is short: a sketch is no
// smaller than so many values.
const (
	exactDistinct = 100_000
	leastExact    = 1000
)

// sketchBytes is the size of a sketch of 2^14 registers, whose standard error is
// 0.8 %. They are dense from the start, because then the order of values does not
// matter.
const sketchBytes = 1 << 14

// distinctCount counts the distinct values that are not null. Values are kept until
// a group has more than bound of them, or until they take more than their share of
// memory, when bound is halved. Beyond bound a group has a HyperLogLog sketch, in
// which the values that were kept are put at the end.
type distinctCount struct {
	t        columnar.Type
	values   *coder
	seen     *pairs // of group and value
	bound    int64
	share    int64 // bytes
	tidyAt   int64 // bytes at which to look what need not be kept
	n        []int64
	sketches map[int32]*hyperloglog.Sketch

	// last is for each value 1 + the group that it was last seen in: rows that lie in
	// the order of the groups, as they do by day, are mostly settled by it.
	last []int32

	codes, sel, ids []int32
	key             []byte
}

func newDistinctCount(t columnar.Type, share int64) *distinctCount {
	return &distinctCount{
		t: t, values: newCoder(t), seen: &pairs{}, bound: exactDistinct, share: share, tidyAt: share,
		sketches: map[int32]*hyperloglog.Sketch{},
	}
}

func (a *distinctCount) grow(n int)      { a.n = extend(a.n, n) }
func (a *distinctCount) estimated() bool { return len(a.sketches) > 0 }
func (a *distinctCount) kept() int64 {
	return a.values.size() + a.seen.size() + int64(4*len(a.last))
}

func (a *distinctCount) size() int64 {
	return a.kept() + 8*int64(len(a.n)) + sketchBytes*int64(len(a.sketches))
}

func (a *distinctCount) add(arg, _ *columnar.Vector, sel, ids []int32) {
	if len(a.sketches) > 0 {
		sel, ids = a.sketch(arg, sel, ids)
	}
	a.codes = resize(a.codes, len(sel))
	a.values.codes(arg, sel, a.codes)
	a.last = extend(a.last, a.values.values.Len)
	groups, values := a.ids[:0], a.codes[:0]
	for j, v := range a.codes {
		if g := ids[j]; a.last[v] != g+1 {
			a.last[v] = g + 1
			groups, values = append(groups, g), append(values, v)
		}
	}
	a.ids = groups
	before := len(a.seen.a)
	a.seen.codes(groups, values, values)
	for i := before; i < len(a.seen.a); i++ {
		if a.seen.b[i] == a.values.null-1 {
			continue
		}
		g := a.seen.a[i]
		if a.n[g]++; a.n[g] > a.bound && a.sketches[g] == nil {
			a.sketches[g] = hyperloglog.NewNoSparse()
		}
	}
	if a.kept() > a.tidyAt {
		a.tidy()
	}
}

// sketch adds the rows of groups that have a sketch to it, and gives the others.
func (a *distinctCount) sketch(arg *columnar.Vector, sel, ids []int32) (_, _ []int32) {
	a.sel, a.ids = a.sel[:0], a.ids[:0]
	for j, g := range ids {
		s := a.sketches[g]
		switch {
		case s == nil:
			a.sel, a.ids = append(a.sel, sel[j]), append(a.ids, g)
		case !arg.IsNull(int(sel[j])):
			a.insert(s, arg, int(sel[j]))
		}
	}
	return a.sel, a.ids
}

func (a *distinctCount) insert(s *hyperloglog.Sketch, v *columnar.Vector, i int) {
	a.key = appendValueKey(a.key[:0], v, i)
	s.Insert(a.key)
}

// tidy drops what sketches have, and if that is not much lowers the bound until
// more groups are beyond it.
func (a *distinctCount) tidy() {
	for more := len(a.sketches) > 0 || a.lower(); more; more = a.kept() > a.share/2 && a.lower() {
		a.compact()
	}
	a.tidyAt = max(a.share, 2*a.kept())
}

// lower halves the bound until there are more sketches. It reports false where
// there are none to be had.
func (a *distinctCount) lower() bool {
	before := len(a.sketches)
	for a.bound > leastExact && len(a.sketches) == before {
		a.bound = max(a.bound/2, leastExact)
		for g, n := range a.n {
			if n > a.bound && a.sketches[int32(g)] == nil {
				a.sketches[int32(g)] = hyperloglog.NewNoSparse()
			}
		}
	}
	return len(a.sketches) > before
}

// compact puts the values of groups with a sketch into it and keeps the others.
func (a *distinctCount) compact() {
	values, seen := a.values, a.seen
	a.values, a.seen, a.last = newCoder(a.t), &pairs{}, nil
	var row, code, group [1]int32
	for i, g := range seen.a {
		v := seen.b[i]
		if s := a.sketches[g]; s != nil {
			if v != values.null-1 {
				a.insert(s, values.values, int(v))
			}
			continue
		}
		row[0], group[0] = v, g
		a.values.codes(values.values, row[:], code[:])
		a.seen.codes(group[:], code[:], code[:])
	}
}

func (a *distinctCount) result() (*columnar.Vector, error) {
	for i, g := range a.seen.a {
		if s := a.sketches[g]; s != nil && a.seen.b[i] != a.values.null-1 {
			a.insert(s, a.values.values, int(a.seen.b[i]))
		}
	}
	for g, s := range a.sketches {
		a.n[g] = int64(s.Estimate())
	}
	return longs(a.n), nil
}

// estimate notes that a column of an operator has estimates.
func (b *builder) estimate(n *query.Bound, col int) {
	if b.estimates == nil {
		b.estimates = map[*query.Bound][]int{}
	}
	b.estimates[n] = append(b.estimates[n], col)
}

// estimated says of each column of an operator that has run whether it is made of
// estimates.
func (b *builder) estimated(n *query.Bound) []bool {
	out := make([]bool, len(n.Cols))
	if len(n.Inputs) == 0 || len(b.estimates) == 0 {
		return out
	}
	in := b.estimated(n.Inputs[0])
	made := func(exprs ...query.Expr) bool {
		for _, e := range exprs {
			if e == nil {
				continue
			}
			for _, c := range query.Columns(e) {
				if i := query.FindColumn(n.Inputs[0].Cols, c.Path); i >= 0 && in[i] {
					return true
				}
			}
		}
		return false
	}
	switch node := n.Node.(type) {
	case query.Project:
		for i, c := range node.Cols {
			out[i] = made(c.Expr)
		}
	case query.Aggregate:
		for i, c := range node.By {
			out[i] = made(c.Expr)
		}
		for i, agg := range node.Aggs {
			out[len(node.By)+i] = made(agg.Arg, agg.By)
		}
	case query.Join:
		copy(out, in)
		right := b.estimated(n.Inputs[1])
		for i, col := range n.Right {
			out[len(in)+i] = right[col]
		}
	case query.Window:
		copy(out, in)
		out[len(in)] = made(node.Arg, node.Default)
	case query.Union:
		copy(out, in)
		for _, other := range n.Inputs[1:] {
			for i, is := range b.estimated(other) {
				out[i] = out[i] || is
			}
		}
	default:
		copy(out, in)
	}
	for _, col := range b.estimates[n] {
		out[col] = true
	}
	return out
}

func estimateNotices(r *Result) []string {
	var out []string
	for i, is := range r.Estimated {
		if is {
			out = append(out, fmt.Sprintf("%s is an estimate, to about 1 in 100, where there are many distinct values", r.Schema[i].Name))
		}
	}
	return out
}
