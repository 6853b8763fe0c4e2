package lake

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// Ahead is how rows are read ahead of the caller. The first row groups are read by the
// goroutine of the caller: who needs no more than these pays nothing. Only when that has
// taken some time goroutines start, each of which opens a file or reads a row group at a
// time. They have ended when the Read has.
type Ahead struct {
	Workers int // goroutines
	// Hold asks for bytes of memory for rows that nobody took yet, or with a negative
	// number gives them back. If it says no, what comes next is still read, and what
	// comes later waits. It is called by several goroutines.
	Hold func(bytes int64) bool
}

const (
	// maxAhead is how many bytes of rows wait to be taken: a row group of some columns
	// for each of two cores.
	maxAhead = 16 << 20
	// lanesAhead is how many row groups, of a file each, one worker may be ahead. Small
	// files are a batch each.
	lanesAhead = 4
	// aheadAfter is when the goroutines start. A week of a small lake takes less; one
	// request to an object store takes longer.
	aheadAfter = 2 * time.Millisecond
	// lookEvery is how often Between is called while there is nothing to take.
	lookEvery = 5 * time.Millisecond
)

// ahead is a Read whose row groups are read ahead.
//
//	files -> lane, lane, lane, ...      one for each file, and once it is open one for
//	           ^            ^           each row group; in order
//	         taken by     read by
//	         the caller   workers       who claim the first that nobody reads
type ahead struct {
	*scan
	ctx context.Context

	ready chan struct{} // says that there may be something to take

	mu      sync.Mutex
	room    *sync.Cond   // that something was taken, or the Read has ended
	lanes   []*lane      // guarded by mu; begins with that which is taken from
	stats   ScanStats    // guarded by mu; of files, and of lanes that have ended
	bytes   int64        // guarded by mu; waiting to be taken
	files   []*delta.Add // guarded by mu; that Keep was not asked about yet
	stopped bool         // guarded by mu
}

// lane is a row group, or a file that is to be opened.
type lane struct {
	add     *delta.Add
	part    *part // nil: not open
	group   int
	claimed bool

	waiting  []held
	done     bool
	err      error
	panicked any // of a worker, to go on where the caller is
	stats    ScanStats
}

// held is rows that wait, and the bytes that Hold knows of.
type held struct {
	rows  columnar.Selected
	size  int64
	asked int64
}

