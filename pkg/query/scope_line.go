package query

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Tables of delivered lines have the workspace of the folder that a line was
// delivered to. The line may be an event of another one, and whoever reads it
// reads that event: so a line is shown only if what it says itself is in the scope
// too. One that says nothing is that of its folder.

// linesIn are the places of delivered lines in a projection.
func linesIn(want columnar.Schema) (at []int) {
	for _, name := range []string{"raw", "rawBytes"} {
		if i := want.IndexFold(name); i >= 0 && want[i].Type.Kind.InBytes() {
			at = append(at, i)
		}
	}
	return at
}

// dropLines takes the rows away whose line says that it is out of the scope.
func (t scopedTable) dropLines(columns []*columnar.Vector, lines []int, rows []int32) []int32 {
	if len(lines) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(row int32) bool {
		for _, at := range lines {
			if v := columns[at]; !v.IsNull(int(row)) && !t.mayShow(v.ByteAt(int(row))) {
				return true
			}
		}
		return false
	})
}

// mayShow reports whether a line says of no workspace that is not visible that it
// is its own.
func (t scopedTable) mayShow(line []byte) bool {
	if !json.Valid(line) {
		return true
	}
	w := &walk{in: line}
	if w.space(); w.in[w.at] != '{' {
		return true
	}
	show := true
	w.members(func(key []byte) {
		w.space()
		start := w.at
		w.skip()
		if string(key) != WorkspaceColumn {
			return
		}
		id := w.in[start:w.at]
		if id[0] == '"' {
			id = unquote(id)
		}
		if n, err := strconv.ParseInt(string(id), 10, 64); err == nil && !t.visible[n] {
			show = false
		}
	})
	return show
}
