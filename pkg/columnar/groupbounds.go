package columnar

import (
	"context"
	"encoding/binary"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// GroupBounds is what is known of a row group: the Bounds, and a Prober while ctx lasts.
func (f *File) GroupBounds(ctx context.Context, g int) Bounds { return f.bounds(ctx, g) }

// groupBounds is the Bounds of a row group, and its Prober while ctx lasts.
type groupBounds struct {
	f     *File
	g     *format.RowGroup
	group int
	ctx   context.Context
}

func (f *File) bounds(ctx context.Context, g int) groupBounds {
	return groupBounds{f, &f.meta.RowGroups[g], g, ctx}
}

// Rows implements Bounds.
func (b groupBounds) Rows() int64 { return b.g.NumRows }

// find is the node at a path. It is nil where there is none, or, with ok, where the
// file lacks it, so that all is known of it: it is null.
func (b groupBounds) find(path string) (n *fileNode, ok bool) {
	n = b.f.root
	for name := range strings.SplitSeq(path, ".") {
		if n.typ.Kind != Struct {
			return nil, false
		}
		if n = n.child(name); n == nil {
			return nil, true
		}
	}
	return n, true
}

// Bound implements Bounds.
func (b groupBounds) Bound(path string) (Bound, bool) {
	n, ok := b.find(path)
	if n == nil {
		return Bound{Nulls: b.g.NumRows}, ok
	}
	if n.leaf < 0 || n.typ.Kind == Invalid {
		return Bound{}, false
	}
	s := &b.g.Columns[n.leaf].MetaData.Statistics
	out := Bound{Nulls: -1}
	switch {
	case n.def == 0:
		out.Nulls = 0
	case b.f.ours || s.NullCount > 0: // else 0 may mean that nobody counted
		out.Nulls = s.NullCount
	}
	lo, hi := s.MinValue, s.MaxValue
	if len(lo) == 0 && len(hi) == 0 && signedInts(n) {
		lo, hi = s.Min, s.Max // from before 2017; the order of strings was unclear then
	}
	out.Min, out.Max = n.value(lo), n.value(hi)
	if n.typ.Kind.InFloats() && !b.f.ours {
		out.Max = Value{} // other writers leave NaN out, which is over every number
	}
	return out, true
}

func signedInts(n *fileNode) bool {
	return (n.physical == format.Int32 || n.physical == format.Int64) && n.scale != scaleUnsigned
}

// value reads a PLAIN statistic; of Kind Invalid if there is none.
func (n *fileNode) value(b []byte) Value {
	v := Value{Kind: n.typ.Kind}
	switch {
	case b == nil, n.typ.Kind == Decimal: // stored in four ways; nobody prunes by them
		return Value{}
	case n.physical == format.ByteArray:
		v.Bytes = b
		return v
	case n.physical == format.Boolean && len(b) == 1:
		v.Int = int64(b[0])
		return v
	case n.physical == format.Int32 && len(b) == 4:
		v.Int = n.scale.apply(int64(int32(binary.LittleEndian.Uint32(b))))
		return v
	case n.physical == format.Int64 && len(b) == 8:
		v.Int = n.scale.apply(int64(binary.LittleEndian.Uint64(b)))
		return v
	case n.physical == format.Float && len(b) == 4:
		v.Float = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case n.physical == format.Double && len(b) == 8:
		v.Float = math.Float64frombits(binary.LittleEndian.Uint64(b))
	default:
		return Value{}
	}
	if math.IsNaN(v.Float) {
		return Value{}
	}
	return v
}
