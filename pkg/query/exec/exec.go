// Package exec is the embedded executor: it answers a plan from the tables of the
// lake, in this process, a batch of columns at a time.
//
//	scan      reads just the columns and fields the plan names, flat, side by side
//	  |       and leaves out files, row groups and pages by the filters above it
//	  |       (keep.go); a table of the lake picks the rows itself, by the columns of
//	  |       the filters, and reads the others only where there is one (rows.go)
//	filter    narrows the selection, one conjunct after the other
//	project   computes columns
//	aggregate numbers groups by the codes of dictionaries
//	join      holds the right side by key and pairs the left side with it as it comes
//	window    sorts by partition and order and adds a column
//	sort      total order; under a limit only the first rows are kept, and which those
//	  |       are is looked for before they are read (top.go)
//	limit     stops the scan
//
// Operators are sequences of chunks that pull from each other; a chunk is valid
// until the next. Between steps of some milliseconds a query looks up: whether it
// is to end, and at Options.Between. What an expression over one string column gives is computed
// once for each entry of the column's dictionary and then looked up by code
// (dict.go).
//
// Operators run on the goroutine of the caller. Row groups of a table of the lake are
// read ahead of them, filters included, by as many goroutines as there are cores, once a
// scan has taken some milliseconds; they end with it. What filters keep from batch to
// batch is of one goroutine. Rows that wait count in the query's memory, but a query
// never fails for them.
package exec

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Options bound a query.
type Options struct {
	// MaxMemory is how many bytes the query may hold on to: groups, rows to be
	// sorted and the result. 0 is DefaultMaxMemory; the most is 2 GiB.
	MaxMemory int64
	// MaxRows is how many rows the result may have. 0 is DefaultMaxRows.
	MaxRows int64
	// MaxJoinRows is how many rows the joins of the query may give, together. 0 is
	// DefaultMaxJoinRows.
	MaxJoinRows int64
	// Between is called again and again while the query runs, between steps of some
	// milliseconds. It may block, to let others go first; an error ends the query.
	Between func() error
}

// The limits of a query that does not say its own.
const (
	DefaultMaxMemory   = 256 << 20
	DefaultMaxRows     = 100_000
	DefaultMaxJoinRows = 100_000_000 // about ten seconds of pairing
)

// Result is the answer to a plan.
type Result struct {
	Schema  columnar.Schema
	Batch   *columnar.Batch
	Stats   Stats
	Notices []string // for the user, such as that a table does not exist yet
	// Estimated says of each column whether it has counts of distinct values that
	// are not exact, or what is made of such. There is then a notice, too.
	Estimated []bool
}

// Size is about how many bytes the answer occupies.
func (r *Result) Size() int64 {
	return sizeOf(r.Batch.Columns) + dictionaries(r.Batch.Columns)
}

func dictionaries(vectors []*columnar.Vector) int64 {
	var n int64
	for _, v := range vectors {
		if v.Dict != nil {
			n += int64(len(v.Dict.Data) + 4*len(v.Dict.Ends))
		}
		n += dictionaries(v.Children)
	}
	return n
}

// Stats is what the answer took.
type Stats struct {
	Scan   query.ScanStats // all scans together
	Memory int64           // bytes held at the peak, as counted against MaxMemory
}

// Run answers a plan. It stops soon after ctx ends, with its error. A table that
// does not exist has no rows and gives a notice.
func Run(ctx context.Context, catalog query.Catalog, p query.Plan, o Options) (*Result, error) {
	bound, err := query.Bind(ctx, catalog, p)
	if err != nil {
		return nil, err
	}
	return RunBound(ctx, bound, o)
}

// RunBound is Run for a plan that has been bound: it answers from the snapshots
// that it was bound to.
func RunBound(ctx context.Context, bound *query.Bound, o Options) (*Result, error) {
	r := &Result{Schema: bound.Schema()}
	for _, table := range bound.Missing() {
		r.Notices = append(r.Notices, MissingNotice(table))
	}
	o = o.orDefaults()
	b := newBuilder(ctx, o, &r.Stats)
	in, err := b.build(bound, nil)
	if err != nil {
		return nil, err
	}
	r.Batch, err = b.collect(in, r.Schema, o.MaxRows)
	r.Stats.Memory = b.budget.peak
	if err != nil {
		return nil, err
	}
	r.Estimated = b.estimated(bound)
	r.Notices = append(r.Notices, estimateNotices(r)...)
	return r, nil
}

// MissingNotice tells the user that a table that was asked for does not exist.
func MissingNotice(table string) string {
	if name, ok := strings.CutPrefix(table, query.Lookups); ok {
		return fmt.Sprintf("there is no look-up %s: put lookups/%s.csv into the lake, or a Delta table lookups/%s/; the answer has nothing from it", name, name, name)
	}
	return fmt.Sprintf("table %s does not exist yet: the answer has nothing from it", table)
}

