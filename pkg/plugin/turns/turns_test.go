package turns_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/auditlake/auditlake/pkg/plugin/turns"
)

// step is what a query does at a time.
const step = 5 * time.Millisecond

// work is a query of so many steps.
func work(steps int, begins *int) func(between func() error) error {
	return func(between func() error) error {
		*begins++
		for range steps {
			time.Sleep(step)
			if err := between(); err != nil {
				return err
			}
		}
		return nil
	}
}

// began starts a query and gives what it came to when the test waits for done.
type began struct {
	waited, took time.Duration
	begins       int
	err          error
}

func begin(ctx context.Context, done *sync.WaitGroup, t *turns.Turns, steps int) *began {
	b := &began{}
	done.Go(func() {
		at := time.Now()
		b.waited, b.err = t.Do(ctx, work(steps, &b.begins))
		b.took = time.Since(at)
	})
	synctest.Wait()
	return b
}

func TestAShortQueryFindsASlotBesideLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns.New(4, nil)
		var done sync.WaitGroup
		var long []*began
		for range 6 { // each would take 5 s
			long = append(long, begin(t.Context(), &done, turns, 1000))
		}
		time.Sleep(3 * time.Second)
		for range 20 {
			short := begin(t.Context(), &done, turns, 4)
			time.Sleep(time.Second / 10)
			synctest.Wait()
			// A long one gives up its slot after the step that it is at.
			if short.err != nil || short.waited > step || short.took != short.waited+4*step {
				t.Errorf("a short one waited for %s and took %s, %v", short.waited, short.took, short.err)
			}
		}
		done.Wait()
		again := 0
		for _, l := range long {
			if l.err != nil {
				t.Error(l.err)
			}
			again += l.begins - 1
		}
		if again == 0 || again > 4 {
			t.Errorf("%d of 6 long ones began anew", again)
		}
	})
}

func TestALongQueryGivesWayAndGetsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns.New(4, nil)
		var done sync.WaitGroup
		long := begin(t.Context(), &done, turns, 400) // 2 s
		for range 100 {                               // one after the other, all the time
			short := begin(t.Context(), &done, turns, 4)
			time.Sleep(20 * time.Millisecond)
			synctest.Wait()
			if short.err != nil || short.waited != 0 || short.took != 20*time.Millisecond {
				t.Errorf("a short one waited for %s and took %s, %v", short.waited, short.took, short.err)
			}
		}
		done.Wait()
		// Beside short ones it has 5 of 25 ms.
		if long.err != nil || long.took < 3*time.Second || long.took > 5*time.Second {
			t.Errorf("the long one took %s, %v", long.took, long.err)
		}
	})
}

func TestLongQueriesKeepTheirSlotsWhileNobodyWantsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns.New(4, nil)
		var done sync.WaitGroup
		var long []*began
		for range 4 {
			long = append(long, begin(t.Context(), &done, turns, 1000))
		}
		done.Wait()
		for _, l := range long {
			if l.err != nil || l.begins != 1 || l.took != 5*time.Second {
				t.Errorf("%+v", *l)
			}
		}
	})
}

func TestWithOneSlotQueriesFollowEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns.New(1, nil)
		var done sync.WaitGroup
		first := begin(t.Context(), &done, turns, 1000)
		second := begin(t.Context(), &done, turns, 1)
		done.Wait()
		if first.begins != 1 || first.took != 5*time.Second || second.waited != 5*time.Second || errors.Join(first.err, second.err) != nil {
			t.Errorf("%+v, %+v", *first, *second)
		}
	})
}

func TestWhoIsCanceledLeavesNoSlotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns.New(2, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		var all []*began
		for range 5 { // some run, some wait for a slot, some to begin anew
			all = append(all, begin(ctx, &done, turns, 1000))
		}
		time.Sleep(2 * time.Second)
		cancel()
		synctest.Wait()
		for range 5 {
			all = append(all, begin(t.Context(), &done, turns, 1))
		}
		done.Wait()
		for i, b := range all {
			if canceled := errors.Is(b.err, context.Canceled); canceled != (i < 5) || i >= 5 && b.took > time.Second {
				t.Errorf("query %d: %+v", i, *b)
			}
		}
	})
}
