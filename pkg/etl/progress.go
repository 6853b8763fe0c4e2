package etl

import (
	"context"
	"io"
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

// tracker tells of the progress of a run, from one goroutine.
type tracker struct {
	now  Progress
	tell func(Progress)

	finished int64 // bytes of delivered files that are in gold
	batch    int64 // bytes of the batch under way
	read     int64 // bytes of it read
	rows     int64 // rows it brought to bronze
	from     Progress
	silent   int64 // bytes since the last report
}

func (t *tracker) stage(name string) {
	t.now.Stage = name
	t.report()
}

func (t *tracker) report() {
	t.silent = 0
	share := 0.0
	if t.batch > 0 {
		share = landShare * float64(t.read) / float64(t.batch)
	}
	if t.rows > 0 {
		up := func(rows int64) float64 { return min(float64(rows)/float64(t.rows), 1) }
		share += cleanseShare*up(t.now.Silver-t.from.Silver) + (1-landShare-cleanseShare)*up(t.now.Gold-t.from.Gold)
	}
	if t.now.TotalBytes > 0 {
		t.now.Done = min((float64(t.finished)+share*float64(t.batch))/float64(t.now.TotalBytes), 1)
	}
	t.tell(t.now)
}

// passed counts work within a stage and tells of it now and then.
func (t *tracker) passed(bytes int64) {
	if t.silent += bytes; t.silent >= reportBytes {
		t.report()
	}
}

// planned is what is still to be done.
func (t *tracker) planned(files, bytes int64) {
	t.now.TotalFiles, t.now.TotalBytes = t.now.Files+files, t.now.Bytes+bytes
	t.batch, t.finished = 0, t.now.Bytes
}

// begin is the start of a batch.
func (t *tracker) begin(bytes int64) {
	t.batch, t.read, t.rows, t.from = bytes, 0, 0, t.now
}

// reading counts what was read of the batch.
func (t *tracker) reading(bytes int64) {
	t.read = min(t.read+bytes, t.batch)
	t.now.Stage, t.now.Bytes = "bronze", t.from.Bytes+t.read
	t.passed(bytes)
}

// landed is the end of the batch's way to bronze, which brought rows.
func (t *tracker) landed(files, rows int64) {
	t.now.Files, t.now.Bytes, t.read = t.from.Files+files, t.from.Bytes+t.batch, t.batch
	t.now.Bronze, t.rows = t.from.Bronze+rows, rows
	t.stage("bronze")
}

// cleansed and refined count rows on their way through silver and gold.
func (t *tracker) cleansed(rows, bytes int64) {
	t.now.Stage = "silver"
	t.now.Silver += rows
	t.passed(bytes)
}

func (t *tracker) refined(rows, bytes int64) {
	t.now.Stage = "gold"
	t.now.Gold += rows
	t.passed(bytes)
}

// raised is the end of the batch, with the rows that the run has brought so far.
func (t *tracker) raised(sum *Summary) {
	t.now.Bronze, t.now.Silver, t.now.Gold = sum.Bronze, sum.Silver, sum.Gold
	t.finished += t.batch
	t.batch, t.rows = 0, 0
	t.stage("gold")
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
