package exec

import (
	"sync"

	"github.com/auditlake/auditlake/pkg/query"
)

// filter narrows the selection to the rows for which the predicate is true. Its
// conjuncts tell the scan below, if there is one, what need not be read.
func (b *builder) filter(n *query.Bound, f query.Filter, useful []query.Expr) (rows, error) {
	conjuncts := query.Conjuncts(f.If)
	preds, err := b.predicates(conjuncts, n.Cols)
	if err != nil {
		return nil, err
	}
	in, err := b.build(n.Inputs[0], append(conjuncts, useful...))
	if err != nil || picked(n.Inputs[0]) {
		return in, err
	}
	return filter(in, preds), nil
}

func filter(in rows, preds []predicate) rows {
	return func(yield func(*chunk, error) bool) {
		var out chunk
		var truths []truth
		var selected []int32
		for c, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			truths = resize(truths, c.n)
			selected = resize(selected, len(c.sel))
			sel := narrow(c, preds, truths, selected)
			if len(sel) == 0 {
				continue
			}
			out = chunk{c.n, c.cols, sel}
			if !yield(&out, nil) {
				return
			}
		}
	}
}

// scratch is what rows of one batch are picked in. It is lent for a batch: short queries
// have one, and memory of its size costs them as much as the picking.
type scratch struct {
	truths   []truth
	selected []int32
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// narrow is the rows of a chunk for which all predicates are true, in the memory of
// selected.
func narrow(c *chunk, preds []predicate, truths []truth, selected []int32) []int32 {
	sel := c.sel
	for _, p := range preds {
		p(c, sel, truths)
		k := 0
		for _, i := range sel {
			selected[k] = i
			if truths[i] == yes {
				k++
			}
		}
		if sel = selected[:k]; k == 0 {
			break
		}
	}
	return sel
}
