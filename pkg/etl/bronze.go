package etl

import (
	"bytes"
	"context"
	"encoding/hex"
	"sync/atomic"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// bronzeWriter collects the lines of a batch into pages, writes them to data files
// of bronze and shows them to those who work ahead.
type bronzeWriter struct {
	w        *lake.Writer
	encoding *lane // of pages; nil: at once
	ahead    *ahead
	adds     []delta.Add // once it is closed

	page   *page
	free   chan *page
	limits limits
	bytes  int
	total  int64
	batch  int64
	now    int64 // microseconds
	hash   [32]byte
}

// page is rows of bronze that are encoded and cleansed, at the same time.
type page struct {
	*columnar.Batch
	users atomic.Int32 // who still reads it
}

func (r *Runner) newBronzeWriter(batch int64) *bronzeWriter {
	b := &bronzeWriter{
		w:    r.lake.Table(lake.Bronze).NewWriter(bronzeSchema(), r.limits.layout(bronzeLayout())),
		free: r.pages.lines, limits: r.limits, batch: batch, now: r.lake.Now().UnixMicro(),
	}
	b.page = b.newPage()
	if r.limits.lanes() {
		b.encoding = openLane()
	}
	return b
}

// newPage is a page without rows, with room for those of the one before.
func (b *bronzeWriter) newPage() *page {
	select {
	case p := <-b.free:
		return p
	default:
	}
	if b.page == nil {
		p := &page{Batch: columnar.NewBatch(bronzeSchema())}
		p.Columns[bronzeSourceFile].Code()
		p.Columns[bronzeSourceEtag].Code()
		return p
	}
	return &page{Batch: b.page.Fresh()}
}

func (b *bronzeWriter) add(ctx context.Context, f *pending, day int64, l landing.Line) error {
	c := b.page.Columns
	if utf8.Valid(l.Data) {
		c[bronzeRaw].AppendBytes(l.Data)
		c[bronzeRawBytes].AppendNull()
	} else {
		c[bronzeRaw].AppendBytes(bytes.ToValidUTF8(l.Data, []byte("\uFFFD")))
		c[bronzeRawBytes].AppendBytes(l.Data)
	}
	if f.WorkspaceID >= 0 {
		c[bronzeWorkspaceID].AppendInt(f.WorkspaceID)
	} else {
		c[bronzeWorkspaceID].AppendNull()
	}
	c[bronzeDate].AppendInt(day)
	c[bronzeSourceFile].AppendString(f.Key)
	c[bronzeFileID].AppendInt(f.id)
	c[bronzeSourceEtag].AppendString(f.ETag)
	c[bronzeLineNumber].AppendInt(l.Number)
	hex.Encode(b.hash[:], l.Hash[:])
	c[bronzeLineHash].AppendBytes(b.hash[:])
	c[bronzeIngestedAt].AppendInt(b.now)
	c[bronzeBatchID].AppendInt(b.batch)
	b.page.Len++
	b.total++
	b.bytes += len(l.Data)
	if b.page.Len >= b.limits.pageRows || b.bytes >= b.limits.pageBytes {
		return b.flush(ctx)
	}
	return nil
}

// flush hands the page over.
func (b *bronzeWriter) flush(ctx context.Context) error {
	p := b.page
	if p.Len == 0 {
		return nil
	}
	b.page, b.bytes = b.newPage(), 0
	p.users.Store(1)
	if b.ahead != nil {
		p.users.Store(2)
	}
	err := b.encoding.give(func() error {
		defer b.done(p)
		return b.w.Write(ctx, p.Batch)
	})
	if err == nil && b.ahead != nil {
		err = b.ahead.parsing.give(func() error {
			defer b.done(p)
			return b.ahead.pass.batch(ctx, p.Batch)
		})
	}
	return err
}

// done makes the page free for other rows when its last reader has finished.
func (b *bronzeWriter) done(p *page) {
	if p.users.Add(-1) > 0 {
		return
	}
	p.Reset()
	select {
	case b.free <- p:
	default:
	}
}

// pages are batches that no one uses, to be filled again: most of the memory that a
// run would otherwise ask for anew.
type pages struct {
	lines  chan *page
	events chan *columnar.Batch
}

// newPages keeps as many as are between two lanes, and not all that a batch needs:
// what is kept is memory that nothing else can use.
func newPages(l limits) pages {
	n := 1
	if l.lanes() {
		n = 2*laneSteps + 4
	}
	return pages{lines: make(chan *page, n), events: make(chan *columnar.Batch, n)}
}

// newEvents is a page of silver without rows, with room for those of the last one,
// which may be nil.
func (p pages) newEvents(last *columnar.Batch) *columnar.Batch {
	select {
	case b := <-p.events:
		return b
	default:
	}
	if last == nil {
		return event.NewBatch()
	}
	return last.Fresh()
}

// recycle takes pages of silver back that no one reads any more.
func (p pages) recycle(batches []*columnar.Batch) {
	for _, b := range batches {
		b.Reset()
		select {
		case p.events <- b:
		default:
			return
		}
	}
}

// close uploads what is left. Its answer is complete after end.
func (b *bronzeWriter) close(ctx context.Context) error {
	err := b.encoding.give(func() (err error) {
		b.adds, err = b.w.Close(ctx)
		return err
	})
	if err != nil || b.ahead == nil {
		return err
	}
	return b.ahead.close(ctx)
}

// end waits until all that was handed over is done. It is called once, whatever
// happened before.
func (b *bronzeWriter) end() error {
	err := b.encoding.close()
	if b.ahead != nil {
		if aerr := b.ahead.end(); err == nil {
			err = aerr
		}
	}
	return err
}
