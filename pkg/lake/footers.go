package lake

import (
	"context"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// maxFooterBytes is how much memory the parsed footers of a table, and the bloom
// filters that were fetched, may take:
// enough for the files a dashboard looks at over and over, small beside a query's
// own memory. A footer of a gold table with hundreds of columns takes some 300 kB.
const maxFooterBytes = 16 << 20

// footers keeps parsed Parquet footers by path. Data files never change.
type footers struct {
	mu     sync.Mutex
	byPath map[string]*footer // guarded by mu
	stats  CacheStats         // guarded by mu
}

type footer struct {
	file  *columnar.File
	bytes int64 // guarded by footers.mu; what it takes, with its filters
}

// CacheStats is what the cache of parsed footers did for scans of Views since the
// lake was opened, and what it holds.
type CacheStats struct {
	Hits, Misses int64
	Bytes        int64 // held now, about
}

// CacheStats adds up the footer caches of all tables.
func (l *Lake) CacheStats() CacheStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	var sum CacheStats
	for _, t := range l.tables {
		s := t.footers.read()
		sum.Hits += s.Hits
		sum.Misses += s.Misses
		sum.Bytes += s.Bytes
	}
	return sum
}

func (f *footers) read() CacheStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

func newFooters() *footers { return &footers{byPath: map[string]*footer{}} }

// peek gives a footer from the cache, or reads it without keeping it.
func (f *footers) peek(ctx context.Context, src *object, add *delta.Add) (*columnar.File, error) {
	f.mu.Lock()
	kept, ok := f.byPath[add.Path]
	f.mu.Unlock()
	if ok {
		return kept.file, nil
	}
	return columnar.OpenFile(ctx, src, add.Size)
}

// open gives a footer from the cache, or reads it and keeps it there.
func (f *footers) open(ctx context.Context, src *object, add *delta.Add) (*columnar.File, error) {
	f.mu.Lock()
	kept, ok := f.byPath[add.Path]
	if ok {
		f.stats.Hits++
	} else {
		f.stats.Misses++
	}
	f.mu.Unlock()
	if ok {
		return kept.file, nil
	}
	file, err := columnar.OpenFile(ctx, src, add.Size)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.byPath[add.Path]; ok || file.Weight() > maxFooterBytes {
		return file, nil
	}
	f.makeRoom(add.Path, file.Weight())
	f.byPath[add.Path] = &footer{file: file, bytes: file.Weight()}
	f.stats.Bytes += file.Weight()
	file.OnGrowth(func(bytes int64) { f.grown(add.Path, file, bytes) })
	return file, nil
}

// makeRoom drops any files, which are of equal use, but not that of the path until
// there is room for so many bytes. f.mu is held.
func (f *footers) makeRoom(path string, bytes int64) {
	for other, kept := range f.byPath {
		if f.stats.Bytes+bytes <= maxFooterBytes {
			return
		}
		if other != path {
			delete(f.byPath, other)
			f.stats.Bytes -= kept.bytes
		}
	}
}

// grown counts what a file that may still be here has come to keep. What is too much
// by itself goes with the file.
func (f *footers) grown(path string, file *columnar.File, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.byPath[path]
	if kept == nil || kept.file != file {
		return
	}
	f.makeRoom(path, bytes)
	kept.bytes += bytes
	if f.stats.Bytes += bytes; f.stats.Bytes > maxFooterBytes {
		delete(f.byPath, path)
		f.stats.Bytes -= kept.bytes
	}
}
