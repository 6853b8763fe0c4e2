package lake

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// Request says what is read of a View.
type Request struct {
	// Want is the columns, as in Scan.
	Want columnar.Schema
	// Keep rules out files, row groups and pages; nil rules out none. It is asked right
	// before they would be read, and may come to rule out more meanwhile. It may be
	// called by several goroutines.
	Keep columnar.Keep
	// By has files and row groups read by a column's bounds, and the rows come in that
	// order of them. nil: files in the byte order of their paths.
	By *Order
	// Choose makes what picks rows, once for each goroutine that reads; nil picks all.
	Choose func() *columnar.Choice
	// Between is called by the goroutine of the caller between steps of some
	// milliseconds, also while no row is picked; an error ends the Read. It may be nil.
	Between func() error
	// Ahead has row groups read ahead; nil: they are not. With By they never are.
	Ahead *Ahead
}

// Order is that of files, or row groups, by the bounds of a column: those first that may
// have a null, and then those with the least value, or with Desc with the greatest.
type Order struct {
	Column string
	Desc   bool
}

// compare orders sets of rows.
func (o Order) compare(a, b columnar.Bounds) int {
	x, xKnown := o.edge(a)
	y, yKnown := o.edge(b)
	switch {
	case xKnown && yKnown && o.Desc:
		return y.Compare(x)
	case xKnown && yKnown:
		return x.Compare(y)
	case yKnown:
		return -1
	case xKnown:
		return 1
	}
	return 0
}

// edge is the value that rows can begin with, if they cannot begin with a null.
func (o Order) edge(x columnar.Bounds) (columnar.Value, bool) {
	b, ok := x.Bound(o.Column)
	edge := b.Min
	if o.Desc {
		edge = b.Max
	}
	return edge, ok && b.Nulls == 0 && edge.Kind != columnar.Invalid
}

// Read yields the rows that are picked. A batch does not change, but may share memory
// with others.
func (v *View) Read(ctx context.Context, r Request, stats *ScanStats) iter.Seq2[columnar.Selected, error] {
	if stats == nil {
		stats = &ScanStats{}
	}
	return v.table.read(ctx, v.snap, v.files(r.Keep, stats), r, stats, kept{v.table.footers.open, v.table.lake.pages})
}

// kept is where that is kept which may be read again.
type kept struct {
	open  func(context.Context, *object, *delta.Add) (*columnar.File, error) // gives the parsed footer of a file
	pages *columnar.PageCache                                                // nil: pages are not kept
}

