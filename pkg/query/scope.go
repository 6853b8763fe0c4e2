package query

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// WorkspaceColumn is the workspace that a row belongs to: the column that scopes
// are about.
const WorkspaceColumn = "workspaceId"

// Scope is the rows a data source may show at all.
type Scope struct {
	// Workspaces are the ids whose events may be seen; 0 is the account level.
	// Nil is no restriction, an empty list allows nothing.
	Workspaces []int64
}

// Scoped is the catalog with the rows of the scope alone: whoever reads from it,
// by whatever plan, never gets another row. A row without a workspace is in no
// scope, and neither are those of a table that says nothing of workspaces, such as
// runs. Of the table of identities a principal is visible if it was seen in a visible
// workspace; when and where else it was seen is null. In a look-up a row whose workspaceId is null is that of every workspace, and
// one that has no such column is in no scope either. Where delivered lines are read, they must not say that they are another
// workspace's. Names of tables and columns are those of the whole lake.
func Scoped(c Catalog, s Scope) Catalog {
	if s.Workspaces == nil {
		return c
	}
	visible := make(map[int64]bool, len(s.Workspaces))
	for _, id := range s.Workspaces {
		visible[id] = true
	}
	return scopedCatalog{c, visible}
}

type scopedCatalog struct {
	Catalog
	visible map[int64]bool
}

func (c scopedCatalog) Table(ctx context.Context, name string) (Table, error) {
	t, err := c.Catalog.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	scoped := scopedTable{t, c.visible, IsLookup(name)}
	if name == lake.Identities {
		return scopedIdentities{scoped}, nil
	}
	return scoped, nil
}

type scopedTable struct {
	Table
	visible map[int64]bool
	shared  bool // a row without a workspace is visible
}

// Version differs from one scope to another.
func (t scopedTable) Version() Version {
	v := t.Table.Version()
	if v.Identity != "" {
		v.Identity = fmt.Sprintf("workspaces %v of %s", slices.Sorted(maps.Keys(t.visible)), v.Identity)
	}
	return v
}

// Scan reads the workspaces too, if they are not wanted, and leaves out files and
// row groups that have no visible one. The rows in stats are the visible ones.
func (t scopedTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	schema := t.Schema()
	i := schema.IndexFold(WorkspaceColumn)
	if i < 0 || family(schema[i].Type.Kind) != int(columnar.Long) {
		return func(func(*columnar.Batch, error) bool) {}
	}
	workspace := schema[i]
	read := want
	at := want.Index(workspace.Name)
	if at < 0 {
		at = len(want)
		read = append(want[:at:at], workspace)
	}
	lines := linesIn(want)
	keepVisible := func(b columnar.Bounds) bool {
		return t.mayBeVisible(b, workspace.Name) && (keep == nil || keep(b))
	}
	return func(yield func(*columnar.Batch, error) bool) {
		var inner ScanStats
		var rows int64
		defer func() {
			inner.Rows = rows
			stats.Add(inner)
		}()
		var selected []int32
		var visible gathering
		for b, err := range t.Table.Scan(ctx, read, keepVisible, &inner) {
			if err != nil {
				yield(nil, err)
				return
			}
			selected = t.selectVisible(b.Columns[at], selected[:0])
			selected = t.dropLines(b.Columns, lines, selected)
			if len(selected) == 0 {
				continue
			}
			out := &columnar.Batch{Schema: want, Len: b.Len, Columns: b.Columns[:len(want)]}
			if len(selected) < b.Len {
				out = visible.take(out, selected)
			}
			rows += int64(out.Len)
			if !yield(out, nil) {
				return
			}
		}
	}
}

// mayBeVisible reports whether rows with these bounds may have a visible
// workspace.
func (t scopedTable) mayBeVisible(b columnar.Bounds, column string) bool {
	bound, ok := b.Bound(column)
	if !ok {
		return true
	}
	if bound.Nulls != 0 && t.shared { // -1 where it is not known
		return true
	}
	if b.Rows() > 0 && bound.Nulls >= b.Rows() {
		return false
	}
	for id := range t.visible {
		above := !bound.Min.Kind.InInts() || bound.Min.Int <= id
		below := !bound.Max.Kind.InInts() || id <= bound.Max.Int
		if above && below {
			return true
		}
	}
	return false
}

// selectVisible appends the rows with a visible workspace. Events of one
// workspace come in runs.
func (t scopedTable) selectVisible(workspaces *columnar.Vector, rows []int32) []int32 {
	var last int64
	known, visible := false, false
	for i, id := range workspaces.Ints[:workspaces.Len] {
		if workspaces.IsNull(i) {
			if t.shared {
				rows = append(rows, int32(i))
			}
			continue
		}
		if !known || id != last {
			known, last, visible = true, id, t.visible[id]
		}
		if visible {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// gathering takes rows out of batches, one batch after the other in the same
// memory.
type gathering struct{ columns []*columnar.Vector }

func (g *gathering) take(b *columnar.Batch, rows []int32) *columnar.Batch {
	for len(g.columns) < len(b.Columns) {
		g.columns = append(g.columns, &columnar.Vector{})
	}
	out := &columnar.Batch{Schema: b.Schema, Len: len(rows), Columns: make([]*columnar.Vector, len(b.Columns))}
	for i, c := range b.Columns {
		out.Columns[i] = gather(g.columns[i], c, rows)
	}
	return out
}

// gather is src.Take(rows) in the memory of dst. Maps, lists and strings without
// a dictionary are made anew.
func gather(dst, src *columnar.Vector, rows []int32) *columnar.Vector {
	coded := src.Codes != nil
	if src.Type.Kind > columnar.Struct || src.Type.Kind.InBytes() && !coded {
		return src.Take(rows)
	}
	out := &columnar.Vector{Type: src.Type, Len: len(rows)}
	if src.Null != nil {
		dst.Null = pick(dst.Null, src.Null, rows)
		out.Null = dst.Null
	}
	switch {
	case src.Type.Kind == columnar.Struct:
		for len(dst.Children) < len(src.Children) {
			dst.Children = append(dst.Children, &columnar.Vector{})
		}
		out.Children = make([]*columnar.Vector, len(src.Children))
		for i, child := range src.Children {
			out.Children[i] = gather(dst.Children[i], child, rows)
		}
	case coded:
		dst.Codes = pick(dst.Codes, src.Codes, rows)
		out.Codes, out.Dict = dst.Codes, src.Dict
	case src.Type.Kind.InFloats():
		dst.Floats = pick(dst.Floats, src.Floats, rows)
		out.Floats = dst.Floats
	default:
		dst.Ints = pick(dst.Ints, src.Ints, rows)
		out.Ints = dst.Ints
	}
	return out
}

func pick[T any](dst, src []T, rows []int32) []T {
	if cap(dst) < len(rows) {
		dst = make([]T, len(src))
	}
	dst = dst[:len(rows)]
	for i, r := range rows {
		dst[i] = src[r]
	}
	return dst
}
