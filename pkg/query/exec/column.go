package exec

import "github.com/auditlake/auditlake/pkg/columnar"

// column is a vector that is filled by index, in any order, anew for each chunk.
// Strings go into a dictionary of their own, or refer to one that is given.
type column struct {
	kind  columnar.Kind
	texts *made // of a kind in bytes: what counts them
	v     columnar.Vector
	own   bool
	held  int64 // bytes of texts that are counted
}

// made counts what expressions make of texts for one chunk: few rows can have a great
// many bytes.
type made struct {
	*budget
	end func(error) // ends the query
}

// begin makes room for n values, each of which must be set unless nobody reads
// it. Strings that come from vectors with the dictionary dict keep their codes.
func (c *column) begin(n int, dict *columnar.Bytes) {
	c.v.Type, c.v.Len = columnar.Of(c.kind), n
	c.v.Null = resize(c.v.Null, n)
	switch {
	case c.kind.InInts():
		c.v.Ints = resize(c.v.Ints, n)
	case c.kind.InFloats():
		c.v.Floats = resize(c.v.Floats, n)
	default:
		_ = c.texts.resize(&c.held, 0) // less is never too much, or has been said
		c.v.Codes = resize(c.v.Codes, n)
		c.v.Dict, c.own = dict, dict == nil
		if c.own {
			c.v.Dict = &columnar.Bytes{} // never one that was given out before
		}
	}
}

// resize gives a slice of n elements of any content.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

func (c *column) null(i int) {
	c.v.Null[i] = true
	switch {
	case c.kind.InInts():
		c.v.Ints[i] = 0
	case c.kind.InFloats():
		c.v.Floats[i] = 0
	default:
		c.v.Codes[i] = -1
	}
}

func (c *column) int(i int, x int64)     { c.v.Null[i], c.v.Ints[i] = false, x }
func (c *column) float(i int, x float64) { c.v.Null[i], c.v.Floats[i] = false, x }
func (c *column) bytes(i int, x []byte) {
	if err := c.texts.resize(&c.held, c.held+int64(len(x))); err != nil {
		c.texts.end(err)
		c.null(i)
		return
	}
	c.v.Null[i], c.v.Codes[i] = false, int32(c.v.Dict.Len())
	c.v.Dict.Append(x)
}

// set sets a value of the column's family of kinds, or null.
func (c *column) set(i int, v columnar.Value) {
	switch {
	case v.Kind == columnar.Invalid:
		c.null(i)
	case c.kind.InInts():
		c.int(i, v.Int)
	case c.kind.InFloats():
		c.float(i, v.Float)
	default:
		c.bytes(i, v.Bytes)
	}
}

// from copies value j of v, which is of the same family of kinds.
func (c *column) from(i int, v *columnar.Vector, j int) {
	switch {
	case v.IsNull(j):
		c.null(i)
	case c.kind.InInts():
		c.int(i, v.Ints[j])
	case c.kind.InFloats():
		c.float(i, v.Floats[j])
	case !c.own:
		c.v.Null[i], c.v.Codes[i] = false, v.Codes[j]
	default:
		c.bytes(i, v.ByteAt(j))
	}
}

// vector is the column. It is valid until begin.
func (c *column) vector() *columnar.Vector { return &c.v }
