package columnar

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// windowBatches is how many batches are looked at before the columns that are not
// needed for picking are fetched: the pages in which a row was picked are then known,
// and neighbours take one request. It is a row group of our own files.
const windowBatches = 16

// Group yields the rows of row group g that are picked, in order, in batches that end
// at multiples of their size, as pages do, so that most columns need not be copied.
// It does not ask Keep about the row group as a whole.
func (r *Reader) Group(ctx context.Context, g int) iter.Seq2[Selected, error] {
	return func(yield func(Selected, error) bool) {
		rows := r.file.meta.RowGroups[g].NumRows
		if rows == 0 {
			return
		}
		x := &groupRead{Reader: r, ctx: ctx, g: g, rows: rows, yield: yield}
		if err := x.run(); err != nil {
			yield(Selected{}, fmt.Errorf("read row group %d: %w", g, err))
		}
	}
}

// groupRead is one row group that is being read.
type groupRead struct {
	*Reader
	ctx   context.Context
	g     int
	rows  int64
	yield func(Selected, error) bool
	ended bool // by who is yielded to
	have  fetched

	looked, picked int // batches
}

func (x *groupRead) run() error {
	kept, sparse, err := x.kept()
	if err != nil || len(kept) == 0 {
		return err
	}
	columns := x.file.meta.RowGroups[x.g].Columns
	for _, c := range x.order {
		var p places
		if sparse {
			p = x.file.places(chunkAt{x.g, c.node.leaf})
		}
		c.open(&columns[c.node.leaf].MetaData, p, x.rows, &x.have)
	}
	for rows := range x.windows(kept) {
		if err := x.window(rows); err != nil || x.ended {
			return err
		}
	}
	if x.looked > 0 {
		x.o.Choose.often = 2*x.picked > x.looked
	}
	return nil
}

// kept are the rows that Keep does not rule out, and whether it is worth while to know
// the places of pages.
func (x *groupRead) kept() (rows []rowRange, sparse bool, err error) {
	all := []rowRange{{0, x.rows}}
	size := int64(x.o.BatchRows)
	if x.rows <= size || x.o.Keep == nil && x.o.Choose == nil {
		return all, false, nil
	}
	if sparse, err = x.file.loadIndex(x.ctx); err != nil || !sparse || x.o.Keep == nil {
		return all, sparse, err
	}
	for from := int64(0); from < x.rows; from += size {
		to := min(from+size, x.rows)
		if !x.o.Keep(sliceBounds{x.file.bounds(x.g), x.g, from, to}) {
			continue
		}
		if n := len(rows); n > 0 && rows[n-1].to == from {
			rows[n-1].to = to
		} else {
			rows = append(rows, rowRange{from, to})
		}
	}
	whole := len(rows) == 1 && rows[0] == all[0]
	return rows, !whole || x.o.Choose != nil, nil
}

// windows cuts rows into what is fetched at a time: all of it where no row is picked.
func (x *groupRead) windows(rows []rowRange) iter.Seq[[]rowRange] {
	return func(yield func([]rowRange) bool) {
		if x.o.Choose == nil {
			yield(rows)
			return
		}
		length := int64(windowBatches * x.o.BatchRows)
		for len(rows) > 0 {
			end := (rows[0].from/length + 1) * length
			var in []rowRange
			for len(rows) > 0 && rows[0].from < end {
				r := rows[0]
				if r.to > end {
					rows[0].from, r.to = end, end
				} else {
					rows = rows[1:]
				}
				in = append(in, r)
			}
			if !yield(in) {
				return
			}
		}
	}
}

// picks is rows of a batch that were picked: of n rows from a row on.
type picks struct {
	from int64
	n    int
	rows []int32
}

// window yields what is picked of some rows.
func (x *groupRead) window(rows []rowRange) error {
	first, rest := x.order[:x.first], x.order[x.first:]
	x.have.parts = nil
	if x.o.Choose == nil {
		if err := x.fetch(rest, rows); err != nil {
			return err
		}
		for _, r := range rows {
			if err := x.all(r); err != nil || x.ended {
				return err
			}
		}
		return nil
	}
	now := first
	if x.o.Choose.often || x.sizeOf(rest, rows) <= fetchGap {
		now = x.order
	}
	if err := x.fetch(now, rows); err != nil {
		return err
	}
	for _, c := range first {
		c.mark()
	}
	var chosen []picks
	var where []rowRange
	for _, r := range rows {
		for at := r.from; at < r.to; {
			p, err := x.look(at, r.to)
			if err != nil {
				return fmt.Errorf("from row %d: %w", at, err)
			}
			x.looked++
			if len(p.rows) > 0 {
				x.picked++
				chosen, where = append(chosen, p), append(where, rowRange{p.from, p.from + int64(p.n)})
			}
			at += int64(p.n)
		}
	}
	for _, c := range first {
		c.reset()
	}
	if len(chosen) == 0 {
		return nil
	}
	if err := x.fetch(rest, where); err != nil {
		return err
	}
	for _, p := range chosen {
		if err := x.give(p); err != nil || x.ended {
			return err
		}
	}
	return nil
}