func (t *Table) read(ctx context.Context, snap *delta.Snapshot, files iter.Seq[*delta.Add], r Request, stats *ScanStats, k kept) iter.Seq2[columnar.Selected, error] {
	if stats == nil {
		stats = &ScanStats{}
	}
	return func(yield func(columnar.Selected, error) bool) {
		s := &scan{table: t, snap: snap, Request: r, kept: k, plan: planColumns(r.Want, snap.Metadata().PartitionColumns)}
		if r.Ahead != nil && r.By == nil {
			s.ahead(ctx, files, stats)(yield)
			return
		}
		w := s.worker(ctx, stats, r.Between)
		if r.By != nil {
			files = slices.Values(slices.SortedStableFunc(files, func(a, b *delta.Add) int { return r.By.compare(snap.Bounds(a), snap.Bounds(b)) }))
		}
		for add := range files {
			if err := ctx.Err(); err != nil {
				yield(columnar.Selected{}, err)
				return
			}
			if !s.keeps(add, stats) {
				continue
			}
			for b, err := range w.file(add) {
				if err != nil {
					yield(columnar.Selected{}, err)
					return
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// scan is one Read.
type scan struct {
	Request
	kept
	table *Table
	snap  *delta.Snapshot
	plan  columnPlan // of Want
}

// keeps reports whether a file must be read, and counts it.
func (s *scan) keeps(add *delta.Add, stats *ScanStats) bool {
	if s.Keep != nil && !s.Keep(s.snap.Bounds(add)) {
		stats.FilesPruned++
		return false
	}
	stats.Files++
	return true
}

// worker reads for one goroutine.
type worker struct {
	*scan
	ctx     context.Context
	stats   *ScanStats
	between func() error
	choice  *columnar.Choice // over what is in files; nil: all rows are picked
	now     *part            // that is being read
}

func (s *scan) worker(ctx context.Context, stats *ScanStats, between func() error) *worker {
	w := &worker{scan: s, ctx: ctx, stats: stats, between: between}
	if s.Choose == nil {
		return w
	}
	choice := s.Choose()
	first := planColumns(choice.First, s.snap.Metadata().PartitionColumns)
	w.choice = &columnar.Choice{First: first.inFile, Rows: func(b *columnar.Batch) ([]int32, error) {
		w.stats.Rows += int64(b.Len)
		if w.between != nil {
			if err := w.between(); err != nil {
				return nil, err
			}
		}
		return choice.Rows(w.now.complete(first, b))
	}}
	return w
}

// part is an open file, as one worker reads it.
type part struct {
	add       *delta.Add
	file      *columnar.File
	bounds    columnar.Bounds
	tail      []byte // what was read with the footer, and where it begins
	tailAt    int64
	constants map[string]columnar.Value // of partition columns
	repeated  map[string]*columnar.Vector
	reader    *columnar.Reader // nil: not begun
	keep      columnar.Keep
}

// file yields the rows that are picked of a file.
func (w *worker) file(add *delta.Add) iter.Seq2[columnar.Selected, error] {
	return func(yield func(columnar.Selected, error) bool) {
		p, err := w.openPart(add)
		if err != nil {
			yield(columnar.Selected{}, w.failed(add, err))
			return
		}
		for _, g := range w.groups(p) {
			for s, err := range w.group(p, g) {
				if err != nil {
					yield(columnar.Selected{}, w.failed(add, err))
					return
				}
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

func (w *worker) failed(add *delta.Add, err error) error {
	return fmt.Errorf("read %s%s: %w", w.table.root, add.Path, err)
}

// groups are the row groups of a file in the order in which they are read.
func (w *worker) groups(p *part) []int {
	out := make([]int, p.file.Groups())
	for g := range out {
		out[g] = g
	}
	if w.By != nil {
		slices.SortStableFunc(out, func(a, b int) int { return w.By.compare(p.file.GroupBounds(w.ctx, a), p.file.GroupBounds(w.ctx, b)) })
	}
	return out
}

// group yields the rows that are picked of a row group.
func (w *worker) group(p *part, g int) iter.Seq2[columnar.Selected, error] {
	return func(yield func(columnar.Selected, error) bool) {
		if p.reader == nil {
			o := columnar.ReadOptions{Choose: w.choice, Pages: w.pages.File(w.table.root + p.add.Path)}
			if w.Keep != nil {
				o.Keep = func(b columnar.Bounds) bool {
					return w.Keep(withPartition{b, p.bounds, w.snap.Metadata().PartitionColumns})
				}
			}
			var err error
			if p.reader, err = p.file.NewReader(w.plan.inFile, o); err != nil {
				yield(columnar.Selected{}, err)
				return
			}
			p.keep = o.Keep
		}
		b := p.file.GroupBounds(w.ctx, g)
		switch {
		case b.Rows() == 0:
			return
		case p.keep != nil && !p.keep(b):
			w.stats.RowGroupsPruned++
			return
		}
		w.stats.RowGroups++
		w.now = p
		for s, err := range p.reader.Group(w.ctx, g) {
			if err != nil {
				yield(columnar.Selected{}, err)
				return
			}
			if w.choice == nil {
				w.stats.Rows += int64(s.Len)
			}
			s.Batch = p.complete(w.plan, s.Batch)
			if !yield(s, nil) {
				return
			}
		}
	}
}

// again is a file, that another worker may have opened, for this worker.
func (w *worker) again(p *part) *part {
	src := w.source(p.add)
	src.tail, src.tailAt, src.opened = p.tail, p.tailAt, true
	return &part{
		add: p.add, file: p.file.With(src), bounds: w.snap.Bounds(p.add), tail: p.tail, tailAt: p.tailAt,
		constants: p.constants, repeated: map[string]*columnar.Vector{},
	}
}

func (w *worker) source(add *delta.Add) *object {
	return &object{store: w.table.lake.store, key: w.table.root + add.Path, stats: w.stats}
}

func (w *worker) openPart(add *delta.Add) (*part, error) {
	src := w.source(add)
	file, err := w.open(w.ctx, src, add)
	if err != nil {
		return nil, err
	}
	p := w.again(&part{add: add, file: file, tail: src.tail, tailAt: src.tailAt, constants: map[string]columnar.Value{}})
	for _, name := range w.snap.Metadata().PartitionColumns {
		v, ok, err := w.snap.PartitionValue(add, name)
		if err != nil {
			return nil, err
		}
		if ok {
			p.constants[name] = v
		}
	}
	return p, nil
}

// complete adds the columns that are in the log to a batch of the file.
func (p *part) complete(plan columnPlan, b *columnar.Batch) *columnar.Batch {
	if len(plan.partition) == 0 {
		return b
	}
	out := &columnar.Batch{Schema: plan.want, Len: b.Len, Columns: make([]*columnar.Vector, len(plan.want))}
	for i, at := range plan.position {
		out.Columns[at] = b.Columns[i]
	}
	for _, i := range plan.partition {
		f := plan.want[i]
		v := p.repeated[f.Name]
		if v == nil || v.Len != b.Len || !v.Type.Equal(f.Type) {
			v = columnar.Repeat(f.Type, p.constants[f.Name], b.Len)
			p.repeated[f.Name] = v
		}
		out.Columns[i] = v
	}
	return out
}
