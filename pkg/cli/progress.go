package cli

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/auditlake/auditlake/pkg/etl"
)

// progress shows how far a run has come: a bar on a terminal, a line every few
// seconds elsewhere. A nil progress shows nothing.
type progress struct {
	out      io.Writer
	terminal bool

	bars *mpb.Progress
	bar  *mpb.Bar
	last atomic.Pointer[etl.Progress] // drawn by a goroutine of bars
	next time.Time                    // of the next line
}

const lineEvery = 5 * time.Second

func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && isatty.IsTerminal(f.Fd())}
}

func (p *progress) show(now etl.Progress) {
	if p == nil || now.TotalBytes == 0 && now.Table == "" {
		return
	}
	p.last.Store(&now)
	if p.terminal && now.TotalBytes > 0 {
		p.draw(now)
		return
	}
	at := time.Now()
	if p.next.IsZero() {
		p.next = at.Add(lineEvery)
	}
	if at.After(p.next) {
		p.next = at.Add(lineEvery)
		_, _ = fmt.Fprintln(p.out, p.line(now))
	}
}

// line is the progress as text: files, rows, bytes, rate, time left.
func (p *progress) line(now etl.Progress) string {
	if now.TotalBytes == 0 {
		return fmt.Sprintf("%s %s: %s files, %s so far", now.Stage, now.Table, number(now.Files), size(now.Bytes))
	}
	elapsed := time.Since(now.Started)
	rate := float64(now.Bytes) / max(elapsed.Seconds(), 0.001)
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(now.TotalBytes-now.Bytes) / rate * float64(time.Second)).Round(time.Second).String()
	}
	did := number(now.Bronze) + " rows"
	if now.Table != "" {
		did = now.Stage + " " + now.Table
	}
	return fmt.Sprintf("%s of %s files, %s, %s of %s, %s/s, %s left",
		number(now.Files), number(now.TotalFiles), did, size(now.Bytes), size(now.TotalBytes), size(int64(rate)), left)
}

func (p *progress) draw(now etl.Progress) {
	if p.bar == nil {
		p.bars = mpb.New(mpb.WithOutput(p.out), mpb.WithWidth(30))
		p.bar = p.bars.AddBar(now.TotalBytes, mpb.BarRemoveOnComplete(),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.line(*p.last.Load()) })))
	}
	p.bar.SetTotal(now.TotalBytes, false)
	p.bar.SetCurrent(now.Bytes)
}

// clear takes the bar away, so that what is printed next stands alone.
func (p *progress) clear() {
	if p == nil || p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.bars.Wait()
	p.bar, p.bars = nil, nil
}
