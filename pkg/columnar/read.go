package columnar

import (
	"context"
	"iter"
	"slices"
)

const (
	batchRows = 8192
	fetchGap  = 64 << 10 // bytes it is cheaper to read than to skip

	// maxFetchBytes of a row group, compressed, is what one Read holds at most.
	maxFetchBytes = 2 << 30
)

// maxHeldBytes of pages is what one Read holds at most: a few KB may stand for any
// number of them, each within its own limit. Only tests change it.
var maxHeldBytes = 1 << 30

// ReadOptions leave rows out of what is read. The zero value leaves out none.
type ReadOptions struct {
	// Keep rules out row groups, and within a row group rows by the pages that have
	// them, if the file has a page index. It may come to rule out more while rows are
	// being read.
	Keep Keep

	Choose *Choice // nil: all rows

	BatchRows int // the most rows of a batch; 0: 8192

	Pages *CachedFile // where pages are kept from one reading to the next; nil: they are not
}

// Choice picks rows out of batches. Columns that it does not look at are only decoded
// where a row was picked, and only fetched then, unless that is most of the time or
// they are small. It learns which from one row group to the next, so one Choice may be
// for many files, but for one goroutine.
type Choice struct {
	// First are the columns that Rows looks at. A struct may have part of the fields
	// that are wanted of it.
	First Schema
	// Rows are those picked of a batch under First, in ascending order. The answer is
	// valid until the next call; an error ends the reading.
	Rows func(*Batch) ([]int32, error)

	often bool // most batches of the last row group had a row that was picked
}

// Selected is rows of a batch.
type Selected struct {
	*Batch
	Rows []int32 // ascending, not empty; nil: all
}

// Read yields the rows, in order, as batches of at most 8192 rows under the
// schema want. Columns and the fields of structs are found by name, exactly or
// else in any case; what the file lacks is null. Integers are widened, float to
// double too, a decimal to one of more digits before the point, and string and
// binary are one; any other difference is an ErrType
// before the first row. Row groups and pages that keep rules out are not read.
//
// One row group's wanted columns are fetched at a time, with one ReadRange for
// neighbours. A batch is the caller's to keep, but not to change: its vectors
// share memory. Strings come as Codes where the file has a dictionary, and then
// Dict is one pointer for all batches of a row group; where a row group outgrows
// its dictionary a batch is cut short and plain strings follow.
func (f *File) Read(ctx context.Context, want Schema, keep Keep) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		r, err := f.NewReader(want, ReadOptions{Keep: keep})
		if err != nil {
			yield(nil, err)
			return
		}
		for g := range f.Groups() {
			if keep != nil && !keep(f.bounds(ctx, g)) {
				continue
			}
			for s, err := range r.Group(ctx, g) {
				if !yield(s.Batch, err) || err != nil {
					return
				}
			}
		}
	}
}

// Reader reads row groups of a file, any of them in any order. It is for one
// goroutine.
type Reader struct {
	file    *File
	want    Schema
	o       ReadOptions
	roots   []*readNode
	choose  []*readNode
	cursors map[int]*cursor // by leaf
	order   []*cursor       // all: first those of choose
	first   int             // how many are of choose
	same    []int           // of each of roots: which of choose is the same column, or -1
}

// NewReader reads columns, with the rules of Read.
func (f *File) NewReader(want Schema, o ReadOptions) (*Reader, error) {
	if o.BatchRows <= 0 {
		o.BatchRows = batchRows
	}
	r := &Reader{file: f, want: want, o: o, cursors: map[int]*cursor{}}
	nodes := func(s Schema) (out []*readNode, err error) {
		for _, field := range s {
			n, err := r.node(f.root.child(field.Name), field.Type, []string{field.Name})
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
		return out, nil
	}
	var err error
	if o.Choose != nil {
		if r.choose, err = nodes(o.Choose.First); err != nil {
			return nil, err
		}
		r.first = len(r.order)
	}
	if r.roots, err = nodes(want); err != nil {
		return nil, err
	}
	for _, n := range r.roots {
		r.same = append(r.same, slices.IndexFunc(r.choose, func(c *readNode) bool {
			return n.file != nil && c.file == n.file && c.typ.Equal(n.typ)
		}))
	}
	return r, nil
}

func (r *Reader) node(have *fileNode, want Type, path []string) (*readNode, error) {
	n := &readNode{typ: want, file: have}
	if have == nil {
		return n, nil
	}
	nested := want.Kind == Struct || want.Kind == Map || want.Kind == List
	if nested != (have.leaf < 0) || nested && want.Kind != have.typ.Kind || !nested && !fits(have.typ, want) {
		return nil, have.mismatch(want, path)
	}
	add := func(c *fileNode, t Type, name string) error {
		child, err := r.node(c, t, append(path[:len(path):len(path)], name))
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
		n.cursor = r.cursor(have, true)
		return n, nil
	}
	if err != nil {
		return nil, err
	}
	n.cursor = r.levels(n)
	return n, nil
}

func (r *Reader) cursor(leaf *fileNode, values bool) *cursor {
	c := r.cursors[leaf.leaf]
	if c == nil {
		c = &cursor{node: leaf}
		r.cursors[leaf.leaf] = c
		r.order = append(r.order, c)
	}
	c.values = c.values || values
	return c
}

// levels picks the leaf whose levels tell of a nested node: one that is read
// anyway, the least repeated, or any if the file has none of the wanted.
func (r *Reader) levels(n *readNode) *cursor {
	var best *cursor
	for _, c := range n.children {
		if c.cursor != nil && (best == nil || c.cursor.node.rep < best.node.rep) {
			best = c.cursor
		}
	}
	if best == nil {
		best = r.cursor(n.file.shallowest(), false)
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
