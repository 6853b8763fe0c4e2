package turns

import (
	"sync"
	"time"
)

// Crowd knows whether queries run in a process, whatever Turns they have. The zero value
// is usable; it is safe for concurrent use.
type Crowd struct {
	mu      sync.Mutex
	running int
	none    chan struct{} // closed when the last one ends; nil: nobody waits
}

// add counts a query that begins, with 1, or ends, with -1. c may be nil.
func (c *Crowd) add(n int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running += n; c.running == 0 && c.none != nil {
		close(c.none)
		c.none = nil
	}
}

// some gives a channel that is closed when no query runs; nil if none does.
func (c *Crowd) some() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == 0 {
		return nil
	}
	if c.none == nil {
		c.none = make(chan struct{})
	}
	return c.none
}

// Beside is for work in the background that gives way to queries: it calls the function
// between its steps, from one goroutine at a time. While queries run, that takes as long
// as the work since it was last called, though never more than pause. So the work has at
// least half of the time, however many queries there are.
func (c *Crowd) Beside() (between func()) {
	var mu sync.Mutex
	last := time.Now()
	return func() {
		mu.Lock()
		defer mu.Unlock()
		worked := time.Since(last)
		if worked < shortStep {
			return
		}
		if none := c.some(); none != nil {
			timer := time.NewTimer(min(worked, pause))
			select {
			case <-none:
			case <-timer.C:
			}
			timer.Stop()
		}
		last = time.Now()
	}
}

// shortStep is work that nobody waits for.
const shortStep = 2 * time.Millisecond
