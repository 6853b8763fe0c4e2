package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// createdBy has the form that Parquet's Java reader can parse; what it cannot
// parse it warns about.
const createdBy = "auditlake version 1.0.0"

// WriterOptions tune a Writer; the zero value is good.
type WriterOptions struct {
	Compression     Compression
	RowGroupRows    int // rows in a row group; 0: 131,072
	PageRows        int // rows in a page; 0: 8,192. A page of strings is cut at 1 MiB too
	DictionaryBytes int // where a row group's dictionary gives way to plain strings; 0: 1 MiB

	// StatsColumns are the dotted paths, through structs, of the columns that get
	// statistics; a struct's path stands for all below it. nil: every scalar
	// outside maps and lists. Empty: none.
	StatsColumns []string

	// Plain are the dotted paths of strings that hardly repeat: they are written
	// without trying a dictionary. Below a map or list the parts are key, value
	// and element.
	Plain []string

	// Filters are the dotted paths of strings that get bloom filters, so that a
	// single value is found without reading the row groups that do not have it.
	Filters []string
}

const (
	pageBytes     = 1 << 20
	rowGroupBytes = 128 << 20 // compressed; a reader holds a row group's wanted columns
	maxLevel      = 127
)

// Writer writes batches as one Parquet file. It buffers one row group, encoded
// and compressed. Not for concurrent use; after an error it is of no more use.
//
// The file is as old as can be without loss, for every engine to read it: data
// pages of version 1, PLAIN values, dictionaries for strings, three-level lists,
// timestamps in microseconds UTC, all fields optional, a page index.
type Writer struct {
	w      io.Writer
	o      WriterOptions
	schema Schema
	roots  []*writeNode
	leaves []*leafWriter

	elements  []format.SchemaElement
	rowGroups []format.RowGroup
	columns   [][]*format.ColumnIndex // by row group, column; nil: none
	offsets   [][]format.OffsetIndex
	filters   [][][]byte // by row group, column; nil: none

	offset    int64 // bytes written
	rows      int64
	groupRows int // in the open row group
	pageRows  int // since the last common page end
	writes    int64
	sources   []Piece // of the last batch, to be filled again
	err       error
}

// NewWriter starts a file on w. w is written to a page at a time.
func NewWriter(w io.Writer, schema Schema, o WriterOptions) (*Writer, error) {
	if o.RowGroupRows <= 0 {
		o.RowGroupRows = 131072
	}
	if o.PageRows <= 0 {
		o.PageRows = 8192
	}
	if o.DictionaryBytes <= 0 {
		o.DictionaryBytes = 1 << 20
	}
	comp, err := newCompressor(o.Compression)
	if err != nil {
		return nil, err
	}
	text, err := o.Compression.forText()
	if err != nil {
		return nil, err
	}
	if len(schema) == 0 {
		return nil, fmt.Errorf("write parquet: a schema without columns")
	}
	out := &Writer{w: w, o: o, schema: schema}
	root := format.SchemaElement{Name: "schema"}
	root.NumChildren.Set(int32(len(schema)))
	out.elements = append(out.elements, root)
	b := treeBuilder{w: out, comp: comp, text: text}
	for _, f := range schema {
		n, err := b.node(f.Type, nodePlace{parquet: []string{f.Name}, name: []string{f.Name}, stats: true})
		if err != nil {
			return nil, fmt.Errorf("write parquet: column %q: %w", f.Name, err)
		}
		out.roots = append(out.roots, n)
	}
	for _, l := range out.leaves {
		l.leafMemory = leafMemories.Get().(*leafMemory)
		l.reset()
	}
	return out, nil
}

// treeBuilder makes the write tree and the schema elements, both depth first.
type treeBuilder struct {
	w          *Writer
	comp, text compressor
}

// nodePlace is where in the tree a node goes.
type nodePlace struct {
	parquet, name []string
	def, rep      uint8 // levels of the parent
	required      bool
	stats         bool // not below a map or list
}

func (p nodePlace) below(parquet []string, name string) nodePlace {
	p.parquet = append(p.parquet[:len(p.parquet):len(p.parquet)], parquet...)
	p.name = append(p.name[:len(p.name):len(p.name)], name)
	p.required = false
	return p
}

