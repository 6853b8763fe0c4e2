package exec

import (
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// entryColumn is the index of the one column that an expression depends on, if
// that is a string and computing per dictionary entry is worth while: a null
// check is cheaper by row.
func (s scope) entryColumn(e query.Expr) (int, bool) {
	if !s.perEntry {
		return 0, false
	}
	switch x := e.(type) {
	case query.Col, query.Const:
		return 0, false
	case query.IsNull:
		if _, ok := x.X.(query.Col); ok {
			return 0, false
		}
	case query.Not:
		if n, ok := x.X.(query.IsNull); ok {
			return s.entryColumn(n)
		}
	}
	cols := query.Columns(e)
	if len(cols) == 0 {
		return 0, false
	}
	for _, c := range cols[1:] {
		if !slices.Equal(c.Path, cols[0].Path) {
			return 0, false
		}
	}
	i := query.FindColumn(s.cols, cols[0].Path)
	return i, i >= 0 && s.cols[i].Type.Kind == columnar.String
}

// entries is the state of an expression that is computed per entry. It follows
// one dictionary at a time and waits until as many rows as the dictionary has
// entries have been seen, so that it never does more than twice the work that
// going row by row would be.
type entries struct {
	dict *columnar.Bytes
	rows int
	done bool
}

// ready reports whether the entries are computed, or must be computed now.
func (e *entries) ready(v *columnar.Vector, rows int) (done, now bool) {
	if e.dict != v.Dict {
		*e = entries{dict: v.Dict}
	}
	if !e.done {
		e.rows += rows
		now = e.rows >= v.Dict.Len()
		e.done = now
	}
	return e.done, now
}

// asChunk is a dictionary as a chunk in which only the column is set. Row 0 is
// null, row 1+c the entry of code c.
func asChunk(dict *columnar.Bytes, col, width int) *chunk {
	n := dict.Len() + 1
	v := &columnar.Vector{Type: columnar.Of(columnar.String), Len: n, Null: make([]bool, n), Codes: make([]int32, n), Dict: dict}
	for i := range v.Codes {
		v.Codes[i] = int32(i - 1)
	}
	v.Null[0] = true
	c := &chunk{n: n, cols: make([]*columnar.Vector, width), sel: everyRow(nil, n)}
	c.cols[col] = v
	return c
}

// entryPredicate is a predicate over one string column.
type entryPredicate struct {
	col, width int
	rows       predicate // row by row
	entries
	truths []truth // by code + 1
}

func (p *entryPredicate) eval(c *chunk, sel []int32, out []truth) {
	v := c.cols[p.col]
	if v.Codes == nil {
		p.rows(c, sel, out)
		return
	}
	done, now := p.ready(v, len(sel))
	if now {
		d := asChunk(v.Dict, p.col, p.width)
		p.truths = resize(p.truths, d.n)
		p.rows(d, d.sel, p.truths)
	}
	if !done {
		p.rows(c, sel, out)
		return
	}
	truths, codes := p.truths, v.Codes
	for _, i := range sel {
		out[i] = truths[codes[i]+1]
	}
}

// entryValue is a value that depends on one string column. A string stays in
// codes, of a dictionary with the same order as the column's.
type entryValue struct {
	col, width int
	rows       value // row by row
	out        column
	entries
	byCode *columnar.Vector // by code + 1; strings as codes of dict
}

func (p *entryValue) eval(c *chunk, sel []int32) *columnar.Vector {
	v := c.cols[p.col]
	if v.Codes == nil {
		return p.rows(c, sel)
	}
	done, now := p.ready(v, len(sel))
	if now {
		d := asChunk(v.Dict, p.col, p.width)
		p.byCode = p.rows(d, d.sel)
	}
	if !done {
		return p.rows(c, sel)
	}
	p.out.begin(c.n, p.byCode.Dict)
	for _, i := range sel {
		p.out.from(int(i), p.byCode, int(v.Codes[i])+1)
	}
	return p.out.vector()
}
