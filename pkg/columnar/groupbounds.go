package columnar

import (
	"context"
	"encoding/binary"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// groupBounds is the Bounds of a row group, and its Prober while ctx lasts.
type groupBounds struct {
	f     *File
	g     *format.RowGroup
	group int
	ctx   context.Context
}

func (f *File) bounds(ctx context.Context, g int) Bounds {
	return groupBounds{f, &f.meta.RowGroups[g], g, ctx}
}

// Rows implements Bounds.
func (b groupBounds) Rows() int64 { return b.g.NumRows }

// Bound implements Bounds. Of a column the file lacks all is known: it is null.
func (b groupBounds) Bound(path string) (Bound, bool) {
	n := b.f.root
	for name := range strings.SplitSeq(path, ".") {
		if n.typ.Kind != Struct {
			return Bound{}, false
		}
		if n = n.child(name); n == nil {
			return Bound{Nulls: b.g.NumRows}, true
		}
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
