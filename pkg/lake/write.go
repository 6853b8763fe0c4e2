package lake

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// Layout is how the rows of a table lie in files.
type Layout struct {
	PartitionBy string   // a date column, or "" for none
	Plain       []string // paths of strings that hardly repeat
	Stats       []string // paths that get statistics in the log
	Filters     []string // paths of strings of which single values are looked for
	Order       []string // columns of whole numbers or times that a rewrite sorts by
	Tag         *Tag     // what to note of each file's content, or nil

	// RowGroupRows is the most rows of a row group; 0: columnar's default. Readers
	// leave out, or take, a row group as a whole.
	RowGroupRows int
	// FileBytes is where a file is closed and a new one begun; 0: 32 MiB. A file
	// is held in memory until it is uploaded.
	FileBytes int64
	// OpenFiles bounds the partitions written at once; 0: 8. One more closes the
	// one that was written to longest ago.
	OpenFiles int
}

// Tag notes the distinct labels of a file's rows in the tags of its add, joined
// by commas, so that a follower of the log knows what is in a file unread.
type Tag struct {
	Name   string
	Column string
	Label  func(value []byte, null bool) string
}

const (
	defaultFileBytes = 32 << 20
	defaultOpenFiles = 8
	// writeRows and writeBytes are how much is encoded between two looks at the
	// context and at the size of the file: a page of rows, some pages of text.
	writeRows  = 8192
	writeBytes = 8 << 20
)

// Writer turns batches into data files of one table. It is not safe for
// concurrent use.
type Writer struct {
	table  *Table
	schema columnar.Schema
	layout Layout
	part   int // position of the partition column, or -1

	inFile columnar.Schema // schema without the partition column
	open   map[int64]*openFile
	clock  int64 // counts writes, for finding the file not written to for longest
	sealed []sealedFile
	adds   []delta.Add // of uploaded files
	kept   map[string][]*columnar.Batch
}

// sealedFile is a data file that is encoded and not uploaded yet.
type sealedFile struct {
	add  delta.Add
	body []byte
}

type openFile struct {
	buf    bytes.Buffer
	w      *columnar.Writer
	labels map[string]bool
	used   int64
	kept   []stretch // rows, if they are kept
}

// stretch is the rows of a batch from up to to.
type stretch struct {
	batch    *columnar.Batch
	from, to int
}

// nullPartition stands for a null date: no date has this value.
const nullPartition = int64(-1 << 62)

// NewWriter starts writing files for rows of the schema, which the table need
// not have yet.
func (t *Table) NewWriter(schema columnar.Schema, layout Layout) *Writer {
	if layout.FileBytes <= 0 {
		layout.FileBytes = defaultFileBytes
	}
	if layout.OpenFiles <= 0 {
		layout.OpenFiles = defaultOpenFiles
	}
	w := &Writer{table: t, schema: schema, layout: layout, part: -1, open: map[int64]*openFile{}}
	for i, f := range schema {
		if f.Name == layout.PartitionBy {
			w.part = i
			continue
		}
		w.inFile = append(w.inFile, f)
	}
	return w
}

// Keep has the writer hold on to the rows, which may then not be reused, so that
// they need not be read back: Kept has them by file.
func (w *Writer) Keep() { w.kept = map[string][]*columnar.Batch{} }

// Forget ends Keep: nothing is kept of what was or will be written.
func (w *Writer) Forget() {
	w.kept = nil
	for _, f := range w.open {
		f.kept = nil
	}
}

// Kept are the rows of the files that were closed, by the path in their add, in the
// order in which they lie there; nil if they are not kept.
func (w *Writer) Kept() map[string][]*columnar.Batch { return w.kept }

