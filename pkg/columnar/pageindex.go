package columnar

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// pageIndex is a column index in the making; values are PLAIN.
type pageIndex struct {
	null     []bool
	min, max [][]byte
	nulls    []int64
	bounds   []extentPair
	missing  bool // a page has no bounds: there is no index
}

type extentPair struct{ lo, hi Value }

func (x *pageIndex) add(k Kind, page *extent, nulls int64, values int) {
	lo, hi := page.values(k)
	if x.missing {
		return
	}
	null := nulls == int64(values)
	if !null {
		if len(lo.Bytes) > maxIndexBytes {
			lo.Bytes = TruncateMin(lo.Bytes, maxIndexBytes/4)
		}
		if len(hi.Bytes) > maxIndexBytes {
			upper, ok := TruncateMax(hi.Bytes, maxIndexBytes/4)
			if hi.Bytes = upper; !ok {
				hi = Value{}
			}
		}
		if lo.Kind == Invalid || hi.Kind == Invalid {
			x.missing = true
			return
		}
	}
	x.null = append(x.null, null)
	x.nulls = append(x.nulls, nulls)
	if null {
		x.min, x.max = append(x.min, []byte{}), append(x.max, []byte{})
		return
	}
	x.min, x.max = append(x.min, plainValue(lo)), append(x.max, plainValue(hi))
	x.bounds = append(x.bounds, extentPair{lo, hi})
}

func (x *pageIndex) columnIndex() *format.ColumnIndex {
	up, down := true, true
	for i := 1; i < len(x.bounds); i++ {
		a, b := x.bounds[i-1], x.bounds[i]
		lo, hi := a.lo.Compare(b.lo), a.hi.Compare(b.hi)
		up = up && lo <= 0 && hi <= 0
		down = down && lo >= 0 && hi >= 0
	}
	order := format.Unordered
	switch {
	case up:
		order = format.Ascending
	case down:
		order = format.Descending
	}
	return &format.ColumnIndex{NullPages: x.null, MinValues: x.min, MaxValues: x.max, BoundaryOrder: order, NullCounts: x.nulls}
}

func physicalType(k Kind) format.Type {
	switch k {
	case Boolean:
		return format.Boolean
	case Byte, Short, Integer, Date:
		return format.Int32
	case Long, Timestamp, TimestampNTZ:
		return format.Int64
	case Float:
		return format.Float
	case Double:
		return format.Double
	}
	return format.ByteArray
}

// plainValue is v as statistics hold it; nil for none.
func plainValue(v Value) []byte {
	switch physicalType(v.Kind) {
	case format.Boolean:
		return []byte{byte(v.Int)}
	case format.Int32:
		return binary.LittleEndian.AppendUint32(nil, uint32(v.Int))
	case format.Int64:
		return binary.LittleEndian.AppendUint64(nil, uint64(v.Int))
	case format.Float:
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v.Float)))
	case format.Double:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v.Float))
	}
	if v.Kind == Invalid {
		return nil
	}
	return append([]byte{}, v.Bytes...)
}
