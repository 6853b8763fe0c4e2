package lake

import (
	"iter"
	"slices"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// blockFiles is how many files are ruled out at once. Files lie in the order of their
// dates, so of a week of two years most blocks are, and 32 is about the root of the files
// of that.
const blockFiles = 32

// block is files of a snapshot that follow each other, with the bounds of all of them. A
// column is looked at when it is first asked for. Safe for concurrent use.
type block struct {
	snap  *delta.Snapshot
	files []*delta.Add

	mu     sync.Mutex
	rows   int64                 // guarded by mu; -1: not known
	summed bool                  // rows are; guarded by mu
	bounds map[string]blockBound // guarded by mu
}

type blockBound struct {
	columnar.Bound
	ok bool
}

// blocks are those of the newest snapshot that was asked about.
type blocks struct {
	mu   sync.Mutex
	snap *delta.Snapshot // guarded by mu
	all  []*block        // guarded by mu
}

func (b *blocks) of(snap *delta.Snapshot) []*block {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.snap == snap {
		return b.all
	}
	var all []*block
	for files := range slices.Chunk(slices.Collect(snap.Files()), blockFiles) {
		all = append(all, &block{snap: snap, files: files, bounds: map[string]blockBound{}})
	}
	if b.snap == nil || b.snap.Version() <= snap.Version() {
		b.snap, b.all = snap, all
	}
	return all
}

// files are those of the View, without blocks of them that keep rules out, which are
// counted.
func (v *View) files(keep columnar.Keep, stats *ScanStats) iter.Seq[*delta.Add] {
	if keep == nil || v.snap.NumFiles() <= blockFiles {
		return v.snap.Files()
	}
	return func(yield func(*delta.Add) bool) {
		for _, b := range v.table.blocks.of(v.snap) {
			if !keep(b) {
				stats.FilesPruned += int64(len(b.files))
				continue
			}
			for _, add := range b.files {
				if !yield(add) {
					return
				}
			}
		}
	}
}

// Rows implements columnar.Bounds.
func (b *block) Rows() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.summed {
		return b.rows
	}
	b.summed = true
	for _, add := range b.files {
		n := b.snap.Bounds(add).Rows()
		if n < 0 {
			b.rows = -1
			break
		}
		b.rows += n
	}
	return b.rows
}

// Bound implements columnar.Bounds.
func (b *block) Bound(path string) (columnar.Bound, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := b.bounds[path]
	if !ok {
		found.Bound, found.ok = b.merged(path)
		b.bounds[path] = found
	}
	return found.Bound, found.ok
}

// merged is the bound over all files.
func (b *block) merged(path string) (out columnar.Bound, _ bool) {
	some := false
	for _, add := range b.files {
		bounds := b.snap.Bounds(add)
		x, ok := bounds.Bound(path)
		if !ok {
			return columnar.Bound{}, false
		}
		if x.Nulls < 0 || out.Nulls < 0 {
			out.Nulls = -1
		} else {
			out.Nulls += x.Nulls
		}
		if rows := bounds.Rows(); rows >= 0 && x.Nulls >= rows {
			continue // it has no values
		}
		if !some {
			out.Min, out.Max, some = x.Min, x.Max, true
			continue
		}
		out.Min, out.Max = further(out.Min, x.Min, -1), further(out.Max, x.Max, 1)
	}
	return out, true
}

// further is the one of two bounds that is further to a side; not known if one is not.
func further(a, b columnar.Value, side int) columnar.Value {
	switch {
	case a.Kind == columnar.Invalid || b.Kind == columnar.Invalid:
		return columnar.Value{}
	case b.Compare(a)*side > 0:
		return b
	}
	return a
}
