// Package columnar holds table values in columns and reads and writes them as
// Parquet. It is the only package that knows a Parquet library, of which it uses
// the metadata, its coding, and the encodings of levels and codes; between pages
// and vectors it goes itself, without a value or a row in between.
//
//	Schema   names and types of the columns, all nullable
//	Vector   one column of one type:        ints | floats | bytes | codes -> dict
//	           struct                        children side by side
//	           map, list                     offsets into child vectors
//	Batch    vectors of equal length under a schema
//	Writer   batches -> one Parquet file and its statistics
//	File     a Parquet file -> batches, with columns and row groups left out
//	Reader   a File's row groups one by one, pages left out; with a Choice, rows
//	         that were picked, and other columns only where there are any
//	Bounds   what is known of a column without reading it: for leaving out
//	         files, row groups and pages that cannot hold a wanted row
//
// The type names are Delta's: a Schema prints as the schemaString of a Delta
// log and is parsed from one. A timestamp counts microseconds and a date counts
// days, both since 1970-01-01 UTC. Decimals and timestamps without a zone are
// read, for tables that others made; no Writer takes them.
package columnar

import "fmt"

// Kind is the shape of a type.
type Kind uint8

// The kinds and, for the scalar ones, the slice of a Vector that holds them.
const (
	Invalid      Kind = iota
	Boolean           // Ints, 0 or 1
	Byte              // Ints
	Short             // Ints
	Integer           // Ints
	Long              // Ints
	Date              // Ints, days since 1970-01-01
	Timestamp         // Ints, microseconds since 1970-01-01 UTC
	TimestampNTZ      // Ints, microseconds since 1970-01-01 00:00:00 by a clock of no zone
	Float             // Floats
	Double            // Floats
	String            // Bytes or Codes, valid UTF-8
	Binary            // Bytes or Codes
	Decimal           // Bytes or Codes, exact text with all digits of the scale: -0.50
	Struct            // Children, one per field
	Map               // Offsets, Children: keys, values
	List              // Offsets, Children: elements
)

var kindNames = [...]string{
	"invalid", "boolean", "byte", "short", "integer", "long", "date", "timestamp", "timestamp_ntz",
	"float", "double", "string", "binary", "decimal", "struct", "map", "array",
}

// String is the name Delta gives the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// InInts reports whether vectors of the kind keep their values in Ints.
func (k Kind) InInts() bool { return k >= Boolean && k <= TimestampNTZ }

// InFloats reports whether vectors of the kind keep their values in Floats.
func (k Kind) InFloats() bool { return k == Float || k == Double }

// InBytes reports whether vectors of the kind keep their values in Bytes or Codes.
func (k Kind) InBytes() bool { return k == String || k == Binary || k == Decimal }

// Writable reports whether a Writer takes columns of the kind.
func (k Kind) Writable() bool {
	return k > Invalid && k <= List && k != Decimal && k != TimestampNTZ
}

// Batch is rows in columns. Columns[i] has the type of Schema[i] and Len rows.
type Batch struct {
	Schema  Schema
	Len     int
	Columns []*Vector
}

// NewBatch is an empty batch to append to.
func NewBatch(schema Schema) *Batch {
	b := &Batch{Schema: schema, Columns: make([]*Vector, len(schema))}
	for i, f := range schema {
		b.Columns[i] = NewVector(f.Type)
	}
	return b
}

// Column is the vector of the named column, or nil.
func (b *Batch) Column(name string) *Vector {
	if i := b.Schema.Index(name); i >= 0 {
		return b.Columns[i]
	}
	return nil
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Len = 0
	for _, c := range b.Columns {
		c.Reset()
	}
}

// Fresh is an empty batch of the same schema with room for as many rows like these.
func (b *Batch) Fresh() *Batch {
	out := &Batch{Schema: b.Schema, Columns: make([]*Vector, len(b.Columns))}
	for i, c := range b.Columns {
		out.Columns[i] = c.fresh()
	}
	return out
}

// AppendRow copies row i of src, which must have the same schema.
func (b *Batch) AppendRow(src *Batch, i int) {
	for c, v := range b.Columns {
		v.AppendFrom(src.Columns[c], i)
	}
	b.Len++
}

// Append copies the rows of src, which must have the same schema.
func (b *Batch) Append(src *Batch) {
	for c, v := range b.Columns {
		v.AppendRange(src.Columns[c], 0, src.Len)
	}
	b.Len += src.Len
}

// Take is a new batch of the given rows, in the order given. It is for reading,
// as Vector.Take says.
func (b *Batch) Take(rows []int32) *Batch {
	out := &Batch{Schema: b.Schema, Len: len(rows), Columns: make([]*Vector, len(b.Columns))}
	for i, c := range b.Columns {
		out.Columns[i] = c.Take(rows)
	}
	return out
}
