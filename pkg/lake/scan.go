package lake

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// ScanStats counts what scans did. It is added to, never reset.
type ScanStats struct {
	Files           int64 // read
	FilesPruned     int64 // left out by partition or statistics
	RowGroups       int64 // read
	RowGroupsPruned int64
	Rows            int64 // yielded
	Bytes           int64 // fetched from the store
}

func (s *ScanStats) add(o ScanStats) {
	s.Files += o.Files
	s.FilesPruned += o.FilesPruned
	s.RowGroups += o.RowGroups
	s.RowGroupsPruned += o.RowGroupsPruned
	s.Rows += o.Rows
	s.Bytes += o.Bytes
}

// View is a table as it was at one version: scans of a View agree with each
// other whatever is committed meanwhile.
type View struct {
	table *Table
	snap  *delta.Snapshot
}

// View is the table at its newest version; ErrNoTable if there is none.
func (t *Table) View(ctx context.Context) (*View, error) {
	snap, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	t.sweep(snap)
	return &View{t, snap}, nil
}

// Schema is the columns of the table.
func (v *View) Schema() columnar.Schema { return v.snap.Schema() }

// Version is the Delta version of the table.
func (v *View) Version() int64 { return v.snap.Version() }

// Identity is equal only for views of the same rows.
func (v *View) Identity() string { return v.table.root + " " + v.snap.Identity() }

// Span is the least and the greatest that a column may have in any row, by the
// statistics in the log; ok is false if they do not say, or there are no values.
// It is worked out once for a snapshot.
func (v *View) Span(column string) (first, last columnar.Value, ok bool) {
	s := v.table.spans.of(v.snap, column)
	return s.first, s.last, s.ok
}

// Scan yields the rows under the schema want: fields are matched by name, also
// inside structs, and what the table lacks is null. Files, row groups and pages that
// keep rules out are not read. A batch is valid until the next one.
func (v *View) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	return batches(v.Read(ctx, Request{Want: want, Keep: keep}, stats))
}

// ScanFiles is View.Scan over the given files of a snapshot, in the order given.
// It is for those who read a file once: unlike View.Scan it keeps neither footers nor
// pages.
func (t *Table) ScanFiles(ctx context.Context, snap *delta.Snapshot, files iter.Seq[*delta.Add], want columnar.Schema, keep columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	return batches(t.read(ctx, snap, files, Request{Want: want, Keep: keep}, stats, kept{open: t.footers.peek}))
}

// batches are those of a Read that picks no rows.
func batches(in iter.Seq2[columnar.Selected, error]) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		for s, err := range in {
			if !yield(s.Batch, err) {
				return
			}
		}
	}
}

// columnPlan says where each wanted column comes from: the file, or the
// partition values in the log.
type columnPlan struct {
	want      columnar.Schema
	inFile    columnar.Schema
	partition []int // positions in want of partition columns
	position  []int // position in want of each column of inFile
}

func planColumns(want columnar.Schema, partitionColumns []string) columnPlan {
	p := columnPlan{want: want}
	for i, f := range want {
		inLog := false
		for _, c := range partitionColumns {
			inLog = inLog || c == f.Name
		}
		if inLog {
			p.partition = append(p.partition, i)
			continue
		}
		p.inFile = append(p.inFile, f)
		p.position = append(p.position, i)
	}
	return p
}

// withPartition adds what the log says of partition columns to the bounds of a
// row group, which does not have them.
type withPartition struct {
	columnar.Bounds
	file       columnar.Bounds
	partitions []string
}

func (w withPartition) Bound(path string) (columnar.Bound, bool) {
	for _, p := range w.partitions {
		if p == path {
			return w.file.Bound(path)
		}
	}
	return w.Bounds.Bound(path)
}

// MayHold implements columnar.Prober.
func (w withPartition) MayHold(path string, v columnar.Value) bool {
	return slices.Contains(w.partitions, path) || columnar.MayHold(w.Bounds, path, v)
}

// object reads ranges of one stored object. What a footer was read with it keeps for
// as long as the file is scanned: before the footer of a small file lie its filters.
type object struct {
	store store.Store
	key   string
	stats *ScanStats

	tail   []byte
	tailAt int64
	opened bool // no more reads of the footer to come
}

func (o *object) ReadRange(ctx context.Context, offset, length int64) (_ []byte, err error) {
	if at := offset - o.tailAt; at >= 0 && at+length <= int64(len(o.tail)) {
		return o.tail[at : at+length : at+length], nil
	}
	r, _, err := o.store.Get(ctx, o.key, "", offset, length)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	buf := make([]byte, length)
	n, err := io.ReadFull(r, buf)
	o.stats.Bytes += int64(n)
	if err != nil {
		return nil, fmt.Errorf("range %d+%d: %w", offset, length, err)
	}
	if !o.opened {
		o.tail, o.tailAt = buf, offset
	}
	return buf, nil
}
