// Package querytest is a lake in memory and a language for query tests, so that
// what a test says can be read:
//
//	table clusters
//	  actionName string | date date  | requestParams.cluster_name string
//	  create            | 2019-12-28 | job-31303-run-1
//	  delete            | 2019-12-28 | null
//
//	query how many were created
//	  aggregate count() as n by date
//	    filter actionName = 'create'
//	      scan clusters
//	expect
//	  date date  | n long
//	  2019-12-28 | 1
//
// A plan is written as query.Plan prints it. The Lake can also be filled from code.
package querytest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Lake is a query.Catalog over batches in memory. Fill it before use.
type Lake struct {
	// BatchRows is how many rows a scan yields at a time; 0 is 4096.
	BatchRows int
	// Plain leaves strings as they are; else they come as dictionary codes.
	Plain bool
	// Loosen, if set, changes what is said of a column, to something less exact.
	Loosen func(path string, b columnar.Bound) (_ columnar.Bound, ok bool)

	tables map[string]*table
}

// Add appends files to a table, one for each batch. The last batch's schema is
// the table's: it has all fields of those before.
func (l *Lake) Add(name string, files ...*columnar.Batch) {
	if l.tables == nil {
		l.tables = map[string]*table{}
	}
	t := l.tables[name]
	if t == nil {
		t = &table{}
		l.tables[name] = t
	}
	for _, f := range files {
		t.files = append(t.files, newFile(f))
		t.schema = f.Schema
	}
}

// Table implements query.Catalog. The settings that hold are those of the Lake it
// is called on, which may be a copy of the one that was filled.
func (l *Lake) Table(_ context.Context, name string) (query.Table, error) {
	if t := l.tables[name]; t != nil {
		return &table{l, t.schema, t.files}, nil
	}
	return nil, fmt.Errorf("table %s: %w", name, query.ErrNoTable)
}

// Tables implements query.Catalog.
func (l *Lake) Tables(context.Context) ([]string, error) {
	return slices.Sorted(maps.Keys(l.tables)), nil
}

type table struct {
	lake   *Lake
	schema columnar.Schema
	files  []*file
}

func (t *table) Schema() columnar.Schema { return t.schema }

// Version has the number of files as its number.
func (t *table) Version() query.Version {
	v := query.Version{Number: int64(len(t.files)), Identity: fmt.Sprintf("%p %d", t.files, len(t.files))}
	for _, f := range t.files {
		b, ok := bounds{f, t.lake.Loosen}.Bound(query.TimeColumn)
		if !ok || b.Min.Kind != columnar.Timestamp || b.Max.Kind != columnar.Timestamp {
			v.Times = query.TimeRange{}
			break
		}
		from, to := time.UnixMicro(b.Min.Int), time.UnixMicro(b.Max.Int).Add(time.Microsecond)
		if v.Times.IsZero() || from.Before(v.Times.From) {
			v.Times.From = from
		}
		if to.After(v.Times.To) {
			v.Times.To = to
		}
	}
	return v
}

func (t *table) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		stats.Files += int64(len(t.files))
		for _, f := range t.files {
			if keep != nil && !keep(bounds{f, t.lake.Loosen}) {
				stats.FilesPruned++
				continue
			}
			stats.RowGroups++
			source := f.coded
			if t.lake.Plain {
				source = f.plain
			}
			size := t.lake.BatchRows
			if size == 0 {
				size = 4096
			}
			for from := 0; from < source.Len; from += size {
				if err := ctx.Err(); err != nil {
					yield(nil, err)
					return
				}
				to := min(from+size, source.Len)
				stats.Rows += int64(to - from)
				if !yield(project(source, want, from, to), nil) {
					return
				}
			}
		}
	}
}

// project is rows from up to to of a batch, under the schema want.
func project(b *columnar.Batch, want columnar.Schema, from, to int) *columnar.Batch {
	out := &columnar.Batch{Schema: want, Len: to - from}
	for _, f := range want {
		out.Columns = append(out.Columns, part(b.Column(f.Name), f.Type, from, to))
	}
	return out
}

func part(v *columnar.Vector, t columnar.Type, from, to int) *columnar.Vector {
	out := columnar.NewVector(t)
	if v == nil {
		for range to - from {
			out.AppendNull()
		}
		return out
	}
	out.Len = to - from
	if v.Null != nil {
		out.Null = v.Null[from:to]
	}
	switch {
	case t.Kind.InInts():
		out.Ints = v.Ints[from:to]
	case t.Kind.InFloats():
		out.Floats = v.Floats[from:to]
	case v.Codes != nil:
		out.Codes, out.Dict = v.Codes[from:to], v.Dict
	case t.Kind.InBytes():
		for i := from; i < to; i++ {
			out.Bytes.Append(v.ByteAt(i))
		}
	case t.Kind == columnar.Struct:
		for i, f := range t.Fields {
			out.Children[i] = part(v.Field(f.Name), f.Type, from, to)
		}
	default:
		out.Offsets, out.Children = v.Offsets[from:to+1], v.Children
	}
	return out
}

