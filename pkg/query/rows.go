package query

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// How tables that hide something pick rows: what picks them sees what a Scan would give,
// and bounds say as little as in a Scan.

func (t redactedTable) rows() (RowTable, bool) {
	inner, ok := RowsOf(t.Table)
	return redactedRows{t, inner}, ok
}

// redactedRows are the rows of a redacted table.
type redactedRows struct {
	redactedTable
	inner RowTable
}

// Read implements RowTable.
func (t redactedRows) Read(ctx context.Context, r Request, stats *ScanStats) iter.Seq2[columnar.Selected, error] {
	r.Keep = t.keep(r.Keep)
	if r.By != nil && t.treat[r.By.Column] != untreated {
		r.By = nil
	}
	if choose := r.Choose; choose != nil {
		r.Choose = func() *columnar.Choice {
			inner := choose()
			hide := t.rewriting(inner.First)
			return &columnar.Choice{First: inner.First, Rows: func(b *columnar.Batch) ([]int32, error) { return inner.Rows(hide(b)) }}
		}
	}
	return func(yield func(columnar.Selected, error) bool) {
		hide := t.rewriting(r.Want)
		for s, err := range t.inner.Read(ctx, r, stats) {
			if err == nil {
				s.Batch = hide(s.Batch)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func (t scopedTable) rows() (RowTable, bool) {
	inner, ok := RowsOf(t.Table)
	if i := t.Schema().IndexFold(WorkspaceColumn); i < 0 || family(t.Schema()[i].Type.Kind) != int(columnar.Long) {
		return nil, false
	}
	return scopedRows{t, inner}, ok
}

// scopedRows are the rows of a scoped table.
type scopedRows struct {
	scopedTable
	inner RowTable
}

// Read implements RowTable. Rows of other workspaces are taken away before anything
// picks among the rest, and are not counted.
func (t scopedRows) Read(ctx context.Context, r Request, stats *ScanStats) iter.Seq2[columnar.Selected, error] {
	workspace := t.Schema()[t.Schema().IndexFold(WorkspaceColumn)]
	lines := slices.DeleteFunc(slices.Clone(r.Want), func(f columnar.Field) bool { return len(linesIn(columnar.Schema{f})) == 0 })
	keep := r.Keep
	r.Keep = func(b columnar.Bounds) bool { return t.mayBeVisible(b, workspace.Name) && (keep == nil || keep(b)) }
	var seen atomic.Int64
	choose := r.Choose
	r.Choose = func() *columnar.Choice {
		wanted := &columnar.Choice{}
		if choose != nil {
			wanted = choose()
		}
		first := slices.Clone(wanted.First)
		for _, f := range append(lines, workspace) {
			if first.Index(f.Name) < 0 {
				first = append(first, f)
			}
		}
		v := &visibleRows{table: t.scopedTable, wanted: wanted, workspace: first.Index(workspace.Name), lines: linesIn(first), seen: &seen}
		return &columnar.Choice{First: first, Rows: v.pick}
	}
	return func(yield func(columnar.Selected, error) bool) {
		var inner ScanStats
		defer func() {
			inner.Rows = seen.Load()
			stats.Add(inner)
		}()
		t.inner.Read(ctx, r, &inner)(yield)
	}
}

// visibleRows picks rows of visible workspaces, for one goroutine.
type visibleRows struct {
	table     scopedTable
	wanted    *columnar.Choice // among them; all if it has no Rows
	workspace int              // the column of it in a batch
	lines     []int            // and those of delivered lines
	seen      *atomic.Int64

	rows   []int32
	batch  gathering
	picked []int32
}

func (v *visibleRows) pick(b *columnar.Batch) ([]int32, error) {
	v.rows = v.table.selectVisible(b.Columns[v.workspace], v.rows[:0])
	v.rows = v.table.dropLines(b.Columns, v.lines, v.rows)
	v.seen.Add(int64(len(v.rows)))
	if v.wanted.Rows == nil || len(v.rows) == 0 {
		return v.rows, nil
	}
	n := len(v.wanted.First)
	visible := &columnar.Batch{Schema: v.wanted.First, Len: b.Len, Columns: b.Columns[:n]}
	if len(v.rows) == b.Len {
		return v.wanted.Rows(visible)
	}
	picked, err := v.wanted.Rows(v.batch.take(visible, v.rows))
	v.picked = v.picked[:0]
	for _, i := range picked {
		v.picked = append(v.picked, v.rows[i])
	}
	return v.picked, err
}
