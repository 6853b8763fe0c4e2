package lake

import (
	"context"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// maxFooterBytes is how much memory the parsed footers of a table may take:
// enough for the files a dashboard looks at over and over, small beside a query's
// own memory. A footer of a gold table with hundreds of columns takes some 300 kB.
const maxFooterBytes = 16 << 20

// footers keeps parsed Parquet footers by path. Data files never change.
type footers struct {
	mu     sync.Mutex
	byPath map[string]*columnar.File // guarded by mu
	stats  CacheStats                // guarded by mu
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

func newFooters() *footers { return &footers{byPath: map[string]*columnar.File{}} }

// peek gives a footer from the cache, or reads it without keeping it.
func (f *footers) peek(ctx context.Context, src *object, add *delta.Add) (*columnar.File, error) {
	f.mu.Lock()
	file, ok := f.byPath[add.Path]
	f.mu.Unlock()
	if ok {
		return file, nil
	}
	return columnar.OpenFile(ctx, src, add.Size)
}

// open gives a footer from the cache, or reads it and keeps it there.
func (f *footers) open(ctx context.Context, src *object, add *delta.Add) (*columnar.File, error) {
	f.mu.Lock()
	file, ok := f.byPath[add.Path]
	if ok {
		f.stats.Hits++
	} else {
		f.stats.Misses++
	}
	f.mu.Unlock()
	if ok {
		return file, nil
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
	for path, other := range f.byPath { // any: files of equal use
		if f.stats.Bytes+file.Weight() <= maxFooterBytes {
			break
		}
		delete(f.byPath, path)
		f.stats.Bytes -= other.Weight()
	}
	f.byPath[add.Path] = file
	f.stats.Bytes += file.Weight()
	return file, nil
}