func (b *treeBuilder) node(t Type, p nodePlace) (*writeNode, error) {
	if p.def >= maxLevel-2 {
		return nil, fmt.Errorf("nested too deeply")
	}
	e := format.SchemaElement{Name: p.parquet[len(p.parquet)-1]}
	e.RepetitionType.Set(format.Optional)
	if p.required {
		e.RepetitionType.Set(format.Required)
	} else {
		p.def++
	}
	n := &writeNode{kind: t.Kind, required: p.required}
	group := func(name string, children int, converted deprecated.ConvertedType) {
		r := format.SchemaElement{Name: name}
		r.RepetitionType.Set(format.Repeated)
		r.NumChildren.Set(int32(children))
		b.w.elements = append(b.w.elements, e, r)
		p.def, p.rep, p.stats = p.def+1, p.rep+1, false
	}
	child := func(t Type, p nodePlace) error {
		c, err := b.node(t, p)
		n.children = append(n.children, c)
		return err
	}
	switch t.Kind {
	case Struct:
		if len(t.Fields) == 0 {
			return nil, fmt.Errorf("a struct without fields cannot be written")
		}
		e.NumChildren.Set(int32(len(t.Fields)))
		b.w.elements = append(b.w.elements, e)
		for _, f := range t.Fields {
			if err := child(f.Type, p.below([]string{f.Name}, f.Name)); err != nil {
				return nil, fmt.Errorf("field %q: %w", f.Name, err)
			}
		}
		return n, nil
	case List:
		e.NumChildren.Set(1)
		e.ConvertedType.Set(deprecated.List)
		e.LogicalType.Value = &format.ListType{}
		group("list", 1, 0)
		return n, child(*t.Elem, p.below([]string{"list", "element"}, "element"))
	case Map:
		e.NumChildren.Set(1)
		e.ConvertedType.Set(deprecated.Map)
		e.LogicalType.Value = &format.MapType{}
		group("key_value", 2, 0)
		key := p.below([]string{"key_value", "key"}, "key")
		key.required = true
		if err := child(*t.Key, key); err != nil {
			return nil, err
		}
		return n, child(*t.Elem, p.below([]string{"key_value", "value"}, "value"))
	}
	if !t.Kind.Writable() {
		return nil, fmt.Errorf("type %s cannot be written", t)
	}
	e.Type.Set(physicalType(t.Kind))
	annotate(&e, t.Kind)
	b.w.elements = append(b.w.elements, e)
	n.leaf = &leafWriter{
		path: p.parquet, name: p.name, kind: t.Kind, required: p.required, maxDef: p.def, maxRep: p.rep,
		stats:    p.stats && b.wantStats(p.name),
		wantDict: t.Kind.InBytes() && !contains(b.w.o.Plain, strings.Join(p.name, ".")),
		o:        &b.w.o, comp: b.comp, text: b.text,
	}
	if t.Kind.InBytes() && contains(b.w.o.Filters, strings.Join(p.name, ".")) {
		n.leaf.filter = &filterWriter{}
	}
	b.w.leaves = append(b.w.leaves, n.leaf)
	return n, nil
}

