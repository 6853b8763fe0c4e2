package etl

// lane does steps one after the other, in the order they were given, on a
// goroutine of its own. Where the budget has one worker there is none: a nil lane
// does each step at once.
//
// Whoever opens a lane closes it. After a step that failed the others are left
// out, and the failure is what give and close return.
type lane struct {
	steps  chan func() error
	failed chan struct{} // closed with err set
	done   chan struct{}
	err    error
}

// laneSteps is how many steps wait in a lane: enough for both sides to go on while
// the other does a long one, and few, because each holds a page.
const laneSteps = 2

func openLane() *lane {
	l := &lane{steps: make(chan func() error, laneSteps), failed: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for step := range l.steps {
			if l.err != nil {
				continue
			}
			if l.err = step(); l.err != nil {
				close(l.failed)
			}
		}
	}()
	return l
}

// give hands over a step, and waits while the lane is full.
func (l *lane) give(step func() error) error {
	if l == nil {
		return step()
	}
	select {
	case <-l.failed:
		return l.err
	default:
	}
	l.steps <- step // the lane takes steps until it is closed, also after a failure
	return nil
}

// close waits for the steps. It is called once; after it nothing may be given.
func (l *lane) close() error {
	if l == nil {
		return nil
	}
	close(l.steps)
	<-l.done
	return l.err
}
