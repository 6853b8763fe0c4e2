package query

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
)

// OfLake is the catalog of a lake's tables and look-ups.
func OfLake(l *lake.Lake) Catalog { return lakeCatalog{l, lookup.New(l.Store(), l.Now)} }

type lakeCatalog struct {
	lake    *lake.Lake
	lookups *lookup.Set
}

func (c lakeCatalog) Table(ctx context.Context, name string) (Table, error) {
	if of, ok := strings.CutPrefix(name, Lookups); ok {
		return c.lookup(ctx, of)
	}
	if !lake.MayBeTable(name) {
		return nil, ErrNoTable
	}
	v, err := c.lake.Table(name).View(ctx)
	if errors.Is(err, lake.ErrNoTable) {
		c.lake.Forget(name)
		return nil, ErrNoTable
	}
	if err != nil {
		return nil, err
	}
	return lakeTable{v}, nil
}

func (c lakeCatalog) Tables(ctx context.Context) ([]string, error) {
	names, err := c.lake.Gold(ctx)
	if err != nil {
		return nil, err
	}
	for _, layer := range lake.Layers() {
		switch _, err := c.lake.Table(layer).Snapshot(ctx); {
		case err == nil:
			names = append(names, layer)
		case !errors.Is(err, lake.ErrNoTable):
			return nil, err
		}
	}
	lookups, err := c.lookupNames(ctx)
	if err != nil {
		return nil, err
	}
	names = append(names, lookups...)
	slices.Sort(names)
	return names, nil
}

type lakeTable struct{ *lake.View }

func (t lakeTable) Version() Version {
	v := Version{Number: t.View.Version(), Identity: t.View.Identity()}
	if first, last, ok := t.View.Span(TimeColumn); ok && first.Kind == columnar.Timestamp {
		v.Times = TimeRange{From: time.UnixMicro(first.Int), To: time.UnixMicro(last.Int).Add(time.Microsecond)}
	}
	return v
}

func (t lakeTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		var s lake.ScanStats
		t.View.Scan(ctx, want, keep, &s)(yield)
		stats.Add(statsOf(s))
	}
}

// Read implements RowTable.
func (t lakeTable) Read(ctx context.Context, r Request, stats *ScanStats) iter.Seq2[columnar.Selected, error] {
	return func(yield func(columnar.Selected, error) bool) {
		var s lake.ScanStats
		t.View.Read(ctx, r, &s)(yield)
		stats.Add(statsOf(s))
	}
}

func statsOf(s lake.ScanStats) ScanStats {
	return ScanStats{
		Files: s.Files + s.FilesPruned, FilesPruned: s.FilesPruned,
		RowGroups: s.RowGroups + s.RowGroupsPruned, RowGroupsPruned: s.RowGroupsPruned,
		Rows: s.Rows, Bytes: s.Bytes,
	}
}
