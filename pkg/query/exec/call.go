package exec

import (
	"fmt"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// ErrLongText ends a query one of whose functions makes a text that is too long.
var ErrLongText = fmt.Errorf("a text would be longer than %d MiB: cut it before, or replace and concatenate less", query.LongestText>>20)

// call computes a function row by row: null where an argument is null.
func (s scope) call(e query.Call, kind columnar.Kind) (value, error) {
	kinds := make([]columnar.Kind, len(e.Args))
	args := make([]value, len(e.Args))
	for i, x := range e.Args {
		t, err := query.TypeOf(x, s.cols)
		if err != nil {
			return nil, err
		}
		kinds[i] = t.Kind
		if args[i], err = s.value(x, columnar.String); err != nil {
			return nil, err
		}
	}
	eval, err := e.Prepare(kinds, s.stop)
	if err != nil {
		return nil, err
	}
	out := s.column(kind)
	vectors := make([]*columnar.Vector, len(args))
	row := make([]columnar.Value, len(args))
	return func(c *chunk, sel []int32) *columnar.Vector {
		for a, x := range args {
			vectors[a] = x(c, sel)
		}
		out.begin(c.n, nil)
		p := pace{stop: s.stop}
	next:
		for _, i := range sel {
			for a, v := range vectors {
				row[a] = valueAt(v, int(i))
				if row[a].Kind == columnar.Invalid {
					out.null(int(i))
					continue next
				}
				p.bytes += len(row[a].Bytes)
			}
			if p.stopped() {
				out.null(int(i))
				continue
			}
			v := eval(row)
			if len(v.Bytes) > query.LongestText {
				s.texts.end(ErrLongText)
				v = columnar.Value{}
			}
			p.bytes += len(v.Bytes)
			out.set(int(i), v)
		}
		return out.vector()
	}, nil
}
