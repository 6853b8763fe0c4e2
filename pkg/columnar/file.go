package columnar

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// ErrCorrupt says that bytes are not the Parquet file they should be.
var ErrCorrupt = errors.New("corrupt parquet file")

// ErrType says that a column is in the file with a type that cannot be read as
// the one asked for.
var ErrType = errors.New("column type does not fit")

func corruptf(layout string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(layout, args...))
}

// noPanic turns a panic over broken input in the library below into ErrCorrupt.
func noPanic(err *error) {
	if p := recover(); p != nil {
		*err = corruptf("panic: %v", p)
	}
}

// Source is where a Parquet file's bytes come from. ReadRange answers exactly
// length bytes or an error; the File does not change them. Calls on one File may
// be concurrent if its Reads are.
type Source interface {
	ReadRange(ctx context.Context, offset, length int64) ([]byte, error)
}

const (
	footerGuess = 64 << 10 // read at the end of a file at once
	maxFooter   = 64 << 20
)

// File is a Parquet file whose footer has been read. It may be kept, and used
// concurrently.
type File struct {
	src    Source
	size   int64
	meta   format.FileMetaData
	root   *fileNode
	leaves []*fileNode
	ours   bool // written by this package: statistics can be taken at their word
	weight int64

	filters *filters // one for all copies
	index   *index   // one for all copies
}

// OpenFile reads the footer of a file of size bytes: one ReadRange, or two if
// the footer is larger than 64 KiB.
func OpenFile(ctx context.Context, src Source, size int64) (f *File, err error) {
	defer noPanic(&err)
	if size < 12 {
		return nil, corruptf("%d bytes are too few", size)
	}
	tail, err := readRange(ctx, src, max(0, size-footerGuess), min(size, footerGuess))
	if err != nil {
		return nil, fmt.Errorf("read parquet footer: %w", err)
	}
	if string(tail[len(tail)-4:]) != "PAR1" {
		return nil, corruptf("the last bytes are %q, not PAR1", tail[len(tail)-4:])
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if length > size-12 || length > maxFooter {
		return nil, corruptf("a footer of %d bytes in a file of %d", length, size)
	}
	if length+8 > int64(len(tail)) {
		if tail, err = readRange(ctx, src, size-8-length, length+8); err != nil {
			return nil, fmt.Errorf("read parquet footer: %w", err)
		}
	}
	footer := tail[int64(len(tail))-8-length : len(tail)-8]
	f = &File{src: src, size: size, weight: 12 * length, filters: &filters{}}
	if err := decodeThrift(footer, &f.meta); err != nil {
		return nil, corruptf("footer: %w", err)
	}
	if f.root, f.leaves, err = parseTree(f.meta.Schema); err != nil {
		return nil, err
	}
	f.ours = strings.HasPrefix(f.meta.CreatedBy, "auditlake")
	f.findIndex(tail)
	return f, f.validate()
}

func readRange(ctx context.Context, src Source, offset, length int64) ([]byte, error) {
	b, err := src.ReadRange(ctx, offset, length)
	if err == nil && int64(len(b)) != length {
		err = fmt.Errorf("read %d bytes at %d: got %d", length, offset, len(b))
	}
	return b, err
}

// decodeThrift reads a compact-protocol struct from the front of b.
func decodeThrift(b []byte, v any) error {
	_, err := decodeThriftPrefix(b, v)
	return err
}

// decodeThriftPrefix is decodeThrift that also says how long the struct was.
func decodeThriftPrefix(b []byte, v any) (int, error) {
	n, err := thriftStruct(b)
	if err != nil {
		return 0, err
	}
	var p thrift.CompactProtocol
	return n, thrift.Unmarshal(&p, b[:n], v)
}

// validate checks what Read relies on.
func (f *File) validate() error {
	rows := int64(0)
	for g := range f.meta.RowGroups {
		rg := &f.meta.RowGroups[g]
		if rg.NumRows < 0 || len(rg.Columns) != len(f.leaves) {
			return corruptf("row group %d: %d rows, %d columns of %d", g, rg.NumRows, len(rg.Columns), len(f.leaves))
		}
		if rows += rg.NumRows; rows < 0 {
			return corruptf("row group %d: too many rows", g)
		}
		if rg.NumRows == 0 {
			continue
		}
		for c := range rg.Columns {
			m := &rg.Columns[c].MetaData
			start, end := chunkRange(m)
			if start < 4 || end < start || end > f.size || m.NumValues < 0 {
				return corruptf("row group %d column %d: bytes %d to %d, file of %d", g, c, start, end, f.size)
			}
			if m.Type != f.leaves[c].physical {
				return corruptf("row group %d column %d: %s, schema says %s", g, c, m.Type, f.leaves[c].physical)
			}
			if f.leaves[c].rep == 0 && m.NumValues != rg.NumRows {
				return corruptf("row group %d column %d: %d values for %d rows", g, c, m.NumValues, rg.NumRows)
			}
		}
	}
	if rows != f.meta.NumRows {
		return corruptf("%d rows, the row groups have %d", f.meta.NumRows, rows)
	}
	return nil
}

// chunkRange is where a column chunk's bytes are.
func chunkRange(m *format.ColumnMetaData) (start, end int64) {
	start = m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < start {
		start = m.DictionaryPageOffset
	}
	return start, start + m.TotalCompressedSize
}

// Schema is what the file holds. A column of a type this package does not know,
// such as an interval, has the Kind Invalid and is an error only when asked for.
func (f *File) Schema() Schema { return f.root.typ.Fields }

// Groups is the number of row groups.
func (f *File) Groups() int { return len(f.meta.RowGroups) }

// NumRows is the number of rows.
func (f *File) NumRows() int64 { return f.meta.NumRows }

// Weight is about how many bytes of memory the File takes, without the filters that
// it keeps.
func (f *File) Weight() int64 { return f.weight }

// With is the same file read through another source: a footer outlives the
// request that fetched it.
func (f *File) With(src Source) *File {
	g := *f
	g.src = src
	return &g
}
