package etl

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Landed is what of the deliveries, of all sources, the lake has taken in.
type Landed struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"` // as delivered
	Lines int64 `json:"lines"`
	// FirstDate and LastDate are of delivery, yyyy-mm-dd; "" if nothing was taken in.
	FirstDate string `json:"firstDate"`
	LastDate  string `json:"lastDate"`
}

// ReadLanded reads the landing manifest at the newest version of bronze. Without
// bronze nothing has landed.
func ReadLanded(ctx context.Context, l *lake.Lake) (*Landed, error) {
	snap, err := l.Table(lake.Bronze).Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return &Landed{}, nil
	}
	if err != nil {
		return nil, err
	}
	path, err := landingPath(snap)
	if err != nil {
		return nil, err
	}
	state, err := landing.Load(ctx, l.Store(), path, nil)
	if err != nil {
		return nil, err
	}
	total := state.Totals()
	out := &Landed{Files: total.Files, Bytes: total.Bytes, Lines: total.Lines}
	if dates := slices.Sorted(maps.Keys(state.Dates)); len(dates) > 0 {
		out.FirstDate, out.LastDate = dates[0], dates[len(dates)-1]
	}
	return out, nil
}
