package exec

import (
	"context"
	"iter"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Measure is about how many bytes RunBound would fetch for a plan: it is run over tables
// that say so in the place of giving rows. So it knows what is pruned by statistics in the
// logs, and nothing of what row groups and the rows themselves would spare.
func Measure(ctx context.Context, bound *query.Bound) (int64, error) {
	var bytes int64
	if _, err := RunBound(ctx, measured(bound, &bytes), Options{}); err != nil {
		return 0, err
	}
	return bytes, nil
}

// measured is the plan over such tables.
func measured(b *query.Bound, bytes *int64) *query.Bound {
	out := *b
	if b.Table != nil {
		out.Table = measuredTable{b.Table, bytes}
	}
	out.Inputs = make([]*query.Bound, len(b.Inputs))
	for i, in := range b.Inputs {
		out.Inputs[i] = measured(in, bytes)
	}
	return &out
}

type measuredTable struct {
	query.Table
	bytes *int64
}

func (t measuredTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, _ *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		n, err := query.ScanBytes(ctx, t.Table, want, keep)
		*t.bytes += n
		if err != nil {
			yield(nil, err)
		}
	}
}