// file is one batch in both encodings, and what is known of its columns.
type file struct {
	plain, coded *columnar.Batch
	bounds       map[string]columnar.Bound
}

func newFile(b *columnar.Batch) *file {
	f := &file{plain: b, coded: &columnar.Batch{Schema: b.Schema, Len: b.Len}, bounds: map[string]columnar.Bound{}}
	for i, v := range b.Columns {
		f.coded.Columns = append(f.coded.Columns, encode(v))
		f.measure(b.Schema[i].Name, v)
	}
	return f
}

// encode is a vector with its strings as codes.
func encode(v *columnar.Vector) *columnar.Vector {
	out := *v
	out.Children = nil
	for _, c := range v.Children {
		out.Children = append(out.Children, encode(c))
	}
	if !v.Type.Kind.InBytes() || v.Codes != nil {
		return &out
	}
	out.Bytes, out.Dict, out.Codes = columnar.Bytes{}, &columnar.Bytes{}, make([]int32, v.Len)
	seen := map[string]int32{}
	for i := range v.Len {
		if v.IsNull(i) {
			out.Codes[i] = -1
			continue
		}
		s := string(v.ByteAt(i))
		code, ok := seen[s]
		if !ok {
			code = int32(out.Dict.Len())
			seen[s] = code
			out.Dict.AppendString(s)
		}
		out.Codes[i] = code
	}
	return &out
}

func (f *file) measure(path string, v *columnar.Vector) {
	if v.Type.Kind == columnar.Struct {
		for i, field := range v.Type.Fields {
			f.measure(path+"."+field.Name, v.Children[i])
		}
		return
	}
	if v.Type.Kind > columnar.Struct {
		return
	}
	var b columnar.Bound
	for i := range v.Len {
		if v.IsNull(i) {
			b.Nulls++
			continue
		}
		value := columnar.Value{Kind: v.Type.Kind}
		switch {
		case v.Type.Kind.InInts():
			value.Int = v.Ints[i]
		case v.Type.Kind.InFloats():
			value.Float = v.Floats[i]
		default:
			value.Bytes = v.ByteAt(i)
		}
		if b.Min.Kind == columnar.Invalid || value.Compare(b.Min) < 0 {
			b.Min = value
		}
		if b.Max.Kind == columnar.Invalid || value.Compare(b.Max) > 0 {
			b.Max = value
		}
	}
	f.bounds[path] = b
}

type bounds struct {
	file   *file
	loosen func(string, columnar.Bound) (columnar.Bound, bool)
}

func (b bounds) Rows() int64 { return int64(b.file.plain.Len) }

func (b bounds) Bound(path string) (columnar.Bound, bool) {
	bound, ok := b.file.bounds[path]
	if ok && b.loosen != nil {
		return b.loosen(path, bound)
	}
	return bound, ok
}

// MayHold implements columnar.Prober: it is true just where a row has the value. Where
// bounds are loosened it knows nothing.
func (b bounds) MayHold(path string, want columnar.Value) bool {
	if b.loosen != nil {
		return true
	}
	names := strings.Split(path, ".")
	v := b.file.plain.Column(names[0])
	for _, name := range names[1:] {
		if v == nil || v.Type.Kind != columnar.Struct {
			return true
		}
		v = v.Field(name)
	}
	if v == nil || !v.Type.Kind.InInts() && !v.Type.Kind.InBytes() {
		return true
	}
	for i := range v.Len {
		switch {
		case v.IsNull(i):
		case v.Type.Kind.InInts() && want.Kind.InInts() && v.Ints[i] == want.Int,
			v.Type.Kind.InBytes() && want.Kind.InBytes() && bytes.Equal(v.ByteAt(i), want.Bytes),
			v.Type.Kind.InInts() != want.Kind.InInts():
			return true
		}
	}
	return false
}

// Block is one part of a test file: a line at the margin, and the indented lines
// below it.
type Block struct {
	Line       int // of the head, from 1
	Head, Body string
}

// Blocks cuts a test file. Empty lines and lines that start with # are left out.
func Blocks(text string) []Block {
	var out []Block
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#"):
		case !strings.HasPrefix(line, " "):
			out = append(out, Block{Line: i + 1, Head: strings.TrimSpace(line)})
		case len(out) > 0:
			out[len(out)-1].Body += line + "\n"
		}
	}
	return out
}
