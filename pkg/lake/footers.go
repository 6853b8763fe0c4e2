package lake

import (
	"container/list"
	"context"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// footerBytes is how much memory the parsed footers of all tables of a lake, and
// the bloom filters that were fetched, may take: enough for the files that dashboards
// look at over and over. A footer of silver takes some 40 kB, one of a gold table with
// hundreds of columns 300 kB and more.
const footerBytes = 32 << 20

// footers keeps the parsed Parquet footers of a lake, those that were used last. Data
// files never change; those that no table has any more are dropped by sweep.
type footers struct {
	max int64 // of stats.Bytes

	mu    sync.Mutex
	byKey map[string]*list.Element // of *footer; guarded by mu
	used  list.List                // the last used in front; guarded by mu
	stats CacheStats               // guarded by mu
}

type footer struct {
	key   string
	file  *columnar.File
	bytes int64 // what it takes, with its filters; guarded by footers.mu
}

// forget drops the footers of files that are gone.
func (f *footers) forget(gone func(key string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, e := range f.byKey {
		if gone(key) {
			f.drop(e)
		}
	}
}

// CacheStats is what a cache did for scans of Views since the lake was opened, and what
// it holds.
type CacheStats struct {
	Hits, Misses int64
	Bytes        int64 // held now, about
}

// CacheStats is that of the lake's footers.
func (l *Lake) CacheStats() CacheStats {
	l.footers.mu.Lock()
	defer l.footers.mu.Unlock()
	return l.footers.stats
}

func newFooters(max int64) *footers { return &footers{max: max, byKey: map[string]*list.Element{}} }

// get is the footer that is kept, or nil. f.mu is held.
func (f *footers) get(key string) *columnar.File {
	e := f.byKey[key]
	if e == nil {
		return nil
	}
	f.used.MoveToFront(e)
	return e.Value.(*footer).file
}

// peek gives a footer from the cache, or reads it without keeping it.
func (f *footers) peek(ctx context.Context, src *object, add *delta.Add) (*columnar.File, error) {
	f.mu.Lock()
	file := f.get(src.key)
	f.mu.Unlock()
	if file != nil {
		return file, nil
	}
	return columnar.OpenFile(ctx, src, add.Size)
}

// open gives a footer from the cache, or reads it and keeps it there.
func (f *footers) open(ctx context.Context, src *object, add *delta.Add) (*columnar.File, error) {
	f.mu.Lock()
	file := f.get(src.key)
	if file != nil {
		f.stats.Hits++
	} else {
		f.stats.Misses++
	}
	f.mu.Unlock()
	if file != nil {
		return file, nil
	}
	file, err := columnar.OpenFile(ctx, src, add.Size)
	if err != nil {
		return nil, err
	}
	// Whoever scans reads through a source of its own. This one has bytes of the file.
	file = file.With(nil)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byKey[src.key] != nil || file.Weight() > f.max {
		return file, nil
	}
	f.byKey[src.key] = f.used.PushFront(&footer{key: src.key, file: file, bytes: file.Weight()})
	f.stats.Bytes += file.Weight()
	f.makeRoom()
	key := src.key
	file.OnGrowth(func(bytes int64) { f.grown(key, file, bytes) })
	return file, nil
}

// makeRoom drops those that were not used for the longest time. f.mu is held.
func (f *footers) makeRoom() {
	for f.stats.Bytes > f.max {
		f.drop(f.used.Back())
	}
}

// drop forgets a footer. f.mu is held.
func (f *footers) drop(e *list.Element) {
	x := f.used.Remove(e).(*footer)
	delete(f.byKey, x.key)
	f.stats.Bytes -= x.bytes
}

// grown counts what a file that may still be here has come to keep.
func (f *footers) grown(key string, file *columnar.File, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.byKey[key]
	if e == nil || e.Value.(*footer).file != file {
		return
	}
	e.Value.(*footer).bytes += bytes
	f.stats.Bytes += bytes
	f.makeRoom()
}