// Write adds the rows of b, which may be reused afterwards unless they are kept. It
// uploads the files that are full. Once ctx is done it ends after a page at most.
func (w *Writer) Write(ctx context.Context, b *columnar.Batch) error {
	if b.Len == 0 {
		return nil
	}
	if w.part < 0 {
		return w.writePart(ctx, nullPartition, b)
	}
	dates := b.Columns[w.part]
	at := func(i int) int64 {
		if dates.IsNull(i) {
			return nullPartition
		}
		return dates.Ints[i]
	}
	rows := map[int64][]int32{}
	first, same := at(0), true
	for i := 1; i < b.Len && same; i++ {
		same = at(i) == first
	}
	if same {
		return w.writePart(ctx, first, b)
	}
	for i := range b.Len {
		rows[at(i)] = append(rows[at(i)], int32(i))
	}
	for _, date := range slices.Sorted(maps.Keys(rows)) {
		if err := w.writePart(ctx, date, b.Take(rows[date])); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) writePart(ctx context.Context, part int64, b *columnar.Batch) error {
	body := b
	if w.part >= 0 {
		body = &columnar.Batch{Schema: w.inFile, Len: b.Len, Columns: slices.Delete(slices.Clone(b.Columns), w.part, w.part+1)}
	}
	step := writeRows
	if text := b.TextBytes(); text > writeBytes {
		step = max(1, min(step, int(writeBytes*int64(b.Len)/text)))
	}
	for from := 0; from < b.Len; from += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+step, b.Len)
		f, err := w.file(ctx, part)
		if err != nil {
			return err
		}
		if tag := w.layout.Tag; tag != nil {
			f.label(tag, b.Column(tag.Column), from, to)
		}
		if err := f.w.WriteRows(body, from, to); err != nil {
			return fmt.Errorf("encode rows of %s: %w", w.table.Name, err)
		}
		if w.kept != nil {
			f.keep(b, from, to)
		}
		if f.w.Size() >= w.layout.FileBytes {
			if err := w.finish(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteFrom adds n rows of a table without partitions and tags, whose columns lie in
// different places. They are to be as many as are worth a page, at most.
func (w *Writer) WriteFrom(ctx context.Context, columns []columnar.Piece, n int) error {
	if w.part >= 0 || w.layout.Tag != nil {
		return fmt.Errorf("encode rows of %s: its files are dealt by row", w.table.Name)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := w.file(ctx, nullPartition)
	if err != nil {
		return err
	}
	if err := f.w.WriteFrom(columns, n); err != nil {
		return fmt.Errorf("encode rows of %s: %w", w.table.Name, err)
	}
	if f.w.Size() >= w.layout.FileBytes {
		return w.finish(ctx, nullPartition)
	}
	return nil
}

func (f *openFile) keep(b *columnar.Batch, from, to int) {
	if n := len(f.kept); n > 0 && f.kept[n-1].batch == b && f.kept[n-1].to == from {
		f.kept[n-1].to = to
		return
	}
	f.kept = append(f.kept, stretch{b, from, to})
}

// rows are those of a stretch as a batch of their own.
func (s stretch) rows() *columnar.Batch {
	if s.from == 0 && s.to == s.batch.Len {
		return s.batch
	}
	at := make([]int32, 0, s.to-s.from)
	for i := s.from; i < s.to; i++ {
		at = append(at, int32(i))
	}
	return s.batch.Take(at)
}

func (f *openFile) label(tag *Tag, v *columnar.Vector, from, to int) {
	var last []byte
	for i := from; i < to; i++ {
		value, null := v.ByteAt(i), v.IsNull(i)
		if i > from && !null && last != nil && bytes.Equal(last, value) {
			continue
		}
		last = value
		if null {
			last = nil
		}
		f.labels[tag.Label(value, null)] = true
	}
}

// file is the open file of a partition.
func (w *Writer) file(ctx context.Context, part int64) (*openFile, error) {
	w.clock++
	if f, ok := w.open[part]; ok {
		f.used = w.clock
		return f, nil
	}
	if len(w.open) >= w.layout.OpenFiles {
		oldest := part
		for p, f := range w.open {
			if o, ok := w.open[oldest]; !ok || f.used < o.used {
				oldest = p
			}
		}
		if err := w.finish(ctx, oldest); err != nil {
			return nil, err
		}
	}
	f := &openFile{labels: map[string]bool{}, used: w.clock}
	var err error
	f.w, err = columnar.NewWriter(&f.buf, w.inFile, columnar.WriterOptions{
		Plain: w.layout.Plain, Filters: w.layout.Filters, StatsColumns: w.layout.Stats, RowGroupRows: w.layout.RowGroupRows,
	})
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", w.table.Name, err)
	}
	w.open[part] = f
	return f, nil
}

// finish uploads the open file of a partition.
func (w *Writer) finish(ctx context.Context, part int64) error {
	if err := w.seal(part); err != nil {
		return err
	}
	return w.upload(ctx)
}

// seal encodes the open file of a partition to its end.
func (w *Writer) seal(part int64) error {
	f := w.open[part]
	delete(w.open, part)
	const footer = 64 << 10 // about; what is in open pages is an estimate, too
	f.buf.Grow(int(f.w.Size()*5/4) + footer)
	stats, err := f.w.Close()
	if err != nil {
		return fmt.Errorf("encode rows of %s: %w", w.table.Name, err)
	}
	add := delta.Add{
		PartitionValues:  map[string]*string{},
		Size:             int64(f.buf.Len()),
		ModificationTime: w.table.lake.Now(),
		DataChange:       true,
		Stats:            delta.StatsJSON(stats),
	}
	name := "part-00000-" + uuid.NewString() + "-c000.zstd.parquet"
	if w.part >= 0 {
		add.PartitionValues[w.layout.PartitionBy] = nil
		folder := "__HIVE_DEFAULT_PARTITION__"
		if part != nullPartition {
			folder = time.Unix(part*24*60*60, 0).UTC().Format(time.DateOnly)
			date := folder
			add.PartitionValues[w.layout.PartitionBy] = &date
		}
		name = w.layout.PartitionBy + "=" + folder + "/" + name
	}
	add.Path = name
	if tag := w.layout.Tag; tag != nil {
		add.Tags = map[string]string{tag.Name: strings.Join(slices.Sorted(maps.Keys(f.labels)), ",")}
	}
	if w.kept != nil {
		for _, s := range f.kept {
			w.kept[add.Path] = append(w.kept[add.Path], s.rows())
		}
	}
	w.sealed = append(w.sealed, sealedFile{add, f.buf.Bytes()})
	return nil
}

func (w *Writer) upload(ctx context.Context) error {
	for ; len(w.sealed) > 0; w.sealed = w.sealed[1:] {
		f := &w.sealed[0]
		if _, err := w.table.lake.store.Put(ctx, w.table.root+f.add.Path, f.body); err != nil {
			return fmt.Errorf("upload rows of %s: %w", w.table.Name, err)
		}
		w.adds = append(w.adds, f.add)
		f.body = nil
	}
	return nil
}

// Seal encodes all rows that were written, and leaves only uploads to Close: a
// caller who shares out the processor can wait for them apart.
func (w *Writer) Seal() error {
	for _, part := range slices.Sorted(maps.Keys(w.open)) {
		if err := w.seal(part); err != nil {
			return err
		}
	}
	return nil
}

// Close uploads what is left and returns the adds of all files, for a commit.
// It holds one encoded file at a time, but for those that Seal has encoded.
func (w *Writer) Close(ctx context.Context) ([]delta.Add, error) {
	if err := w.upload(ctx); err != nil {
		return nil, err
	}
	for _, part := range slices.Sorted(maps.Keys(w.open)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := w.finish(ctx, part); err != nil {
			return nil, err
		}
	}
	return w.adds, nil
}
