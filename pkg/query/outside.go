package query

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Outside is how an engine that reads the Delta tables itself gets the rows of a scan.
type Outside struct {
	Version int64 // of the table
	// Workspaces are those that the rows may be of, as the column Column says; nil is no
	// restriction, and an empty list allows nothing.
	Workspaces []int64
	Column     string
}

// ErrInside is a scan whose rows are made here, out of those of the table.
var ErrInside = errors.New("read by the embedded engine alone")

// OutsideOf says how another engine gets the rows of a bound scan, of a table that exists.
// It is ErrInside where it cannot: something of the columns that are read is hidden from
// who asks, or what is visible is not told by a column.
func OutsideOf(scan *Bound) (Outside, error) {
	t, ok := scan.Table.(outsider)
	if !ok {
		return Outside{}, fmt.Errorf("%w: table %s is no table of the lake", ErrInside, scan.Node.(Scan).Table)
	}
	out, err := t.outside(scan.Sources)
	if err != nil {
		return Outside{}, fmt.Errorf("%w: table %s: %w", ErrInside, scan.Node.(Scan).Table, err)
	}
	return out, nil
}

// outsider is a Table whose rows another engine can get, at least in part.
type outsider interface {
	Table
	outside(read []Source) (Outside, error)
}

func outsideOf(t Table, read []Source) (Outside, error) {
	inner, ok := t.(outsider)
	if !ok {
		return Outside{}, errors.New("it is no table of the lake")
	}
	return inner.outside(read)
}

func (t lakeTable) outside([]Source) (Outside, error) {
	return Outside{Version: t.View.Version()}, nil
}

func (t scopedTable) outside(read []Source) (Outside, error) {
	out, err := outsideOf(t.Table, read)
	if err != nil {
		return out, err
	}
	if t.shared || out.Workspaces != nil {
		return Outside{}, errors.New("its rows are no events of a workspace")
	}
	for _, s := range read {
		if len(s.Path) > 0 && len(linesIn(columnar.Schema{{Name: s.Path[0], Type: columnar.Of(columnar.String)}})) > 0 {
			return Outside{}, errors.New("delivered lines are looked through for workspaces that may not be seen")
		}
	}
	out.Workspaces = []int64{}
	if i := t.Schema().IndexFold(WorkspaceColumn); i >= 0 && family(t.Schema()[i].Type.Kind) == int(columnar.Long) {
		out.Column = t.Schema()[i].Name
		out.Workspaces = append(out.Workspaces, slices.Sorted(maps.Keys(t.visible))...) // never nil
	}
	return out, nil
}

func (t scopedIdentities) outside([]Source) (Outside, error) {
	return Outside{}, errors.New("who was seen in which workspace is worked out here")
}

func (t redactedTable) outside(read []Source) (Outside, error) {
	for _, s := range read {
		if len(s.Path) == 0 {
			continue
		}
		treat := t.treat[s.Path[0]]
		if treat != untreated && !(treat == response && len(s.Path) > 1 && isStatus(s.Path[1])) {
			return Outside{}, fmt.Errorf("something of %s is hidden from who asks", s.Path[0])
		}
	}
	return outsideOf(t.Table, read)
}

// ScanBytes is about how many bytes a Scan of the table would fetch, as far as the
// statistics in the log tell; 0 of a look-up in a file, which is in memory.
func ScanBytes(ctx context.Context, t Table, want columnar.Schema, keep columnar.Keep) (int64, error) {
	if t, ok := t.(sized); ok {
		return t.scanBytes(ctx, want, keep)
	}
	return 0, nil
}

// sized is a Table that knows what a scan would fetch.
type sized interface {
	scanBytes(ctx context.Context, want columnar.Schema, keep columnar.Keep) (int64, error)
}

func (t lakeTable) scanBytes(ctx context.Context, want columnar.Schema, keep columnar.Keep) (int64, error) {
	return t.Bytes(ctx, want, keep)
}

func (t scopedTable) scanBytes(ctx context.Context, want columnar.Schema, keep columnar.Keep) (int64, error) {
	i := t.Schema().IndexFold(WorkspaceColumn)
	if i < 0 {
		return 0, nil
	}
	visible := func(b columnar.Bounds) bool {
		return t.mayBeVisible(b, t.Schema()[i].Name) && (keep == nil || keep(b))
	}
	return ScanBytes(ctx, t.Table, want, visible)
}

func (t redactedTable) scanBytes(ctx context.Context, want columnar.Schema, keep columnar.Keep) (int64, error) {
	if keep == nil {
		return ScanBytes(ctx, t.Table, want, nil)
	}
	return ScanBytes(ctx, t.Table, want, func(b columnar.Bounds) bool { return keep(withoutBounds{b, t.treat}) })
}
