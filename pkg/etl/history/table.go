package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// Table is a Delta table at the root of a store, of which url is the address. An import
// is of the version that is the newest when it begins.
func Table(s store.Store, url string) Input {
	return &table{store: s, url: url, log: delta.Open(s, "", delta.Options{})}
}

type table struct {
	store store.Store
	url   string
	log   *delta.Log
	snap  *delta.Snapshot
}

func (t *table) name() string { return "table " + t.url }

func (t *table) list(ctx context.Context) (int64, []file, error) {
	snap, err := t.log.Snapshot(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("read table %s: %w", t.store, err)
	}
	type dated struct {
		file
		first int64
	}
	var all []dated
	for a := range snap.Files() {
		all = append(all, dated{file{a.Path, a.Size}, firstTime(snap, a)})
	}
	// By time, so that a round has few days: their number decides how many objects there are.
	slices.SortFunc(all, func(a, b dated) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.Key, b.Key))
	})
	files := make([]file, len(all))
	for i := range all {
		files[i] = all[i].file
	}
	return snap.Version(), files, nil
}

// firstTime is about when the events of a file begin, in microseconds, as the log knows it.
func firstTime(snap *delta.Snapshot, a *delta.Add) int64 {
	known := snap.Bounds(a)
	const day = 24 * 60 * 60 * 1_000_000
	for _, column := range []string{"timestamp", "event_time", "date_time", "event_date", "date"} {
		b, ok := known.Bound(column)
		if !ok {
			continue
		}
		switch b.Min.Kind {
		case columnar.Long:
			return b.Min.Int * 1000
		case columnar.Timestamp, columnar.TimestampNTZ:
			return b.Min.Int
		case columnar.Date:
			return b.Min.Int * day
		}
	}
	return math.MaxInt64
}

func (t *table) open(ctx context.Context, version int64, files []file) (err error) {
	t.snap, err = t.log.SnapshotAt(ctx, version)
	if err != nil {
		err = fmt.Errorf("read version %d of table %s: %w", version, t.store, err)
		if errors.Is(err, delta.ErrNoVersion) || errors.Is(err, delta.ErrLogGap) {
			err = fmt.Errorf("%w: %w: import the version that there is now into an empty place", ErrChanged, err)
		}
		return err
	}
	for _, f := range files {
		if _, ok := t.snap.File(f.Key); !ok {
			return fmt.Errorf("%w: version %d of table %s has no file %s: import into an empty place", ErrChanged, version, t.store, f.Key)
		}
	}
	return nil
}

func (t *table) rows(ctx context.Context, f file, fn func(row []byte) error) error {
	add, _ := t.snap.File(f.Key)
	parts := map[string]columnar.Value{}
	var want columnar.Schema
	partitions := t.snap.Metadata().PartitionColumns
	for _, c := range t.snap.Schema() {
		if !slices.Contains(partitions, c.Name) {
			want = append(want, c)
			continue
		}
		v, ok, err := t.snap.PartitionValue(add, c.Name)
		if err != nil {
			return err
		}
		if !ok {
			v = columnar.Value{}
		}
		parts[c.Name] = v
	}
	err := parquetRows(ctx, t.store, f, func(columnar.Schema) (columnar.Schema, error) { return want, nil }, func(b *columnar.Batch) *columnar.Batch {
		out := &columnar.Batch{Len: b.Len}
		at := 0
		for _, c := range t.snap.Schema() {
			var v *columnar.Vector
			if value, ok := parts[c.Name]; ok {
				v = columnar.Repeat(c.Type, value, b.Len)
			} else {
				v = b.Columns[at]
				at++
			}
			out.Schema, out.Columns = append(out.Schema, c), append(out.Columns, v)
		}
		return out
	}, fn)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: the table was vacuumed: %w: import the version that there is now into an empty place", ErrChanged, err)
	}
	return err
}

// parquetRows reads a Parquet file: the columns that want makes of its schema, and with
// them what complete adds.
func parquetRows(
	ctx context.Context, s store.Store, f file, want func(columnar.Schema) (columnar.Schema, error),
	complete func(*columnar.Batch) *columnar.Batch, fn func(row []byte) error,
) error {
	in, err := columnar.OpenFile(ctx, object{s, f.Key}, f.Size)
	if err != nil {
		return err
	}
	columns, err := want(in.Schema())
	if err != nil {
		return err
	}
	var row []byte
	for b, err := range in.Read(ctx, columns, nil) {
		if err != nil {
			return err
		}
		b = complete(b)
		for i := range b.Len {
			row = appendRow(row[:0], b, i)
			if err := fn(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// object reads ranges of one stored object.
type object struct {
	store store.Store
	key   string
}

// ReadRange implements columnar.Source.
func (o object) ReadRange(ctx context.Context, offset, length int64) (_ []byte, err error) {
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
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("range %d+%d: %w", offset, length, err)
	}
	return buf, nil
}
