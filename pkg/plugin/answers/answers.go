// Package answers keeps the answers to questions, and has a question that several
// ask at once answered once.
//
//	c := answers.New(32<<20, sizeOf)
//	answer, how, err := c.Get(ctx, key, func(ctx context.Context) (Answer, error) { ... })
//
// The key says all that the answer depends on, the state of what was asked
// included: nothing is ever taken out because it would be old, but only to make
// room, what was asked for longest ago first. Answers are shared, so nobody may
// change them.
package answers

import (
	"container/list"
	"context"
	"sync"
)

// How is how an answer came about.
type How string

const (
	Run    How = "miss"   // worked out for this request
	Shared How = "shared" // worked out for another request at the same time
	Kept   How = "hit"    // from memory
)

// largest is which part of the budget one answer may take, so that one does not
// drive out all others.
const largest = 4

// Stats is what a Cache did and has.
type Stats struct {
	Hits, Shared, Misses int64 // requests
	Bytes                int64 // of the answers that are kept
}

// Cache is answers by key. It is safe for concurrent use.
type Cache[V any] struct {
	maxBytes int64
	sizeOf   func(V) int64

	mu      sync.Mutex
	kept    map[string]*list.Element // of *entry[V]; guarded by mu
	recent  *list.List               // the last one asked for first; guarded by mu
	flights map[string]*flight[V]    // guarded by mu
	stats   Stats                    // guarded by mu
	closed  bool                     // guarded by mu
}

type entry[V any] struct {
	key   string
	value V
	bytes int64
}

// flight is an answer that is being worked out.
type flight[V any] struct {
	cancel  context.CancelFunc
	waiting int           // who waits for it; guarded by Cache.mu
	done    chan struct{} // closed once value and err are set
	value   V
	err     error
}

// New keeps answers of about so many bytes, of sizeOf each beside its key. With 0
// it keeps none, and only shares those that are asked for at once.
func New[V any](maxBytes int64, sizeOf func(V) int64) *Cache[V] {
	return &Cache[V]{
		maxBytes: maxBytes, sizeOf: sizeOf,
		kept: map[string]*list.Element{}, recent: list.New(), flights: map[string]*flight[V]{},
	}
}

// Get is the answer that has this key, from memory or from run. All who ask while
// run is at work get its answer or its error. Who stops waiting takes nothing from
// the others: the context of run, which has the values of the first one's, ends
// when nobody waits any more. Errors are not kept. run must not panic.
func (c *Cache[V]) Get(ctx context.Context, key string, run func(context.Context) (V, error)) (_ V, _ How, err error) {
	var none V
	if err := ctx.Err(); err != nil {
		return none, Run, err
	}
	c.mu.Lock()
	if e, ok := c.kept[key]; ok {
		defer c.mu.Unlock()
		c.recent.MoveToFront(e)
		c.stats.Hits++
		return e.Value.(*entry[V]).value, Kept, nil
	}
	f, how := c.flights[key], Shared
	if f == nil {
		how = Run
		flying, cancel := context.WithCancel(context.WithoutCancel(ctx)) // #nosec G118 -- leave and fly call it
		f = &flight[V]{cancel: cancel, done: make(chan struct{})}
		c.flights[key] = f
		c.stats.Misses++
		go c.fly(flying, key, f, run)
	} else {
		c.stats.Shared++
	}
	f.waiting++
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.value, how, f.err
	case <-ctx.Done():
		c.leave(key, f)
		return none, how, ctx.Err()
	}
}

func (c *Cache[V]) fly(ctx context.Context, key string, f *flight[V], run func(context.Context) (V, error)) {
	defer f.cancel()
	f.value, f.err = run(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[key] == f {
		delete(c.flights, key)
	}
	if f.err == nil {
		c.keep(key, f.value)
	}
	close(f.done)
}

// leave is the end of waiting. Whoever asks after the last one has left begins
// anew.
func (c *Cache[V]) leave(key string, f *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	f.cancel()
	if c.flights[key] == f {
		delete(c.flights, key)
	}
}

// keep is called with mu held.
func (c *Cache[V]) keep(key string, value V) {
	e := &entry[V]{key, value, c.sizeOf(value) + int64(len(key))}
	if _, ok := c.kept[key]; ok || c.closed || e.bytes > c.maxBytes/largest {
		return
	}
	c.kept[key] = c.recent.PushFront(e)
	c.stats.Bytes += e.bytes
	for c.stats.Bytes > c.maxBytes {
		oldest := c.recent.Remove(c.recent.Back()).(*entry[V])
		delete(c.kept, oldest.key)
		c.stats.Bytes -= oldest.bytes
	}
}

// Stats is what the cache did so far.
func (c *Cache[V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Close drops what is kept and keeps nothing more. What is being worked out goes on
// for those who wait for it. It may be called twice.
func (c *Cache[V]) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.kept, c.recent, c.stats.Bytes = map[string]*list.Element{}, list.New(), 0
}
