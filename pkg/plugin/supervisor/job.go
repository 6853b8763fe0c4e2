package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
)

// State is what a job is up to.
type State string

// The states of a job.
const (
	Off     State = "off"     // there is none
	Waiting State = "waiting" // for its next run
	Queued  State = "queued"  // for the tasks of other jobs
	Running State = "running"
)

// Status is a job at one moment.
type Status struct {
	State State
	// Task, Since and Progress are of the task that is Queued or Running.
	Task     Task
	Since    time.Time
	Progress etl.Progress
	// Last is the task that ended last, or nil.
	Last *Outcome
	// Next is when the schedule runs next, unless a run is under way.
	Next time.Time
	// Later says why the last run was put off until Next, or is nil.
	Later *Later
}

// Outcome is what became of a task.
type Outcome struct {
	Task              Task
	Started, Finished time.Time
	Result            any   // the pipeline's
	Err               error // nil: it succeeded
}

// leastPause is before a task that was put off is tried again.
const leastPause = time.Second

// PanicError is a bug of a pipeline. The job goes on.
type PanicError struct {
	Value any    // may quote what was read: not for logs
	Stack string // of the goroutine
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic of type %T", e.Value) }

// job runs one pipeline for one owner.
type job struct {
	s     *Supervisor
	asked chan Task     // room for one
	news  chan struct{} // room for one
	ended chan struct{}
	ctx   context.Context
	end   context.CancelFunc

	spec   Spec
	used   time.Time // of the last request; guarded by s.mu
	status Status    // guarded by s.mu

	pipeline  Pipeline // nil until it could be opened; only the job's goroutine
	listening sync.WaitGroup
}

// newJob takes over what was known of the last outcome; the caller holds s.mu.
func newJob(s *Supervisor, spec Spec, old *job) *job {
	j := &job{
		s: s, spec: spec, used: time.Now(), asked: make(chan Task, 1), news: make(chan struct{}, 1), ended: make(chan struct{}),
		status: Status{State: Waiting, Next: time.Now()},
	}
	if old != nil {
		j.status.Last = old.status.Last
	}
	j.ctx, j.end = context.WithCancel(s.life)
	return j
}

// live is the goroutine of the job. It begins when the job in whose place this
// one came, which may be nil, has ended.
func (j *job) live(old *job) {
	defer j.s.work.Done()
	defer close(j.ended)
	defer j.listening.Wait()
	defer j.end()
	if old != nil {
		<-old.ended
	}
	next := time.Now()
	for {
		task, stop := j.await(next)
		if stop {
			return
		}
		began := time.Now()
		later := j.carryOut(task)
		switch {
		case task.Kind != Run:
		case later != nil:
			next = later.At
			if soonest := time.Now().Add(leastPause); next.Before(soonest) {
				next = soonest
			}
		default:
			next = began.Add(j.spec.Every)
		}
		j.update(func(s *Status) { s.Next = next })
	}
}

// await waits for the next task: at the latest the run that is due at next. stop
// says that the job is over, cancelled or idle.
func (j *job) await(next time.Time) (_ Task, stop bool) {
	due := time.NewTimer(time.Until(next))
	defer due.Stop()
	for {
		idle := time.NewTimer(j.idleIn())
		select {
		case <-j.ctx.Done():
			idle.Stop()
			return Task{}, true
		case task := <-j.asked:
			idle.Stop()
			return task, false
		case <-j.news:
			idle.Stop()
			return Task{Kind: News}, false
		case <-due.C:
			idle.Stop()
			return Task{Kind: Run}, j.retireIfIdle()
		case <-idle.C:
			if j.retireIfIdle() {
				return Task{}, true
			}
		}
	}
}

// idleIn is how long the job lives on without a request.
func (j *job) idleIn() time.Duration {
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	if j.spec.Permanent {
		const never = 1 << 62
		return never
	}
	return time.Until(j.used.Add(j.s.opts.IdleAfter))
}

// retireIfIdle ends the job unless it was asked for meanwhile.
func (j *job) retireIfIdle() bool {
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	if j.spec.Permanent || time.Since(j.used) < j.s.opts.IdleAfter {
		return false
	}
	j.s.retire(j)
	return true
}

// carryOut waits for a slot and does the task, unless the pipeline puts a run off.
func (j *job) carryOut(task Task) *Later {
	j.update(func(s *Status) { s.State, s.Task, s.Since, s.Progress = Queued, task, time.Now(), etl.Progress{} })
	if j.s.slots.Acquire(j.ctx, 1) != nil {
		return nil // the job is over
	}
	defer j.s.slots.Release(1)
	out := Outcome{Task: task, Started: time.Now()}
	j.update(func(s *Status) { s.State, s.Since = Running, out.Started })
	ctx, done := j.s.opts.Around(j.ctx, j.spec.Owner, task)
	out.Result, out.Err = j.do(ctx, task)
	done(out.Result, out.Err)
	out.Finished = time.Now()
	later, _ := errors.AsType[*Later](out.Err)
	if task.Kind != Run && task.Kind != News {
		later = nil // nothing tries it again: who asked is told that it failed
	}
	cut := j.ctx.Err() != nil && errors.Is(out.Err, context.Canceled)
	j.update(func(s *Status) {
		s.State, s.Task, s.Since, s.Progress = Waiting, Task{}, time.Time{}, etl.Progress{}
		if task.Kind == Run {
			s.Later = later
		}
		if later == nil && !cut {
			s.Last = &out
		}
	})
	return later
}

func (j *job) do(ctx context.Context, task Task) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: string(debug.Stack())}
		}
	}()
	if j.pipeline == nil {
		p, err := j.spec.Open(ctx)
		if err != nil {
			return nil, err
		}
		j.pipeline = p
		if l, ok := p.(Listener); ok {
			j.listening.Go(func() { l.Listen(j.ctx, j.hear) })
		}
	}
	return j.pipeline.Do(ctx, task, func(p etl.Progress) {
		j.update(func(s *Status) { s.Progress = p })
	})
}

// hear asks for a task of kind News, unless one is asked for already.
func (j *job) hear() {
	select {
	case j.news <- struct{}{}:
	default:
	}
}

func (j *job) update(change func(*Status)) {
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	change(&j.status)
	j.s.notify()
}
