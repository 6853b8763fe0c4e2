package etl

import (
	"runtime"

	"github.com/auditlake/auditlake/pkg/lake"
)

// limits are how much a Runner takes on at once.
type limits struct {
	batchBytes int64 // text of delivered files that becomes one bronze commit
	batchFiles int   // delivered files in one bronze commit
	planFiles  int   // changed files planned at once; more are planned when these have landed
	largeBytes int64 // a delivered file over this is streamed, and a batch of its own
	reads      int   // delivered files read at once; they hide the latency of a distant store

	pageRows   int   // rows collected before they go to the encoder
	pageBytes  int   // text in them
	followRows int64 // rows of a layer that become one commit of the layer above
	spillBytes int64 // text held on the way to gold before it is written to data files
	goldTables int   // gold tables uploaded and committed at once

	fileBytes int64 // of a data file; it is in memory until it is uploaded
	openFiles int   // data files of one table written at once

	workers int // gold tables encoded at once; also decides what else overlaps
}

// limitsOf derives the limits from the options. Where memory is bounded, most is
// a share of it: what is held of each kind in turn, text and what it becomes, with
// as much again for the garbage collector, was measured to stay below it (ADR 15).
func limitsOf(o Options) limits {
	l := limits{
		batchBytes: 64 << 20, batchFiles: 20_000, planFiles: 500_000, largeBytes: 16 << 20, reads: 16,
		pageRows: 2048, pageBytes: 4 << 20, followRows: 250_000, spillBytes: 128 << 20, goldTables: 8,
		fileBytes: 32 << 20, openFiles: 8,
		workers: max(o.Workers, 0),
	}
	if m := max(o.MemoryBytes, minMemoryBytes); o.MemoryBytes > 0 && m < fullMemoryBytes {
		share := func(of int64) int64 { return of * m / fullMemoryBytes }
		l.batchBytes, l.batchFiles = share(l.batchBytes), int(share(int64(l.batchFiles)))
		l.planFiles, l.followRows = int(share(144_000)), share(l.followRows)
		l.largeBytes, l.pageBytes = min(l.largeBytes, l.batchBytes), int(share(int64(l.pageBytes)))
		l.spillBytes, l.fileBytes = share(l.spillBytes), share(l.fileBytes)
		l.openFiles = 4
	}
	if o.BatchBytes > 0 {
		l.batchBytes, l.spillBytes = o.BatchBytes, 2*o.BatchBytes
	}
	if l.workers == 0 {
		l.workers = max(runtime.GOMAXPROCS(0), l.goldTables)
	}
	return l
}

// overlaps says that the next batch is staged while one is brought to gold.
func (l limits) overlaps() bool { return l.workers > 1 }

// lanes says that the steps of staging overlap, too.
func (l limits) lanes() bool { return l.workers > 2 }

const (
	// minMemoryBytes is the least that a run can do with.
	minMemoryBytes = 96 << 20
	// fullMemoryBytes is where the limits are those of the command line.
	fullMemoryBytes = 768 << 20
)

// layout is a table's layout within the limits.
func (l limits) layout(of lake.Layout) lake.Layout {
	of.FileBytes, of.OpenFiles = l.fileBytes, l.openFiles
	return of
}