func (s *scan) ahead(ctx context.Context, files iter.Seq[*delta.Add], stats *ScanStats) iter.Seq2[columnar.Selected, error] {
	return func(yield func(columnar.Selected, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		a := &ahead{scan: s, ctx: ctx, ready: make(chan struct{}, 1), files: slices.Collect(files)}
		a.room = sync.NewCond(&a.mu)
		var workers sync.WaitGroup
		defer func() {
			a.mu.Lock()
			a.stopped = true
			a.mu.Unlock()
			cancel()
			a.room.Broadcast()
			workers.Wait()
			for _, l := range a.lanes {
				a.end(l)
			}
			stats.add(a.stats)
		}()
		for began := time.Now(); time.Since(began) < aheadAfter; {
			l := a.claim()
			if l == nil || !a.here(l, yield) {
				return
			}
			a.pop()
		}
		if a.finished() {
			return
		}
		for range s.Ahead.Workers {
			workers.Go(a.work)
		}
		a.take(yield)
	}
}

// here reads a lane on the goroutine of the caller.
func (a *ahead) here(l *lane, yield func(columnar.Selected, error) bool) bool {
	w := a.worker(a.ctx, &l.stats, a.Between)
	for s, err := range a.read(w, l) {
		if !yield(s, err) || err != nil {
			return false
		}
	}
	return true
}

// read yields the rows of a lane. Row groups of a file after its first get lanes of
// their own.
func (a *ahead) read(w *worker, l *lane) iter.Seq2[columnar.Selected, error] {
	return func(yield func(columnar.Selected, error) bool) {
		w.stats = &l.stats
		if l.part == nil {
			p, err := w.openPart(l.add)
			if err != nil {
				yield(columnar.Selected{}, w.failed(l.add, err))
				return
			}
			groups := w.groups(p)
			if len(groups) == 0 {
				return
			}
			more := make([]*lane, len(groups)-1)
			for i, g := range groups[1:] {
				more[i] = &lane{add: l.add, part: p, group: g}
			}
			a.opened(l, p, groups[0], more)
		}
		p := w.again(l.part)
		for s, err := range w.group(p, l.group) {
			if err != nil {
				err = w.failed(l.add, err)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// work reads lanes until there are no more.
func (a *ahead) work() {
	w := a.worker(a.ctx, nil, nil)
	for l := a.claim(); l != nil; l = a.claim() {
		a.fill(w, l)
	}
}

// fill reads a lane into what waits.
func (a *ahead) fill(w *worker, l *lane) {
	defer func() {
		p := recover()
		a.mu.Lock()
		l.panicked, l.done = p, true
		a.mu.Unlock()
		a.tell()
		a.room.Broadcast()
	}()
	for s, err := range a.read(w, l) {
		if err != nil {
			l.err = err // the lane is done right after
			return
		}
		if !a.push(l, s) {
			return
		}
	}
}

// push adds rows to a lane once there is room, or the caller waits for them; false if
// nobody wants them any more.
func (a *ahead) push(l *lane, s columnar.Selected) bool {
	h := held{rows: s, size: s.Size()}
	a.mu.Lock()
	for !a.stopped && (l != a.lanes[0] || len(l.waiting) > 0) {
		if a.bytes+h.size <= maxAhead && a.Ahead.Hold(h.size) {
			h.asked = h.size
			break
		}
		a.room.Wait()
	}
	stopped := a.stopped
	a.bytes += h.size
	l.waiting = append(l.waiting, h)
	a.mu.Unlock()
	a.tell()
	return !stopped
}

// tell wakes the caller up.
func (a *ahead) tell() {
	select {
	case a.ready <- struct{}{}:
	default:
	}
}

// claim is the first lane that nobody reads, or that of the next file; it waits while
// the workers are far enough ahead. It is nil when there is nothing more to read.
func (a *ahead) claim() *lane {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.stopped {
		most := lanesAhead * a.Ahead.Workers
		for _, l := range a.lanes[:min(most, len(a.lanes))] {
			if !l.claimed {
				l.claimed = true
				return l
			}
		}
		switch {
		case len(a.lanes) < most && len(a.files) > 0:
			if l := a.nextFile(); l != nil {
				l.claimed = true
				return l
			}
		case len(a.files) == 0 && !slices.ContainsFunc(a.lanes, func(l *lane) bool { return !l.claimed || l.part == nil && !l.done }):
			return nil
		default:
			a.room.Wait()
		}
	}
	return nil
}

// nextFile adds the lane of the next file that Keep does not rule out, if there is one. mu
// is held.
func (a *ahead) nextFile() *lane {
	for len(a.files) > 0 {
		add := a.files[0]
		a.files = a.files[1:]
		if a.keeps(add, &a.stats) {
			l := &lane{add: add}
			a.lanes = append(a.lanes, l)
			return l
		}
	}
	a.tell() // that nothing comes any more
	a.room.Broadcast()
	return nil
}

// opened notes the file of a lane, and adds lanes after it.
func (a *ahead) opened(l *lane, p *part, group int, more []*lane) {
	a.mu.Lock()
	l.part, l.group = p, group
	at := slices.Index(a.lanes, l)
	a.lanes = slices.Insert(a.lanes, at+1, more...)
	a.mu.Unlock()
	a.room.Broadcast()
}

// pop ends the first lane.
func (a *ahead) pop() {
	a.mu.Lock()
	a.end(a.lanes[0])
	a.lanes = a.lanes[1:]
	a.mu.Unlock()
	a.room.Broadcast()
}

// end counts what a lane did, and gives back what it holds. mu is held, or nobody else
// is there.
func (a *ahead) end(l *lane) {
	a.stats.add(l.stats)
	for _, h := range l.waiting {
		a.free(h)
	}
	l.waiting = nil
}

// free gives rows back. mu is held, or nobody else is there.
func (a *ahead) free(h held) {
	a.bytes -= h.size
	if h.asked > 0 {
		a.Ahead.Hold(-h.asked)
	}
}

// finished reports whether there is no lane to take from, and will be none: then no
// worker is needed.
func (a *ahead) finished() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.lanes) == 0 && a.nextFile() == nil
}

// take yields what was read, lane by lane.
func (a *ahead) take(yield func(columnar.Selected, error) bool) {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		a.mu.Lock()
		var l *lane
		if len(a.lanes) > 0 {
			l = a.lanes[0]
		}
		switch {
		case l != nil && len(l.waiting) > 0:
			h := l.waiting[0]
			l.waiting = l.waiting[1:]
			a.free(h)
			a.mu.Unlock()
			a.room.Broadcast()
			if !yield(h.rows, nil) {
				return
			}
			continue
		case l != nil && l.done:
			err, panicked := l.err, l.panicked
			a.mu.Unlock()
			if panicked != nil {
				panic(fmt.Sprintf("read ahead: %v", panicked)) // our own bug: it goes on as if it had been here
			}
			if err != nil {
				yield(columnar.Selected{}, err)
				return
			}
			a.pop()
			continue
		case l == nil && len(a.files) == 0:
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
		select {
		case <-a.ready:
		case <-timer.C:
			timer.Reset(lookEvery)
			if a.Between != nil {
				if err := a.Between(); err != nil {
					yield(columnar.Selected{}, err)
					return
				}
			}
		}
	}
}