func (b *treeBuilder) wantStats(name []string) bool {
	if b.w.o.StatsColumns == nil {
		return true
	}
	for i := range name {
		if contains(b.w.o.StatsColumns, strings.Join(name[:i+1], ".")) {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// annotate sets the logical type and its older form.
func annotate(e *format.SchemaElement, k Kind) {
	switch k {
	case String:
		e.ConvertedType.Set(deprecated.UTF8)
		e.LogicalType.Value = &format.StringType{}
	case Date:
		e.ConvertedType.Set(deprecated.Date)
		e.LogicalType.Value = &format.DateType{}
	case Timestamp:
		e.ConvertedType.Set(deprecated.TimestampMicros)
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	case Byte:
		e.ConvertedType.Set(deprecated.Int8)
		e.LogicalType.Value = &format.IntType{BitWidth: 8, IsSigned: true}
	case Short:
		e.ConvertedType.Set(deprecated.Int16)
		e.LogicalType.Value = &format.IntType{BitWidth: 16, IsSigned: true}
	}
}

// Write adds the rows of b, whose schema must equal the writer's. b may be
// changed afterwards.
func (w *Writer) Write(b *Batch) error { return w.WriteRows(b, 0, b.Len) }

// WriteRows is Write for the rows of b from up to to.
func (w *Writer) WriteRows(b *Batch, from, to int) error {
	if w.err != nil {
		return w.err
	}
	if !sameSchema(w.schema, b.Schema) {
		return w.fail(fmt.Errorf("batch of %s does not fit a file of %s", StructOf(b.Schema...), StructOf(w.schema...)))
	}
	for i, c := range b.Columns {
		if c.Len != b.Len {
			return w.fail(fmt.Errorf("column %q has %d rows of the batch's %d", w.schema[i].Name, c.Len, b.Len))
		}
	}
	w.sources = w.sources[:0]
	for _, c := range b.Columns {
		w.sources = append(w.sources, Piece{Column: c, From: from})
	}
	return w.write(w.sources, to-from)
}

// Piece says where the values of one column are: in the given rows of a vector, or
// in those from From on. Those of a struct may be in as many places as it has fields.
type Piece struct {
	Column *Vector
	Rows   []int32 // nil: all from From on; negative, in a field: null
	From   int

	Fields []Piece // not nil: of a struct, each with Rows; there is no Column
	Null   []bool  // of a struct with Fields: which rows are null; nil: none
}

func (p *Piece) fits(t Type, n int) error {
	if p.Fields == nil {
		switch {
		case !p.Column.Type.Equal(t):
			return fmt.Errorf("%s does not fit %s", p.Column.Type, t)
		case p.Rows != nil && len(p.Rows) != n, p.Rows == nil && p.From+n > p.Column.Len:
			return fmt.Errorf("it does not have %d rows", n)
		}
		return nil
	}
	if t.Kind != Struct || len(t.Fields) != len(p.Fields) || p.Null != nil && len(p.Null) != n {
		return fmt.Errorf("%d fields for %s", len(p.Fields), t)
	}
	for i, f := range p.Fields {
		if !f.Column.Type.Equal(t.Fields[i].Type) || len(f.Rows) != n {
			return fmt.Errorf("field %q: %s with %d rows", t.Fields[i].Name, f.Column.Type, len(f.Rows))
		}
	}
	return nil
}

// WriteFrom adds n rows whose columns lie in different places, one piece for each
// column of the writer's schema, of its type.
func (w *Writer) WriteFrom(columns []Piece, n int) error {
	if w.err != nil {
		return w.err
	}
	if len(columns) != len(w.schema) {
		return w.fail(fmt.Errorf("%d columns for a file of %d", len(columns), len(w.schema)))
	}
	for i := range columns {
		if err := columns[i].fits(w.schema[i].Type, n); err != nil {
			return w.fail(fmt.Errorf("column %q: %w", w.schema[i].Name, err))
		}
	}
	return w.write(columns, n)
}

func (w *Writer) write(columns []Piece, rows int) error {
	w.writes++
	for at := 0; at < rows; {
		n := min(rows-at, w.o.PageRows-w.pageRows, w.o.RowGroupRows-w.groupRows)
		for i, root := range w.roots {
			if err := root.shredPiece(&columns[i], at, n, w.writes); err != nil {
				return w.fail(fmt.Errorf("column %q: %w", w.schema[i].Name, err))
			}
		}
		at += n
		w.rows += int64(n)
		w.groupRows += n
		w.pageRows += n
		if w.pageRows == w.o.PageRows {
			w.pageRows = 0
			for _, l := range w.leaves {
				if err := l.flushPage(); err != nil {
					return w.fail(err)
				}
			}
		}
		if w.groupRows == w.o.RowGroupRows || w.buffered() > rowGroupBytes {
			if err := w.flushRowGroup(); err != nil {
				return w.fail(err)
			}
		}
	}
	return nil
}

func sameSchema(a, b Schema) bool {
	return len(a) == len(b) && (&a[0] == &b[0] || a.Equal(b))
}

func (w *Writer) fail(err error) error {
	w.err = fmt.Errorf("write parquet: %w", err)
	return w.err
}

func (w *Writer) buffered() int64 {
	n := int64(0)
	if w.err != nil {
		return 0
	}
	for _, l := range w.leaves {
		n += l.size()
	}
	return n
}

// Size is the bytes the file has so far, with an estimate for what is buffered.
func (w *Writer) Size() int64 { return w.offset + w.buffered() }

// Rows is the rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

func (w *Writer) put(p []byte) error {
	n, err := w.w.Write(p)
	w.offset += int64(n)
	return err
}

func (w *Writer) start() error {
	if w.offset > 0 {
		return nil
	}
	return w.put([]byte("PAR1"))
}

func (w *Writer) flushRowGroup() error {
	if w.groupRows == 0 {
		return nil
	}
	if len(w.rowGroups) == math.MaxInt16 {
		return fmt.Errorf("more than %d row groups", math.MaxInt16)
	}
	if err := w.start(); err != nil {
		return err
	}
	g := format.RowGroup{NumRows: int64(w.groupRows), FileOffset: w.offset, Ordinal: int16(len(w.rowGroups))}
	var cis []*format.ColumnIndex
	var ois []format.OffsetIndex
	var filters [][]byte
	for _, l := range w.leaves {
		dict, err := l.flushChunk()
		if err != nil {
			return err
		}
		c, ci, oi := l.describe(w.offset, dict)
		if err := w.put(dict); err != nil {
			return err
		}
		for _, page := range l.pages {
			if err := w.put(page); err != nil {
				return err
			}
		}
		g.TotalByteSize += c.MetaData.TotalUncompressedSize
		g.TotalCompressedSize += c.MetaData.TotalCompressedSize
		g.Columns = append(g.Columns, c)
		cis, ois, filters = append(cis, ci), append(ois, oi), append(filters, l.takeFilter())
		l.reset()
	}
	w.rowGroups = append(w.rowGroups, g)
	w.columns, w.offsets = append(w.columns, cis), append(w.offsets, ois)
	w.filters = append(w.filters, filters)
	w.groupRows, w.pageRows = 0, 0
	return nil
}

// Close ends the file. It does not close the io.Writer.
func (w *Writer) Close() (*FileStats, error) {
	if w.err != nil {
		return nil, w.err
	}
	if err := w.flushRowGroup(); err != nil {
		return nil, w.fail(err)
	}
	if err := w.start(); err != nil {
		return nil, w.fail(err)
	}
	if err := w.writeFooter(); err != nil {
		return nil, w.fail(err)
	}
	w.err = fmt.Errorf("write parquet: the file is closed")
	stats := &FileStats{NumRows: w.rows}
	for _, l := range w.leaves {
		l.release()
		if l.stats {
			lo, hi := l.total.values(l.kind)
			stats.Columns = append(stats.Columns, ColumnStats{Path: l.name, Bound: Bound{Min: lo, Max: hi, Nulls: l.totalNulls}})
		}
	}
	return stats, nil
}

// writeFooter writes the filters, the column indexes, the offset indexes and the
// metadata.
func (w *Writer) writeFooter() error {
	var tail bytes.Buffer
	var p thrift.CompactProtocol
	enc := thrift.NewEncoder(p.NewWriter(&tail))
	if err := w.writeFilters(enc, &tail); err != nil {
		return err
	}
	for g, indexes := range w.columns {
		for c, ci := range indexes {
			if ci == nil {
				continue
			}
			at := tail.Len()
			if err := enc.Encode(ci); err != nil {
				return fmt.Errorf("encode column index: %w", err)
			}
			col := &w.rowGroups[g].Columns[c]
			col.ColumnIndexOffset, col.ColumnIndexLength = w.offset+int64(at), int32(tail.Len()-at)
		}
	}
	for g, indexes := range w.offsets {
		for c := range indexes {
			at := tail.Len()
			if err := enc.Encode(&indexes[c]); err != nil {
				return fmt.Errorf("encode offset index: %w", err)
			}
			col := &w.rowGroups[g].Columns[c]
			col.OffsetIndexOffset, col.OffsetIndexLength = w.offset+int64(at), int32(tail.Len()-at)
		}
	}
	at := tail.Len()
	meta := format.FileMetaData{Version: 1, Schema: w.elements, NumRows: w.rows, RowGroups: w.rowGroups, CreatedBy: createdBy}
	for range w.leaves {
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	if err := enc.Encode(&meta); err != nil {
		return fmt.Errorf("encode footer: %w", err)
	}
	footer := binary.LittleEndian.AppendUint32(tail.Bytes(), uint32(tail.Len()-at))
	return w.put(append(footer, "PAR1"...))
}
