package exec

import (
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// maxWinners is up to which limit the rows that are first are looked for before they are
// read.
const maxWinners = 10_000

// winners are the values that the first sort key has in the rows that come first. They
// are looked for with the columns of that key and of the filters alone, file by file in
// the order of its bounds, until no file can have one any more. When the rows are read
// it is known which files and pages can have them.
//
// Rows of equal keys are all read, so what the further keys and columns say of their
// order is the same as if nothing had been left out.
type winners struct {
	top  int
	key  query.SortKey // over the columns of the scan
	kind columnar.Kind
	path string // of the key in statistics
	in   rows   // the key

	sorted []columnar.Value // that are not null, the least first
	nulls  bool             // there are nulls, too
	last   columnar.Value   // the last of them in the order of the key, if there are top ones
	found  bool
	limit  func() (columnar.Value, bool) // while they are looked for: none after it is one
}

// winners prepares the search, if the rows are those of one table and it spares
// something; else it is nil. It must come before the input is built.
func (b *builder) winners(n *query.Bound, s query.Sort, top int) (*winners, error) {
	if top == 0 || top > maxWinners {
		return nil, nil //nolint:nilnil // nothing to look for is no error
	}
	scan, key, conjuncts := sortedScan(n.Inputs[0], s.Keys[0])
	if scan == nil {
		return nil, nil //nolint:nilnil // as above
	}
	at := query.FindColumn(scan.Cols, key.By.(query.Col).Path)
	src, kind := scan.Sources[at], scan.Cols[at].Type.Kind
	if len(src.Path) != 1 || src.Key != nil || !kind.InInts() && kind != columnar.String {
		return nil, nil //nolint:nilnil // as above
	}
	used := []query.Expr{key.By}
	inRange, _ := rangePredicates(scan.Node.(query.Scan).Range, scan.Table.Schema())
	used = append(append(used, inRange...), conjuncts...)
	narrow := &query.Bound{Node: scan.Node, Table: scan.Table, Version: scan.Version}
	for i, c := range scan.Cols {
		if slices.ContainsFunc(used, func(e query.Expr) bool {
			return slices.ContainsFunc(query.Columns(e), func(x query.Col) bool { return slices.Equal(x.Path, c.Path) })
		}) {
			narrow.Cols, narrow.Sources = append(narrow.Cols, c), append(narrow.Sources, scan.Sources[i])
		}
	}
	if len(scan.Cols)-len(narrow.Cols) < 2 {
		return nil, nil //nolint:nilnil // one more column is not worth reading the others twice
	}
	w := &winners{top: top, key: key, kind: kind, path: pathText(src)}
	if b.hints == nil {
		b.hints = map[*query.Bound]hint{}
	}
	b.hints[narrow] = hint{by: &lake.Order{Column: w.path, Desc: key.Desc}, keep: w.mayBeat, again: true}
	b.hints[scan] = hint{keep: w.mayHave, exprs: w.predicate}
	var err error
	w.in, err = b.scan(narrow, narrow.Node.(query.Scan), conjuncts)
	if err != nil {
		return nil, err
	}
	w.in, err = b.project(&query.Bound{Node: narrow.Node, Inputs: []*query.Bound{narrow}, Cols: []query.BoundCol{scan.Cols[at]}},
		query.Project{Cols: []query.Output{{Name: "key", Expr: key.By}}}, w.in)
	return w, err
}

// sortedScan is the scan, of a table that picks rows, that gives the rows of a plan, with
// the sort key over its columns and the filters in between; nil if there is none, or the
// key is no column of it.
func sortedScan(n *query.Bound, key query.SortKey) (*query.Bound, query.SortKey, []query.Expr) {
	var conjuncts []query.Expr
	for {
		col, ok := key.By.(query.Col)
		if !ok {
			return nil, key, nil
		}
		switch node := n.Node.(type) {
		case query.Project:
			i := query.FindColumn(n.Cols, col.Path)
			if i < 0 || conjuncts != nil {
				return nil, key, nil
			}
			key.By = node.Cols[i].Expr
		case query.Filter:
			conjuncts = append(query.Conjuncts(node.If), conjuncts...)
		case query.Scan:
			if _, ok := query.RowsOf(n.Table); !ok || query.FindColumn(n.Cols, col.Path) < 0 {
				return nil, key, nil
			}
			return n, key, conjuncts
		default:
			return nil, key, nil
		}
		n = n.Inputs[0]
	}
}

// find looks for the winners.
func (w *winners) find(b *builder) error {
	col := query.BoundCol{Type: columnar.Of(w.kind)}
	o := newOrdered([]columnar.Type{col.Type}, []query.SortKey{w.key}, nil, w.top)
	w.limit = func() (columnar.Value, bool) {
		if o.last == 0 {
			return columnar.Value{}, false
		}
		return valueAt(o.rows[0], o.last-1), true
	}
	var held int64
	defer func() { _ = b.budget.resize(&held, 0) }() // giving back cannot fail
	key := func(c *chunk, _ []int32) *columnar.Vector { return c.cols[0] }
	if err := o.fill(b, w.in, []value{key}, &held); err != nil {
		return err
	}
	order, err := o.order(b.look)
	if err != nil {
		return err
	}
	w.found = true
	for i, row := range order {
		v := valueAt(o.rows[0], int(row))
		if i == w.top-1 {
			w.last = v
		}
		if v.Kind == columnar.Invalid {
			w.nulls = true
		} else {
			w.sorted = append(w.sorted, v)
		}
	}
	if len(order) < w.top {
		w.top = 0 // every row is one
	}
	if w.key.Desc {
		slices.Reverse(w.sorted)
	}
	return nil
}

// mayBeat keeps rows of which one may come before the last of those found so far.
func (w *winners) mayBeat(x columnar.Bounds) bool {
	limit, some := w.limit()
	b, ok := x.Bound(w.path)
	switch {
	case !some || !ok || b.Nulls != 0:
		return true
	case limit.Kind == columnar.Invalid:
		return false // there are enough nulls, which come first
	case w.key.Desc:
		return mayCompare(query.Greater, b, limit)
	}
	return mayCompare(query.Less, b, limit)
}

// mayHave keeps rows of which one may be a winner.
func (w *winners) mayHave(x columnar.Bounds) bool {
	b, ok := x.Bound(w.path)
	if !ok || w.nulls && b.Nulls != 0 {
		return true
	}
	at := 0
	if b.Min.Kind == w.kind {
		at, _ = slices.BinarySearchFunc(w.sorted, b.Min, columnar.Value.Compare)
	}
	return at < len(w.sorted) && (b.Max.Kind != w.kind || w.sorted[at].Compare(b.Max) <= 0)
}

// predicate is true of winners, and of rows that nothing else rules out.
func (w *winners) predicate() []query.Expr {
	switch {
	case w.top == 0:
		return nil
	case w.last.Kind == columnar.Invalid:
		return []query.Expr{query.IsNull{X: w.key.By}}
	}
	op := query.LessEqual
	if w.key.Desc {
		op = query.GreaterEqual
	}
	return []query.Expr{query.Or{X: []query.Expr{query.Compare{Op: op, L: w.key.By, R: query.Const{Value: w.last}}, query.IsNull{X: w.key.By}}}}
}
