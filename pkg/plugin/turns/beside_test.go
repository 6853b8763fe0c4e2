package turns_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/auditlake/auditlake/pkg/plugin/turns"
)

// background does so many steps and says how long they took.
func background(c *turns.Crowd, steps int) time.Duration {
	between, at := c.Beside(), time.Now()
	for range steps {
		time.Sleep(step)
		between()
	}
	return time.Since(at)
}

func TestBackgroundWorkHasHalfOfTheTimeBesideQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var crowd turns.Crowd
		var done sync.WaitGroup
		// Of two data sources, one query after the other.
		for range 2 {
			begin(t.Context(), &done, turns.New(4, &crowd), 1000)
		}
		if took := background(&crowd, 100); took != 2*100*step {
			t.Errorf("100 steps took %s", took)
		}
		done.Wait()
	})
}

func TestBackgroundWorkIsNotHeldUpByNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var crowd turns.Crowd
		var done sync.WaitGroup
		begin(t.Context(), &done, turns.New(4, &crowd), 4)
		done.Wait()
		if took := background(&crowd, 100); took != 100*step {
			t.Errorf("100 steps took %s", took)
		}
	})
}

func TestBackgroundWorkGoesOnWhenTheLastQueryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var crowd turns.Crowd
		var done sync.WaitGroup
		between := crowd.Beside()
		time.Sleep(time.Second) // of work
		begin(t.Context(), &done, turns.New(4, &crowd), 1)
		at := time.Now()
		between()
		if took := time.Since(at); took != step {
			t.Errorf("it went on after %s, the query took %s", took, step)
		}
		done.Wait()
	})
}

func TestALongStepIsNotPaidForInFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var crowd turns.Crowd
		var done sync.WaitGroup
		begin(t.Context(), &done, turns.New(4, &crowd), 1000)
		between := crowd.Beside()
		time.Sleep(time.Second)
		at := time.Now()
		between()
		if took := time.Since(at); took > 20*time.Millisecond {
			t.Errorf("it was held up for %s", took)
		}
		done.Wait()
	})
}
