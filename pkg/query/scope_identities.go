package query

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// seenColumn lists the workspaces in which a principal was seen, with commas between
// them.
const seenColumn = "workspaces"

// scopedIdentities is the table of identities with the principals that were seen in
// a visible workspace. What a principal is called is the same wherever it is; where
// and when it was seen is told of visible workspaces alone, and days are told of all
// of them together, so they are null.
type scopedIdentities struct{ scopedTable }

// tellsOfOthers says that a column is made from what happened in all workspaces.
func tellsOfOthers(column string) bool {
	switch column {
	case "firstSeen", "lastSeen", "namedAt", "checkedAt", "updatedAt":
		return true
	}
	return false
}

// rows says that its rows are not picked: the table is small.
func (scopedIdentities) rows() (RowTable, bool) { return nil, false }

// Scan asks for no bounds: the table is small, and its bounds are of what is hidden,
// too.
func (t scopedIdentities) Scan(ctx context.Context, want columnar.Schema, _ columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	i := t.Schema().Index(seenColumn)
	if i < 0 || t.Schema()[i].Type.Kind != columnar.String {
		return func(func(*columnar.Batch, error) bool) {}
	}
	read := want
	at := want.Index(seenColumn)
	if at < 0 {
		at = len(want)
		read = append(slices.Clone(want), t.Schema()[i])
	}
	return func(yield func(*columnar.Batch, error) bool) {
		var inner ScanStats
		var rows int64
		defer func() {
			inner.Rows = rows
			stats.Add(inner)
		}()
		for b, err := range t.Table.Scan(ctx, read, nil, &inner) {
			if err != nil {
				yield(nil, err)
				return
			}
			out := t.visibleOf(b, want, at)
			rows += int64(out.Len)
			if out.Len > 0 && !yield(out, nil) {
				return
			}
		}
	}
}

// visibleOf is what of a batch may be seen; seen is the column of workspaces in it.
func (t scopedIdentities) visibleOf(b *columnar.Batch, want columnar.Schema, seen int) *columnar.Batch {
	workspaces := columnar.NewVector(b.Columns[seen].Type)
	var rows []int32
	for i := range b.Len {
		if ids := t.visibleIn(string(b.Columns[seen].ByteAt(i))); ids != "" {
			workspaces.AppendString(ids)
			rows = append(rows, int32(i))
		}
	}
	out := &columnar.Batch{Schema: want, Len: len(rows), Columns: make([]*columnar.Vector, len(want))}
	for c, f := range want {
		switch {
		case c == seen:
			out.Columns[c] = workspaces
		case tellsOfOthers(f.Name):
			out.Columns[c] = columnar.NewVector(f.Type)
			out.Columns[c].AppendNulls(len(rows))
		default:
			out.Columns[c] = b.Columns[c].Take(rows)
		}
	}
	return out
}

// visibleIn is what is visible of a list of workspaces.
func (t scopedIdentities) visibleIn(workspaces string) string {
	ids := strings.Split(workspaces, ",")
	return strings.Join(slices.DeleteFunc(ids, func(id string) bool {
		n, err := strconv.ParseInt(id, 10, 64)
		return err != nil || !t.visible[n]
	}), ",")
}
