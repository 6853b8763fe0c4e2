package exec

import (
	"context"
	"iter"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Rows are some rows of an answer: of the vectors, which are those of the bound plan's
// schema, only the rows that Sel names count. They are valid until the next ones.
type Rows struct {
	Columns []*columnar.Vector
	Sel     []int32 // ascending
}

// Stream answers a bound plan as Run does, but gives its rows as they come and holds
// none that its operators do not hold. MaxRows counts for nothing. Stats are complete
// when the rows have ended.
func Stream(ctx context.Context, bound *query.Bound, o Options, stats *Stats) iter.Seq2[Rows, error] {
	return func(yield func(Rows, error) bool) {
		b := newBuilder(ctx, o.orDefaults(), stats)
		defer func() { stats.Memory = max(stats.Memory, b.budget.peak) }()
		in, err := b.build(bound, nil)
		if err != nil {
			yield(Rows{}, err)
			return
		}
		for c, err := range in {
			if err != nil {
				yield(Rows{}, err)
				return
			}
			if !yield(Rows{Columns: c.cols, Sel: c.sel}, nil) {
				return
			}
		}
	}
}

// Expression is one expression that is computed for one row at a time, by the rules of
// plans. It is for one goroutine.
type Expression struct {
	value value
	row   chunk
	ended error
}

// mostOfExpression is how many bytes of texts an Expression makes for one row, with
// those in between.
const mostOfExpression = 8 * query.LongestText

// NewExpression compiles an expression over columns. When stop, which may be nil, says
// that nobody wants values any more, those that are still given are of no meaning.
func NewExpression(e query.Expr, cols []query.BoundCol, stop func() bool) (*Expression, error) {
	if stop == nil {
		stop = func() bool { return false }
	}
	t, err := query.TypeOf(e, cols)
	if err != nil {
		return nil, err
	}
	kind := t.Kind
	if kind == columnar.Invalid {
		kind = columnar.String
	}
	x := &Expression{row: chunk{n: 1, sel: []int32{0}}}
	for _, c := range cols {
		x.row.cols = append(x.row.cols, &columnar.Vector{Type: c.Type, Len: 1, Null: []bool{false}})
	}
	b := &budget{max: mostOfExpression}
	x.value, err = scope{cols: cols, stop: func() bool { return x.ended != nil || stop() }, texts: &made{b, func(error) { x.ended = ErrLongText }}}.value(e, kind)
	return x, err
}

// Of is the value for a row, of which Kind Invalid is null. The value is valid until
// the next call. An error says that a text takes too much.
func (x *Expression) Of(row []columnar.Value) (columnar.Value, error) {
	for i, v := range x.row.cols {
		null := row[i].Kind == columnar.Invalid
		v.Null[0] = null
		switch {
		case v.Type.Kind.InInts():
			v.Ints = append(v.Ints[:0], row[i].Int)
		case v.Type.Kind.InFloats():
			v.Floats = append(v.Floats[:0], row[i].Float)
		default:
			v.Bytes = columnar.Bytes{Data: row[i].Bytes, Ends: append(v.Bytes.Ends[:0], uint32(len(row[i].Bytes)))}
		}
	}
	v := valueAt(x.value(&x.row, x.row.sel), 0)
	return v, x.ended
}