// all yields the batches of some rows.
func (x *groupRead) all(r rowRange) error {
	for at := r.from; at < r.to; {
		b, err := x.batch(x.want, x.roots, x.order, at, x.length(at, r.to))
		if err != nil {
			return fmt.Errorf("from row %d: %w", at, err)
		}
		at += int64(b.Len)
		if !x.yield(Selected{Batch: b}, nil) {
			x.ended = true
			return nil
		}
	}
	return nil
}

// length is how many rows a batch has at most that begins at a row, up to another.
func (x *groupRead) length(at, to int64) int {
	size := int64(x.o.BatchRows)
	return int(min(size-at%size, to-at))
}

// look picks rows of the batch from a row on.
func (x *groupRead) look(at, to int64) (picks, error) {
	b, err := x.batch(x.o.Choose.First, x.choose, x.order[:x.first], at, x.length(at, to))
	if err != nil {
		return picks{}, err
	}
	rows, err := x.o.Choose.Rows(b)
	return picks{at, b.Len, slices.Clone(rows)}, err
}

// give yields the rows that were picked. Where a further column cuts the batch short
// they come in several.
func (x *groupRead) give(p picks) error {
	for p.n > 0 && len(p.rows) > 0 {
		b, err := x.batch(x.want, x.roots, x.order, p.from, p.n)
		if err != nil {
			return fmt.Errorf("from row %d: %w", p.from, err)
		}
		k, _ := slices.BinarySearch(p.rows, int32(b.Len))
		s := Selected{Batch: b, Rows: p.rows[:k:k]}
		if k > 0 && !x.yield(s, nil) {
			x.ended = true
			return nil
		}
		p.rows, p.from, p.n = p.rows[k:], p.from+int64(b.Len), p.n-b.Len
		if len(p.rows) > 0 {
			p.rows = slices.Clone(p.rows)
			for i := range p.rows {
				p.rows[i] -= int32(b.Len)
			}
		}
	}
	return nil
}

// batch decodes rows from a row on, n at most.
func (x *groupRead) batch(schema Schema, roots []*readNode, cursors []*cursor, at int64, n int) (b *Batch, err error) {
	defer noPanic(&err)
	if err := x.ctx.Err(); err != nil {
		return nil, err
	}
	for _, c := range cursors {
		if err := c.seek(at); err != nil {
			return nil, err
		}
		if n, err = c.ready(n); err != nil {
			return nil, err
		}
	}
	in := make(spans, len(cursors))
	for _, c := range cursors {
		if in[c], err = c.take(n); err != nil {
			return nil, err
		}
	}
	b = &Batch{Schema: schema, Len: n, Columns: make([]*Vector, len(roots))}
	for i, root := range roots {
		if b.Columns[i], err = root.vector(in, n); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// fetch reads what some rows of columns take.
func (x *groupRead) fetch(cursors []*cursor, rows []rowRange) error {
	var need []byteRange
	for _, c := range cursors {
		need = c.chunk.need(need, x.meta(c), rows)
	}
	if err := x.have.read(x.ctx, x.file.src, need); err != nil {
		return err
	}
	for _, c := range cursors {
		if start, end := chunkRange(x.meta(c)); c.chunk.sparse == nil && c.chunk.buf == nil {
			c.chunk.buf, _ = x.have.bytes(byteRange{start, end})
		}
	}
	return nil
}

// meta is what the footer says of a column's chunk.
func (x *groupRead) meta(c *cursor) *format.ColumnMetaData {
	return &x.file.meta.RowGroups[x.g].Columns[c.node.leaf].MetaData
}

// sizeOf is how many bytes some rows of columns take.
func (x *groupRead) sizeOf(cursors []*cursor, rows []rowRange) (n int64) {
	var need []byteRange
	for _, c := range cursors {
		need = c.chunk.need(need, x.meta(c), rows)
	}
	for _, r := range need {
		n += r.to - r.from
	}
	return n
}
