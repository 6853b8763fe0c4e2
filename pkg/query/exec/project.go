package exec

import (
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// project computes columns.
func (b *builder) project(n *query.Bound, p query.Project, in rows) (rows, error) {
	values := make([]value, len(p.Cols))
	for i, c := range p.Cols {
		var err error
		if values[i], err = b.scope(n.Inputs[0].Cols).value(c.Expr, n.Cols[i].Type.Kind); err != nil {
			return nil, err
		}
	}
	return func(yield func(*chunk, error) bool) {
		out := chunk{cols: make([]*columnar.Vector, len(values))}
		for c, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			out.n, out.sel = c.n, c.sel
			for i, v := range values {
				out.cols[i] = v(c, c.sel)
			}
			if !yield(&out, nil) {
				return
			}
		}
	}, nil
}
