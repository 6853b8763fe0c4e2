// Package supervisor decides which data source of this process writes which
// lake, and runs the work: on a schedule, on request, one thing at a time.
//
//	data source ── Use(Spec) ──► claim of the lake ──► job: a goroutine that
//	grafana.ini ── Use(Spec) ──►      one writer           runs the Pipeline
//
// Instances of a data source are no place for a schedule: Grafana makes them at
// the first request, has two of them while settings change, disposes them when
// nobody asks, and sends settings with requests only. So a job belongs to its
// Owner, which outlives them:
//
//   - Use is called with every request. The first call starts the job, later ones
//     keep it alive, and IdleAfter the last one it stops, unless it is Permanent.
//   - Of two instances the newer one decides, by its Serial. A changed
//     Fingerprint replaces the job: the old one is cancelled and has ended
//     before the new one begins.
//   - A lake has one writer in this process: whoever claimed it first keeps it as
//     long as its job lives. Everyone else is refused and told by whom. Writers
//     in other processes do no harm, so nothing here guards against them.
//   - All jobs together run Parallel tasks at a time: the plugin lives beside
//     Grafana and its panels.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/auditlake/auditlake/pkg/etl"
)

// Owner is who wants a lake to be written: a data source of an organization.
type Owner struct {
	Org int64
	UID string
}

// Ini is the owner of the lake that grafana.ini names.
var Ini = Owner{UID: "grafana.ini"}

func (o Owner) String() string {
	if o == Ini {
		return "the schedule in grafana.ini"
	}
	return fmt.Sprintf("data source %s of organization %d", o.UID, o.Org)
}

// Spec is what an owner wants.
type Spec struct {
	Owner Owner
	// Lake is the identity of the lake: equal for two specs that write the same.
	Lake string
	// Fingerprint differs where a running job has to be replaced.
	Fingerprint string
	// Serial orders the instances of an owner: a greater one is newer.
	Serial int64
	// Every is the time between the starts of two runs.
	Every time.Duration
	// Permanent jobs do not stop for want of requests.
	Permanent bool
	// Open makes the pipeline. It is called from the job, again if it failed.
	Open func(context.Context) (Pipeline, error)
}

// Pipeline is the work on one lake. It is called from one goroutine at a time.
type Pipeline interface {
	// Do carries a task out and reports how far it is, never concurrently. The
	// result is for who asked for the task and may be nil; it is not empty after
	// an error if something was done before. It returns soon after ctx ends. An
	// error that is a *Later postpones a run, and is a failure of other tasks.
	Do(ctx context.Context, task Task, report func(etl.Progress)) (result any, err error)
}

// Listener is a Pipeline that hears of something to bring in before the next run is due.
type Listener interface {
	// Listen calls news for it, which asks for a task of kind News, until ctx ends. It is
	// called once, beside Do.
	Listen(ctx context.Context, news func())
}

// Task is something to do with a lake.
type Task struct {
	Kind TaskKind
	// Table limits the task to one table; empty is all.
	Table string
}

// TaskKind names what is done.
type TaskKind string

// The kinds of task.
const (
	Run      TaskKind = "run"      // the ETL; what the schedule does
	News     TaskKind = "news"     // the ETL of what a Listener heard of
	Optimize TaskKind = "optimize" // small files become large ones
	Replay   TaskKind = "replay"   // layers are built anew from the one below
)

// Reasons for which a request is not carried out.
var (
	// ErrNoJob: the owner has no job, because it did not ask for one, was refused,
	// or the process is about to end.
	ErrNoJob = errors.New("no ETL is scheduled")
	// ErrBusy: a task is under way or waiting already.
	ErrBusy = errors.New("a task is under way")
)

// Later is why a task could not be done now, and when to try again. It is no
// failure: the outcome before stays the last one.
type Later struct {
	At  time.Time
	Why error
}

func (e *Later) Error() string {
	return fmt.Sprintf("put off until %s: %v", e.At.UTC().Format(time.RFC3339), e.Why)
}

// Unwrap gives the reason.
func (e *Later) Unwrap() error { return e.Why }

// Options are the ways in which a Supervisor differs from another. Zero values
// give the defaults.
type Options struct {
	// IdleAfter is how long a job outlives the last request. Default 2 h.
	IdleAfter time.Duration
	// Parallel is how many tasks run at once. Default 1.
	Parallel int64
	// Around, if not nil, is called when a task begins; the context it gives is
	// the task's, and what it returns is called when the task has ended.
	Around func(ctx context.Context, owner Owner, task Task) (context.Context, func(result any, err error))
}

const defaultIdleAfter = 2 * time.Hour

