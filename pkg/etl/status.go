package etl

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Status is the state of a lake as its logs tell it, without reading rows.
type Status struct {
	Tables []TableStatus    `json:"tables"`
	Runs   []map[string]any `json:"runs"` // newest first, by column of the table runs
}

// TableStatus is one table at its newest version.
type TableStatus struct {
	Name    string `json:"name"`
	Version int64  `json:"version"`
	Rows    int64  `json:"rows"`
	Files   int64  `json:"files"`
	Bytes   int64  `json:"bytes"`
	// FirstEvent and LastEvent are the times of the oldest and the newest event, null
	// where the table has none.
	FirstEvent *time.Time `json:"firstEvent"`
	LastEvent  *time.Time `json:"lastEvent"`
}

const statusRuns = 20

// ReadStatus is the status of a lake; delta.ErrNoTable if there is none.
func ReadStatus(ctx context.Context, l *lake.Lake) (*Status, error) {
	gold, err := l.Gold(ctx)
	if err != nil {
		return nil, err
	}
	out := &Status{Tables: []TableStatus{}, Runs: []map[string]any{}}
	for _, name := range append([]string{lake.Bronze, lake.Quarantine, lake.Silver}, gold...) {
		snap, err := l.Table(name).Snapshot(ctx)
		if errors.Is(err, delta.ErrNoTable) && name != lake.Bronze {
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Tables = append(out.Tables, tableStatus(name, snap))
	}
	if out.Runs, err = recentRuns(ctx, l); err != nil {
		return nil, err
	}
	return out, nil
}

func tableStatus(name string, snap *delta.Snapshot) TableStatus {
	s := TableStatus{Name: name, Version: snap.Version(), Files: int64(snap.NumFiles())}
	oldest, newest := int64(math.MaxInt64), int64(0)
	for a := range snap.Files() {
		s.Bytes += a.Size
		bounds := snap.Bounds(a)
		s.Rows += max(bounds.Rows(), 0)
		// The delivered milliseconds: a timestamp's statistics are rounded up.
		if b, ok := bounds.Bound("timestamp"); ok && b.Max.Kind == columnar.Long {
			oldest, newest = min(oldest, b.Min.Int), max(newest, b.Max.Int)
		}
	}
	if newest > 0 {
		first, last := time.UnixMilli(oldest).UTC(), time.UnixMilli(newest).UTC()
		s.FirstEvent, s.LastEvent = &first, &last
	}
	return s
}

func recentRuns(ctx context.Context, l *lake.Lake) ([]map[string]any, error) {
	runs := []map[string]any{}
	table := l.Table(lake.Runs)
	snap, err := table.Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return runs, nil
	}
	if err != nil {
		return nil, err
	}
	files := slices.SortedFunc(snap.Files(), func(a, b *delta.Add) int { return b.ModificationTime.Compare(a.ModificationTime) })
	newest := slices.Values(files[:min(len(files), statusRuns)])
	for b, err := range table.ScanFiles(ctx, snap, newest, runsSchema(), nil, nil) {
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			row := map[string]any{}
			for c, f := range b.Schema {
				row[f.Name] = b.Columns[c].Any(i)
			}
			runs = append(runs, row)
		}
	}
	started := func(r map[string]any) time.Time { t, _ := r["startedAt"].(time.Time); return t }
	slices.SortFunc(runs, func(a, b map[string]any) int { return cmp.Compare(started(b).UnixMicro(), started(a).UnixMicro()) })
	return runs[:min(len(runs), statusRuns)], nil
}
