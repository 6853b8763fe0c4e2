package columnar

import (
	"bytes"
	"cmp"
)

// Value is one scalar, for bounds and constants. Which field holds it follows
// from Kind as in Vector. The zero Value is unknown or null.
type Value struct {
	Kind  Kind
	Int   int64
	Float float64
	Bytes []byte
}

// IntValue, FloatValue and StringValue make constants of a kind.
func IntValue(k Kind, i int64) Value { return Value{Kind: k, Int: i} }

// FloatValue is a Double constant.
func FloatValue(f float64) Value { return Value{Kind: Double, Float: f} }

// StringValue is a String constant.
func StringValue(s string) Value { return Value{Kind: String, Bytes: []byte(s)} }

// Compare orders two values of the same kind: numbers by size, strings by bytes,
// decimals of one scale by size.
func (v Value) Compare(o Value) int {
	switch {
	case v.Kind.InInts():
		return cmp.Compare(v.Int, o.Int)
	case v.Kind.InFloats():
		return cmp.Compare(v.Float, o.Float)
	case v.Kind == Decimal:
		return compareDecimals(v.Bytes, o.Bytes)
	}
	return bytes.Compare(v.Bytes, o.Bytes)
}

// Bound is what is known of one column in a set of rows. Min and Max enclose
// every value that is not null, and need not occur. A Kind of Invalid in Min or
// Max means unknown on that side.
type Bound struct {
	Min, Max Value
	Nulls    int64 // -1: unknown
}

// Bounds answers what is known of the columns of a file, row group or page
// without reading it. A path is field names joined by a dot through structs,
// such as requestParams.cluster_name; nothing is known below a map or list.
type Bounds interface {
	// Rows is the number of rows, or -1 if unknown.
	Rows() int64
	// Bound is what is known of the column at the path; ok is false for nothing.
	Bound(path string) (b Bound, ok bool)
}

// Keep decides whether rows with these bounds may hold a wanted row. It must
// answer true unless it is certain. A nil Keep keeps everything.
type Keep func(Bounds) bool
