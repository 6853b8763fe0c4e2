package etl

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"
)

// Progress is how far a run, or a piece of maintenance, has come.
type Progress struct {
	// Stage is what is being done, or was done last: listing, bronze, silver, gold by
	// a run; optimize, retain, vacuum, replay by maintenance.
	Stage                string
	Table                string // that maintenance is at; empty in a run
	Files, TotalFiles    int64
	Bytes, TotalBytes    int64 // of delivered files; in maintenance of data files
	Bronze, Silver, Gold int64 // rows so far
	Started              time.Time
	// Done is the share of the work, from 0 to 1, of which each byte is done when
	// it has reached gold. The time left is about (1-Done)/Done of the time since
	// Started.
	Done float64
}

// Shares of the work on a batch, about, as BenchmarkMedallion spends its time.
const (
	landShare    = 0.3
	cleanseShare = 0.4
)

// reportBytes is how much text or delivered content is worth telling of.
const reportBytes = 8 << 20

// tracker tells of the progress of a run. Its methods may be called concurrently,
// as those of its portions.
type tracker struct {
	tell  func(Progress)
	pause func() // Options.Pause

	mu       sync.Mutex // guards all below, and is held while tell is called
	now      Progress
	finished int64 // bytes of delivered files that are in gold
	open     []*portion
	silent   map[string]int64 // bytes since the last report, by stage
}

// portion is one batch of delivered files on its way to gold, or, with no bytes, rows
// that were found waiting for it.
type portion struct {
	t     *tracker
	bytes int64 // of the delivered files

	// Guarded by the tracker.
	read         int64 // of bytes
	rows         int64 // it brought to bronze; 0 until that is known
	silver, gold int64 // rows
}

func newTracker(started time.Time, o Options) *tracker {
	return &tracker{tell: o.Progress, pause: o.Pause, now: Progress{Started: started}, silent: map[string]int64{}}
}

func (t *tracker) stage(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report(name)
}

func (t *tracker) report(stage string) {
	t.silent[stage] = 0
	t.now.Stage = stage
	if t.now.TotalBytes > 0 {
		done := float64(t.finished)
		for _, p := range t.open {
			done += p.share() * float64(p.bytes)
		}
		t.now.Done = min(done/float64(t.now.TotalBytes), 1)
	}
	t.tell(t.now)
}

// share is how much of the work on the portion is done.
func (p *portion) share() float64 {
	share := 0.0
	if p.bytes > 0 {
		share = landShare * float64(p.read) / float64(p.bytes)
	}
	if p.rows > 0 {
		up := func(rows int64) float64 { return min(float64(rows)/float64(p.rows), 1) }
		share += cleanseShare*up(p.silver) + (1-landShare-cleanseShare)*up(p.gold)
	}
	return share
}

// passed counts work within a stage and tells of it now and then.
func (t *tracker) passed(stage string, bytes int64) {
	if t.silent[stage] += bytes; t.silent[stage] >= reportBytes {
		t.report(stage)
	}
}

// planned is what is still to be done.
func (t *tracker) planned(files, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.TotalFiles, t.now.TotalBytes = t.now.Files+files, t.now.Bytes+bytes
	t.open, t.finished = nil, t.now.Bytes
}

// begin is the start of a batch.
func (t *tracker) begin(bytes int64) *portion {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &portion{t: t, bytes: bytes}
	t.open = append(t.open, p)
	return p
}

// waiting are rows that an earlier run has left to be brought to gold.
func (t *tracker) waiting() *portion { return &portion{t: t} }

// reading counts what was read of the batch.
func (p *portion) reading(bytes int64) {
	defer p.t.pause() // without the lock
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	bytes = min(bytes, p.bytes-p.read)
	p.read += bytes
	p.t.now.Bytes += bytes
	p.t.passed("bronze", bytes)
}

// landed is the end of the batch's way to bronze, which brought rows.
func (p *portion) landed(files, rows int64) {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.t.now.Bytes += p.bytes - p.read
	p.read, p.rows = p.bytes, rows
	p.t.now.Files += files
	p.t.now.Bronze += rows
	p.t.report("bronze")
}

// cleansed and refined count rows on their way through silver and gold.
func (p *portion) cleansed(rows, bytes int64) {
	defer p.t.pause() // without the lock
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.silver += rows
	p.t.now.Silver += rows
	p.t.passed("silver", bytes)
}

func (p *portion) refined(rows, bytes int64) {
	defer p.t.pause() // without the lock
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.gold += rows
	p.t.now.Gold += rows
	p.t.passed("gold", bytes)
}

// raised is the end of the batch, with the rows that the run has brought so far.
func (p *portion) raised(sum *Summary) {
	t := p.t
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished += p.bytes
	t.open = slices.DeleteFunc(t.open, func(o *portion) bool { return o == p })
	t.now.Bronze, t.now.Silver, t.now.Gold = sum.Bronze, sum.Silver, sum.Gold
	for _, o := range t.open { // what the next batch has come to meanwhile
		t.now.Silver += o.silver
	}
	t.report("gold")
}

// watched is a body that ends with its context, wherever it comes from, and tells
// of its progress.
type watched struct {
	io.ReadCloser
	ctx    context.Context // of the run
	passed func(bytes int64)
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.ReadCloser.Read(p)
	w.passed(int64(n))
	return n, err
}
