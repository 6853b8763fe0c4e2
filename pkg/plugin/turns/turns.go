// Package turns lets queries run side by side so that long ones do not hold up
// short ones.
//
//	t := turns.New(4, crowd)
//	waited, err := t.Do(ctx, func(between func() error) error {
//		... // calls between every few milliseconds, and ends when it gives an error
//	})
//
// There are so many slots, and a query needs one to run. Nobody can say beforehand
// which query is long, so it is told by the time it has run:
//
//   - A query gives way to those that are much younger: between two steps it waits
//     while one of them runs, though never for long, so that it gets on as well.
//   - At most half of the slots are for queries that have run longer than longAfter.
//     Where another wants the slot of one that is too many, its work is thrown away,
//     and it begins anew when one of the long ones has ended.
//
// With a single slot queries run one after the other, as they come.
//
// Work in the background, which no query waits for, gives way to all of them: see Crowd.
package turns

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// The times are reasoned and not tuned, young apart: TestPanelsBesideHostileQueries
// varied less with it than with 10 ms, where panels paused for whoever came next.
const (
	// longAfter is when a query is long.
	longAfter = 500 * time.Millisecond
	// young is how long a query gives way to nobody: longer than most panels take.
	young = 100 * time.Millisecond
	// much is how many times as old a query is as those that it gives way to.
	much = 4
	// pause is the longest that a query gives way between two steps.
	pause = 20 * time.Millisecond
)

// errAgain ends a query that is to begin anew.
var errAgain = errors.New("too many long queries")

// Turns are the slots. It is safe for concurrent use.
type Turns struct {
	crowd *Crowd
	slots *semaphore.Weighted
	long  *semaphore.Weighted // nil: all slots may be long ones

	mu      sync.Mutex
	running map[*turn]bool // guarded by mu
	waiting int            // queries that wait for a slot and are not long; guarded by mu
	ended   chan struct{}  // closed when the next turn ends; guarded by mu
}

// New has so many slots, at least 1. Its queries are part of a crowd; nil: of none.
func New(slots int, crowd *Crowd) *Turns {
	t := &Turns{
		crowd:   crowd,
		slots:   semaphore.NewWeighted(int64(max(slots, 1))),
		running: map[*turn]bool{},
		ended:   make(chan struct{}),
	}
	if slots > 1 {
		t.long = semaphore.NewWeighted(int64(slots / 2))
	}
	return t
}

// turn is one attempt of a query.
type turn struct {
	began time.Time
	long  bool // holds one of Turns.long
}

// Do runs work when there is a slot, and says how long it had to wait. Work calls
// between every few milliseconds, and ends with its error when it gives one; it may
// be called twice. The error is that of work, or that of ctx.
func (t *Turns) Do(ctx context.Context, work func(between func() error) error) (waited time.Duration, err error) {
	came := time.Now()
	r := &turn{}
	if err := t.begin(ctx, r); err != nil {
		return time.Since(came), err
	}
	waited = r.began.Sub(came)
	err = t.run(ctx, r, work)
	if !errors.Is(err, errAgain) {
		return waited, err
	}
	gaveUp := time.Now()
	if err := t.long.Acquire(ctx, 1); err != nil {
		return waited + time.Since(gaveUp), err
	}
	r = &turn{long: true}
	if err := t.begin(ctx, r); err != nil {
		t.long.Release(1)
		return waited + time.Since(gaveUp), err
	}
	waited += r.began.Sub(gaveUp)
	return waited, t.run(ctx, r, work)
}

func (t *Turns) begin(ctx context.Context, r *turn) error {
	waits := 0
	if !r.long {
		waits = 1
	}
	t.mu.Lock()
	t.waiting += waits
	t.mu.Unlock()
	err := t.slots.Acquire(ctx, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting -= waits
	if err != nil {
		return err
	}
	r.began = time.Now()
	t.running[r] = true
	t.crowd.add(1)
	return nil
}

func (t *Turns) run(ctx context.Context, r *turn, work func(between func() error) error) error {
	defer t.end(r)
	return work(func() error { return t.between(ctx, r) })
}

func (t *Turns) end(r *turn) {
	t.mu.Lock()
	delete(t.running, r)
	t.crowd.add(-1)
	close(t.ended)
	t.ended = make(chan struct{})
	t.mu.Unlock()
	if r.long {
		t.long.Release(1)
	}
	t.slots.Release(1)
}

// between is what a query does between two steps.
func (t *Turns) between(ctx context.Context, r *turn) error {
	now := time.Now()
	age := now.Sub(r.began)
	if age < young {
		return nil
	}
	if age >= longAfter && !r.long && t.long != nil {
		if r.long = t.long.TryAcquire(1); !r.long && t.wanted() {
			return errAgain
		}
	}
	var timeout <-chan time.Time
	for {
		ended, others := t.younger(age, time.Now())
		if !others {
			return nil
		}
		if timeout == nil {
			timer := time.NewTimer(pause)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-ended:
		case <-timeout:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wanted reports whether a query waits for a slot that it could have.
func (t *Turns) wanted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting > 0
}

// younger reports whether queries run that a query of this age gives way to, and
// when to look again.
func (t *Turns) younger(age time.Duration, now time.Time) (ended <-chan struct{}, others bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range t.running {
		if now.Sub(r.began)*much < age {
			return t.ended, true
		}
	}
	return nil, false
}
