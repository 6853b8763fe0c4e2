package exec

import (
	"runtime"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// picked reports whether the rows of a plan are those for which all predicates are true
// that filters above told it of: those of a table that picks rows itself.
func picked(n *query.Bound) bool {
	switch n.Node.(type) {
	case query.Scan:
		_, ok := query.RowsOf(n.Table)
		return ok
	case query.Filter:
		return picked(n.Inputs[0])
	}
	return false
}

// hint is what more there is to say of a scan once the query runs.
type hint struct {
	by    *lake.Order
	keep  columnar.Keep
	exprs func() []query.Expr // rows for which they are not true are of no use; nil: none
	again bool                // the table is read once more: its files are counted then
}

// readRows gives the rows of a scan for which the predicates are true. Their columns are
// read first, others only where there is such a row.
func (b *builder) readRows(n *query.Bound, t query.RowTable, r query.Request, exprs []query.Expr, readers []reader) (rows, error) {
	h := b.hints[n]
	r.By, r.Keep = h.by, both(h.keep, r.Keep)
	if _, err := b.choice(n, exprs); err != nil {
		return nil, err
	}
	r.Between = b.look
	if workers := runtime.GOMAXPROCS(0); workers > 1 {
		r.Ahead = &lake.Ahead{Workers: workers, Hold: b.budget.hold}
	}
	return func(yield func(*chunk, error) bool) {
		out := &chunk{cols: make([]*columnar.Vector, len(readers))}
		var stats query.ScanStats
		defer func() {
			if h.again {
				stats = query.ScanStats{Rows: stats.Rows, Bytes: stats.Bytes}
			}
			b.stats.Scan.Add(stats)
		}()
		if err := b.look(); err != nil {
			yield(nil, err)
			return
		}
		exprs := exprs
		if h.exprs != nil {
			exprs = append(exprs[:len(exprs):len(exprs)], h.exprs()...)
		}
		if len(exprs) > 0 {
			if _, err := b.choice(n, exprs); err != nil {
				yield(nil, err)
				return
			}
			r.Choose = func() *columnar.Choice {
				c, _ := b.choice(n, exprs) // there was no error before
				return c
			}
		}
		for s, err := range t.Read(b.ctx, r, &stats) {
			if err == nil {
				err = b.look()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range readers {
				out.cols[i] = readers[i](s.Batch)
			}
			if out.n, out.sel = s.Len, s.Rows; s.Rows == nil {
				out.sel = allRows(s.Len)
			}
			if !yield(out, nil) {
				return
			}
		}
	}, nil
}

// choice picks rows for which predicates are true, on a goroutine of its own: nothing of
// it is shared but the budget.
func (b *builder) choice(n *query.Bound, exprs []query.Expr) (*columnar.Choice, error) {
	alone := &builder{ctx: b.ctx, budget: b.budget}
	preds, err := alone.predicates(exprs, n.Cols)
	if err != nil {
		return nil, err
	}
	out := &chunk{cols: make([]*columnar.Vector, len(n.Cols))}
	var sources []query.Source
	readers := map[int]reader{}
	for _, e := range exprs {
		for _, c := range query.Columns(e) {
			i := query.FindColumn(n.Cols, c.Path)
			if i < 0 || readers[i] != nil {
				continue
			}
			sources = append(sources, n.Sources[i])
			readers[i] = newReader(n.Sources[i], n.Cols[i].Type, alone.scope(nil))
		}
	}
	var rows []int32
	return &columnar.Choice{
		First: projection(n.Table.Schema(), slices.DeleteFunc(sources, func(s query.Source) bool { return s.Path == nil })),
		Rows: func(batch *columnar.Batch) ([]int32, error) {
			for i, r := range readers {
				out.cols[i] = r(batch)
			}
			out.n, out.sel = batch.Len, allRows(batch.Len)
			s := scratches.Get().(*scratch)
			s.truths, s.selected = resize(s.truths, out.n), resize(s.selected, out.n)
			rows = append(rows[:0], narrow(out, preds, s.truths, s.selected)...)
			scratches.Put(s)
			return rows, alone.look()
		},
	}, nil
}
