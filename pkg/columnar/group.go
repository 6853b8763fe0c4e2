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

// maxCuts is up to how many batches Keep is asked about: of more, the row count is made up.
const maxCuts = 1 << 16

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
		c.open(&columns[c.node.leaf].MetaData, p, x.rows, &x.have, chunkCache{x.o.Pages, chunkAt{x.g, c.node.leaf}})
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
	if x.rows <= size || x.rows/size > maxCuts || x.o.Keep == nil && x.o.Choose == nil {
		return all, false, nil
	}
	if sparse, err = x.file.loadIndex(x.ctx); err != nil || !sparse || x.o.Keep == nil {
		return all, sparse, err
	}
	for from := int64(0); from < x.rows; from += size {
		to := min(from+size, x.rows)
		if !x.o.Keep(sliceBounds{x.file.bounds(x.ctx, x.g), from, to}) {
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
	from  int64
	n     int
	rows  []int32
	in    spans  // of the columns that were looked at
	first *Batch // of them
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
	if x.sizeOf(first, rows) > 0 && (x.o.Choose.often || x.sizeOf(rest, rows) <= fetchGap) {
		now = x.order // a request is due anyway
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
	if len(chosen) > 0 {
		if err := x.fetch(rest, where); err != nil {
			return err
		}
	}
	for _, p := range chosen {
		if err := x.give(p); err != nil {
			return fmt.Errorf("from row %d: %w", p.from, err)
		}
		if x.ended {
			return nil
		}
	}
	for _, c := range first {
		c.unmark()
	}
	return nil
}

// all yields the batches of some rows.
func (x *groupRead) all(r rowRange) error {
	for at := r.from; at < r.to; {
		in := make(spans, len(x.order))
		n, err := x.take(in, x.order, at, x.length(at, r.to))
		var b *Batch
		if err == nil {
			b, err = x.assemble(in, n, nil)
		}
		if err != nil {
			return fmt.Errorf("from row %d: %w", at, err)
		}
		at += int64(n)
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
	p := picks{from: at, in: make(spans, len(x.order))}
	var err error
	if p.n, err = x.take(p.in, x.order[:x.first], at, x.length(at, to)); err != nil {
		return p, err
	}
	if p.first, err = x.vectors(x.o.Choose.First, x.choose, p.in, p.n); err != nil {
		return p, err
	}
	rows, err := x.o.Choose.Rows(p.first)
	p.rows = slices.Clone(rows)
	return p, err
}

// give yields the rows that were picked of a batch. Where a further column cuts it short
// they come in several, of which the columns that were looked at are taken again.
func (x *groupRead) give(p picks) error {
	rest := x.order[x.first:]
	n, err := x.ready(rest, p.from, p.n)
	if err != nil {
		return err
	}
	if n == p.n {
		if _, err := x.take(p.in, rest, p.from, n); err != nil {
			return err
		}
		b, err := x.assemble(p.in, n, p.first)
		if err != nil {
			return err
		}
		x.ended = !x.yield(Selected{Batch: b, Rows: p.rows}, nil)
		return nil
	}
	for _, c := range x.order[:x.first] {
		c.reset()
	}
	for at, left := p.from, p.n; len(p.rows) > 0; {
		in := make(spans, len(x.order))
		n, err := x.take(in, x.order, at, left)
		if err != nil {
			return err
		}
		b, err := x.assemble(in, n, nil)
		if err != nil {
			return err
		}
		k, _ := slices.BinarySearch(p.rows, int32(n))
		s := Selected{Batch: b, Rows: p.rows[:k:k]}
		p.rows = slices.Clone(p.rows[k:])
		for i := range p.rows {
			p.rows[i] -= int32(n)
		}
		if at, left = at+int64(n), left-n; k > 0 && !x.yield(s, nil) {
			x.ended = true
			return nil
		}
	}
	return nil
}

// ready says how many rows from a row on a batch may have, n at most.
func (x *groupRead) ready(cursors []*cursor, at int64, n int) (_ int, err error) {
	defer noPanic(&err)
	if err := x.ctx.Err(); err != nil {
		return 0, err
	}
	held := 0
	for _, c := range cursors {
		if err := c.seek(at); err != nil {
			return 0, err
		}
		if n, err = c.ready(n); err != nil {
			return 0, err
		}
		if held += c.held(); held > maxHeldBytes {
			return 0, fmt.Errorf("the pages of the first columns alone have %d MB, and at most %d are read at once: write the file with smaller pages", held>>20, maxHeldBytes>>20)
		}
	}
	return n, nil
}

// take decodes rows from a row on, n at most, and says how many.
func (x *groupRead) take(in spans, cursors []*cursor, at int64, n int) (_ int, err error) {
	if n, err = x.ready(cursors, at, n); err != nil {
		return 0, err
	}
	defer noPanic(&err)
	for _, c := range cursors {
		if in[c], err = c.take(n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// assemble makes n wanted rows of what was taken; looked is those that were looked at
// before, or nil.
func (x *groupRead) assemble(in spans, n int, looked *Batch) (*Batch, error) {
	if looked == nil {
		return x.vectors(x.want, x.roots, in, n)
	}
	out := &Batch{Schema: x.want, Len: n, Columns: make([]*Vector, len(x.roots))}
	for i, root := range x.roots {
		if j := x.same[i]; j >= 0 {
			out.Columns[i] = looked.Columns[j]
			continue
		}
		b, err := x.vectors(x.want[i:i+1], []*readNode{root}, in, n)
		if err != nil {
			return nil, err
		}
		out.Columns[i] = b.Columns[0]
	}
	return out, nil
}

// vectors makes n rows of what was taken.
func (x *groupRead) vectors(schema Schema, roots []*readNode, in spans, n int) (b *Batch, err error) {
	defer noPanic(&err)
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
	total := int64(0)
	for _, r := range need {
		total += r.to - r.from
	}
	if total > maxFetchBytes {
		return fmt.Errorf("the wanted columns have more than %d MB, which is the most that is read at once: write the file with smaller row groups", maxFetchBytes>>20)
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