// Supervisor is safe for concurrent use. Close it to end what it runs.
type Supervisor struct {
	opts  Options
	slots *semaphore.Weighted
	life  context.Context
	end   context.CancelFunc
	work  sync.WaitGroup // running jobs

	mu      sync.Mutex
	closed  bool           // guarded by mu, as all below
	jobs    map[Owner]*job // the newest of each owner
	writers map[string]Owner
	newest  map[Owner]int64 // serials; also of owners that have no job any more
	changed chan struct{}   // closed and replaced with every change of a status
}

// New is a supervisor with nothing to do.
func New(o Options) *Supervisor {
	if o.IdleAfter <= 0 {
		o.IdleAfter = defaultIdleAfter
	}
	if o.Parallel <= 0 {
		o.Parallel = 1
	}
	if o.Around == nil {
		o.Around = func(ctx context.Context, _ Owner, _ Task) (context.Context, func(any, error)) {
			return ctx, func(any, error) {}
		}
	}
	s := &Supervisor{
		opts: o, slots: semaphore.NewWeighted(o.Parallel),
		jobs: map[Owner]*job{}, writers: map[string]Owner{}, newest: map[Owner]int64{}, changed: make(chan struct{}),
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Use starts the owner's job, keeps it alive, or replaces it where the spec is
// newer and says something else. A lake that another owner writes is refused:
// the result says by whom.
func (s *Supervisor) Use(spec Spec) (by Owner, refused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.decides(spec.Owner, spec.Serial) {
		return Owner{}, false
	}
	old := s.jobs[spec.Owner]
	if old != nil && old.spec.Fingerprint == spec.Fingerprint {
		old.used = time.Now()
		return Owner{}, false
	}
	if holder, taken := s.writers[spec.Lake]; taken && holder != spec.Owner {
		s.retire(old)
		return holder, true
	}
	s.retire(old)
	j := newJob(s, spec, old)
	s.jobs[spec.Owner], s.writers[spec.Lake] = j, spec.Owner
	s.work.Add(1)
	go j.live(old)
	s.notify()
	return Owner{}, false
}

// Withdraw ends the owner's job, unless there is a newer instance than serial.
func (s *Supervisor) Withdraw(owner Owner, serial int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.decides(owner, serial) {
		s.retire(s.jobs[owner])
	}
}

// decides says whether the instance has not been replaced: else its successor
// decides, also that there is no job. The caller holds mu.
func (s *Supervisor) decides(owner Owner, serial int64) bool {
	if serial < s.newest[owner] {
		return false
	}
	s.newest[owner] = serial
	return true
}

// retire ends a job and gives its lake up; the caller holds mu. j may be nil.
func (s *Supervisor) retire(j *job) {
	if j == nil || s.jobs[j.spec.Owner] != j {
		return
	}
	delete(s.jobs, j.spec.Owner)
	delete(s.writers, j.spec.Lake)
	j.end()
	s.notify()
}

// Ask has the owner's job carry out a task as soon as it can, and does not wait
// for it. The error is ErrNoJob or ErrBusy.
func (s *Supervisor) Ask(owner Owner, task Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[owner]
	if j == nil {
		return ErrNoJob
	}
	if j.status.State != Waiting {
		return ErrBusy
	}
	select {
	case j.asked <- task:
		j.status.State, j.status.Task, j.status.Since, j.status.Progress = Queued, task, time.Now(), etl.Progress{}
		s.notify()
		return nil
	default:
		return ErrBusy
	}
}

// Status is what the owner's job is doing; its State is Off if there is none.
func (s *Supervisor) Status(owner Owner) Status {
	status, _ := s.look(owner)
	return status
}

// Watch calls see with the status of the owner's job, now and after each change,
// at most once in the given time, until ctx ends or see fails. Changes that come
// faster are seen together.
func (s *Supervisor) Watch(ctx context.Context, owner Owner, atMost time.Duration, see func(Status) error) error {
	for {
		status, changed := s.look(owner)
		if err := see(status); err != nil {
			return err
		}
		pause := time.NewTimer(atMost)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (s *Supervisor) look(owner Owner) (Status, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.jobs[owner]; j != nil {
		return j.status, s.changed
	}
	return Status{State: Off}, s.changed
}

// notify wakes who watches; the caller holds mu.
func (s *Supervisor) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Close ends all jobs and waits until they have ended or ctx has. It is safe to
// call twice. The error says what was still under way.
func (s *Supervisor) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	owners := slices.Collect(maps.Keys(s.jobs))
	for _, j := range s.jobs {
		s.retire(j)
	}
	s.mu.Unlock()
	s.end()
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the ETL of %v: %w", owners, ctx.Err())
	}
}