// chunk is rows between two operators: vectors of n values, of which only the
// rows in sel, ascending, count. It must not be changed by who receives it.
type chunk struct {
	n    int
	cols []*columnar.Vector
	sel  []int32
}

// rows is the output of an operator. After an error there is no more.
type rows = iter.Seq2[*chunk, error]

// builder makes operators out of a bound plan, for one run.
type builder struct {
	ctx    context.Context
	stats  *Stats
	budget *budget

	joinedRows, maxJoined int64

	between func() error // Options.Between
	ended   error        // what ended the query, besides ctx

	estimates map[*query.Bound][]int // columns of aggregates that have estimates
	hints     map[*query.Bound]hint  // of scans
}

// look is what operators do between steps of some milliseconds: an error is the
// end of the query.
func (b *builder) look() error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.between != nil && b.ended == nil {
		b.ended = b.between()
	}
	return b.ended
}

// end has look give an error.
func (b *builder) end(err error) {
	if b.ended == nil {
		b.ended = err
	}
}

func newBuilder(ctx context.Context, o Options, stats *Stats) *builder {
	return &builder{ctx: ctx, stats: stats, budget: &budget{max: min(o.MaxMemory, 2<<30)}, maxJoined: o.MaxJoinRows, between: o.Between}
}

// orDefaults are the options with those that were not given.
func (o Options) orDefaults() Options {
	if o.MaxMemory <= 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if o.MaxJoinRows <= 0 {
		o.MaxJoinRows = DefaultMaxJoinRows
	}
	return o
}

// build makes the operator and those below it. Rows for which one of the
// predicates is not true are of no use to the caller. After the end of the query
// it gives no more rows, because they may not be right; see scope.
func (b *builder) build(n *query.Bound, useful []query.Expr) (rows, error) {
	in, err := b.operator(n, useful)
	return func(yield func(*chunk, error) bool) {
		for c, err := range in {
			if err == nil {
				err = b.look()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}, err
}

func (b *builder) operator(n *query.Bound, useful []query.Expr) (rows, error) {
	switch node := n.Node.(type) {
	case query.Scan:
		return b.scan(n, node, useful)
	case query.Filter:
		return b.filter(n, node, useful)
	case query.Limit:
		if s, ok := n.Inputs[0].Node.(query.Sort); ok && node.N > 0 && node.N <= maxTop {
			return b.sort(n.Inputs[0], s, int(node.N))
		}
	case query.Join:
		return b.join(n, node)
	case query.Window:
		return b.window(n, node)
	}
	in := make([]rows, len(n.Inputs))
	if s, ok := n.Node.(query.Sort); ok {
		return b.sort(n, s, 0)
	}
	for i := range in {
		var err error
		if in[i], err = b.build(n.Inputs[i], nil); err != nil {
			return nil, err
		}
	}
	switch node := n.Node.(type) {
	case query.Project:
		return b.project(n, node, in[0])
	case query.Aggregate:
		return b.aggregate(n, node, in[0])
	case query.Union:
		return union(in), nil
	case query.Limit:
		return limit(in[0], node.N), nil
	}
	return nil, fmt.Errorf("operator %T is not known", n.Node)
}

// collect copies all rows into one batch.
func (b *builder) collect(in rows, schema columnar.Schema, maxRows int64) (*columnar.Batch, error) {
	out := columnar.NewBatch(schema)
	var held int64
	for c, err := range in {
		if err != nil {
			return nil, err
		}
		if int64(out.Len+len(c.sel)) > maxRows {
			return nil, &LimitError{"MaxRows", maxRows}
		}
		for i, v := range out.Columns {
			appendRows(v, c.cols[i], c.sel)
		}
		out.Len += len(c.sel)
		if err := b.budget.resize(&held, sizeOf(out.Columns)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func appendRows(dst, src *columnar.Vector, sel []int32) {
	if n := len(sel); n > 0 && int(sel[n-1]-sel[0]) == n-1 {
		dst.AppendRange(src, int(sel[0]), int(sel[n-1])+1)
		return
	}
	for _, i := range sel {
		dst.AppendFrom(src, int(i))
	}
}

// rowNumbers are the numbers of the rows of a batch, for everybody and not to be changed.
var rowNumbers = sync.OnceValue(func() []int32 {
	const most = 8192 // rows that a table gives at once
	return everyRow(nil, most)
})

// allRows selects all of n rows.
func allRows(n int) []int32 {
	if all := rowNumbers(); n <= len(all) {
		return all[:n:n]
	}
	return everyRow(nil, n)
}

// everyRow grows a buffer of row numbers to at least n.
func everyRow(buf []int32, n int) []int32 {
	for len(buf) < n {
		buf = append(buf, int32(len(buf)))
	}
	return buf
}
