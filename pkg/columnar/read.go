package columnar

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

const (
	batchRows = 8192
	fetchGap  = 64 << 10 // bytes it is cheaper to read than to skip

	// What one Read holds at most, in bytes: compressed, of a row group; and of pages. A
	// few KB may stand for any number of pages, each within its own limit.
	maxFetchBytes = 2 << 30
	maxHeldBytes  = 1 << 30
)

// Read yields the rows, in order, as batches of at most 8192 rows under the
// schema want. Columns and the fields of structs are found by name, exactly or
// else in any case; what the file lacks is null. Integers are widened, float to
// double too, a decimal to one of more digits before the point, and string and
// binary are one; any other difference is an ErrType
// before the first row. Row groups that keep rules out are not read.
//
// One row group's wanted columns are fetched at a time, with one ReadRange for
// neighbours. A batch is the caller's to keep, but not to change: its vectors
// share memory. Strings come as Codes where the file has a dictionary, and then
// Dict is one pointer for all batches of a row group; where a row group outgrows
// its dictionary a batch is cut short and plain strings follow.
func (f *File) Read(ctx context.Context, want Schema, keep Keep) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		p := &plan{file: f, cursors: map[int]*cursor{}}
		for _, field := range want {
			n, err := p.node(f.root.child(field.Name), field.Type, []string{field.Name})
			if err != nil {
				yield(nil, err)
				return
			}
			p.roots = append(p.roots, n)
		}
		for g := range f.meta.RowGroups {
			if f.meta.RowGroups[g].NumRows == 0 || keep != nil && !keep(f.bounds(ctx, g)) {
				continue
			}
			if !p.rowGroup(ctx, g, want, yield) {
				return
			}
		}
	}
}

// plan is one Read.
type plan struct {
	file    *File
	roots   []*readNode
	cursors map[int]*cursor // by leaf
	order   []*cursor
}

func (p *plan) node(have *fileNode, want Type, path []string) (*readNode, error) {
	n := &readNode{typ: want, file: have}
	if have == nil {
		return n, nil
	}
	nested := want.Kind == Struct || want.Kind == Map || want.Kind == List
	if nested != (have.leaf < 0) || nested && want.Kind != have.typ.Kind || !nested && !fits(have.typ, want) {
		return nil, have.mismatch(want, path)
	}
	add := func(c *fileNode, t Type, name string) error {
		child, err := p.node(c, t, append(path[:len(path):len(path)], name))
		n.children = append(n.children, child)
		return err
	}
	var err error
	switch want.Kind {
	case Struct:
		for _, f := range want.Fields {
			if err = add(have.child(f.Name), f.Type, f.Name); err != nil {
				return nil, err
			}
		}
	case Map:
		if err = add(have.children[0], *want.Key, "key"); err == nil {
			err = add(have.children[1], *want.Elem, "value")
		}
	case List:
		err = add(have.children[0], *want.Elem, "element")
	default:
		n.cursor = p.cursor(have, true)
		return n, nil
	}
	if err != nil {
		return nil, err
	}
	n.cursor = p.levels(n)
	return n, nil
}

func (p *plan) cursor(leaf *fileNode, values bool) *cursor {
	c := p.cursors[leaf.leaf]
	if c == nil {
		c = &cursor{node: leaf}
		p.cursors[leaf.leaf] = c
		p.order = append(p.order, c)
	}
	c.values = c.values || values
	return c
}

// levels picks the leaf whose levels tell of a nested node: one that is read
// anyway, the least repeated, or any if the file has none of the wanted.
func (p *plan) levels(n *readNode) *cursor {
	var best *cursor
	for _, c := range n.children {
		if c.cursor != nil && (best == nil || c.cursor.node.rep < best.node.rep) {
			best = c.cursor
		}
	}
	if best == nil {
		best = p.cursor(n.file.shallowest(), false)
	}
	return best
}

func (n *fileNode) shallowest() *fileNode {
	if n.leaf >= 0 {
		return n
	}
	var best *fileNode
	for _, c := range n.children {
		if l := c.shallowest(); best == nil || l.rep < best.rep {
			best = l
		}
	}
	return best
}

// rowGroup yields the batches of a row group; false when there is nothing more to do.
func (p *plan) rowGroup(ctx context.Context, g int, want Schema, yield func(*Batch, error) bool) bool {
	if err := p.fetch(ctx, g); err != nil {
		yield(nil, fmt.Errorf("read row group %d: %w", g, err))
		return false
	}
	rows := p.file.meta.RowGroups[g].NumRows
	for done := int64(0); done < rows; {
		// Batches end at multiples of their size, as pages do, so that most columns
		// need not be copied.
		n := int(min(batchRows-done%batchRows, rows-done))
		b, err := p.batch(want, n)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(nil, fmt.Errorf("read row group %d from row %d: %w", g, done, err))
			return false
		}
		done += int64(b.Len)
		if !yield(b, nil) {
			return false
		}
	}
	return true
}

// batch decodes the next rows, n at most.
func (p *plan) batch(want Schema, n int) (b *Batch, err error) {
	defer noPanic(&err)
	held := 0
	for _, c := range p.order {
		if n, err = c.ready(n); err != nil {
			return nil, err
		}
		if held += c.held(); held > maxHeldBytes {
			return nil, fmt.Errorf("the pages of the first columns alone have %d MB, and at most %d are read at once: write the file with smaller pages", held>>20, maxHeldBytes>>20)
		}
	}
	in := make(spans, len(p.order))
	for _, c := range p.order {
		if in[c], err = c.take(n); err != nil {
			return nil, err
		}
	}
	b = &Batch{Schema: want, Len: n, Columns: make([]*Vector, len(p.roots))}
	for i, root := range p.roots {
		if b.Columns[i], err = root.vector(in, n); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// fetch reads the wanted column chunks of a row group.
func (p *plan) fetch(ctx context.Context, g int) error {
	columns := p.file.meta.RowGroups[g].Columns
	order := slices.Clone(p.order)
	total := int64(0)
	for _, c := range order {
		s, e := chunkRange(&columns[c.node.leaf].MetaData)
		if total += e - s; total > maxFetchBytes {
			return fmt.Errorf("the wanted columns have more than %d MB, which is the most that is read at once: write the file with smaller row groups", maxFetchBytes>>20)
		}
	}
	start := func(c *cursor) int64 { s, _ := chunkRange(&columns[c.node.leaf].MetaData); return s }
	slices.SortFunc(order, func(a, b *cursor) int {
		if start(a) < start(b) {
			return -1
		}
		return 1
	})
	for i := 0; i < len(order); {
		from, to := chunkRange(&columns[order[i].node.leaf].MetaData)
		j := i + 1
		for ; j < len(order); j++ {
			s, e := chunkRange(&columns[order[j].node.leaf].MetaData)
			if s-to > fetchGap {
				break
			}
			to = max(to, e)
		}
		b, err := readRange(ctx, p.file.src, from, to-from)
		if err != nil {
			return err
		}
		for _, c := range order[i:j] {
			m := &columns[c.node.leaf].MetaData
			s, e := chunkRange(m)
			c.queue, c.ended = nil, false
			c.chunk = &chunkReader{node: c.node, values: c.values, codec: m.Codec, buf: b[s-from : e-from : e-from], left: m.NumValues}
		}
		i = j
	}
	return nil
}
