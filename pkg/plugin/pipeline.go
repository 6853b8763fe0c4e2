package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/store/notify"
)

// spec is what a data source with these settings wants of the supervisor.
func (s *Shell) spec(settings Settings, owner supervisor.Owner, serial int64) supervisor.Spec {
	n := notes{owner, settings.Conceal}
	return supervisor.Spec{
		Owner: owner, Serial: serial,
		Lake: settings.LakeID(), Fingerprint: settings.Fingerprint(), Every: settings.Schedule.Every,
		Permanent: owner == supervisor.Ini,
		Open: func(ctx context.Context) (supervisor.Pipeline, error) {
			p, err := openPipeline(ctx, s, settings, n)
			if err != nil {
				n.unopened(ctx, err)
				return nil, err
			}
			return p, nil
		},
	}
}

// workers is how many processors a task keeps busy: the plugin lives beside
// Grafana and its panels.
const workers = 1

// pipeline does the tasks of one lake.
type pipeline struct {
	settings Settings
	lake     *lake.Lake
	runner   *etl.Runner
	report   func(etl.Progress) // of the task under way
	pause    func()             // gives way to queries
	notes    notes
	holder   string // of the lease: the same after a restart of the process

	queue   *notify.Queue    // nil: nothing is heard
	heard   chan notify.News // what no run has taken yet; room for one
	sources []string         // URLs, as the runner knows them

	directory  identity.Directory // nil: nobody is asked
	identified func(identifying)

	registeredAt time.Time // when all was registered; zero if that is due
	registered   func(registering)
}

var (
	_ supervisor.Pipeline = (*pipeline)(nil)
	_ supervisor.Listener = (*pipeline)(nil)
)

func openPipeline(ctx context.Context, s *Shell, settings Settings, n notes) (*pipeline, error) {
	sources, root, err := settings.OpenWritable(ctx)
	if err != nil {
		return nil, err
	}
	for i := range sources {
		sources[i].Store = s.metrics.observe(sources[i].Store, "source")
	}
	p := &pipeline{settings: settings, notes: n, holder: holderName(n.owner), pause: s.crowd.Beside(), identified: s.noteIdentified(n.owner), registered: s.noteRegistered(n.owner), heard: make(chan notify.News, 1)}
	for _, source := range sources {
		p.sources = append(p.sources, source.URL)
	}
	if settings.Databricks.Asks() {
		if p.directory, err = settings.Databricks.client(0); err != nil {
			return nil, err
		}
	}
	if p.queue, err = settings.openQueue(ctx); err != nil {
		return nil, err
	}
	p.lake = lake.New(s.metrics.observe(root, "lake"), lake.Options{Engine: s.engine, OnWarning: n.warning})
	p.runner, err = etl.NewRunner(p.lake, etl.Options{
		Sources: sources, LookbackDays: settings.LookbackDays, Engine: s.engine,
		MemoryBytes: settings.Limits.ETLMemoryBytes, Workers: workers,
		Pause:    p.pause,
		Progress: func(progress etl.Progress) { p.report(progress) },
	})
	return p, err
}

// holderName tells processes apart, as far as they run on different hosts or for
// different data sources. Two that it does not tell apart work side by side, which
// does no harm.
func holderName(o supervisor.Owner) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s on %s", o, host)
}

// Do implements supervisor.Pipeline. A panic is an error here, so that it is
// logged and the lease ends with the task.
func (p *pipeline) Do(ctx context.Context, task supervisor.Task, report func(etl.Progress)) (result any, err error) {
	p.report = report
	p.notes.begun(ctx, task)
	defer func() { p.notes.ended(ctx, task, err) }()
	defer guard(ctx, &err)
	release, err := p.lease(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return p.do(ctx, task)
}

func (p *pipeline) do(ctx context.Context, task supervisor.Task) (any, error) {
	switch task.Kind {
	case supervisor.Run, supervisor.News:
		return p.bringIn(ctx, task.Kind)
	case supervisor.Optimize:
		return etl.Optimize(ctx, p.lake, etl.OptimizeOptions{Tables: tablesOf(task), Progress: p.report})
	case supervisor.Replay:
		return etl.Replay(ctx, p.lake, etl.ReplayOptions{
			Table: task.Table, MemoryBytes: p.settings.Limits.ETLMemoryBytes, Workers: workers, Progress: p.report, Pause: p.pause,
		})
	}
	return nil, fmt.Errorf("task %q is not known", task.Kind)
}

// bringIn runs the ETL. Whatever was heard of before is done with when the run is: one
// that looks for itself finds it, too.
func (p *pipeline) bringIn(ctx context.Context, kind supervisor.TaskKind) (any, error) {
	var heard notify.News
	select {
	case heard = <-p.heard:
	default:
	}
	var keys map[string][]string
	if kind == supervisor.News {
		keys = heard.KeysOf(p.sources)
	}
	sum, err := p.runner.RunOn(ctx, keys)
	if err != nil {
		return sum, err
	}
	if p.queue != nil {
		if err := p.queue.Done(ctx, heard); err != nil {
			p.notes.warning(err)
		}
	}
	p.identify(ctx)
	p.register(ctx, sum)
	return sum, p.maintain(ctx)
}

// Listen implements supervisor.Listener.
func (p *pipeline) Listen(ctx context.Context, news func()) {
	if p.queue == nil {
		return
	}
	p.queue.Follow(ctx, func(heard notify.News) {
		select {
		case p.heard <- heard:
			news()
		case <-ctx.Done():
		}
	}, p.notes.warning)
}

// maintain does what is due after a run. Lines that retention removes from bronze
// are gone from quarantine too.
func (p *pipeline) maintain(ctx context.Context) error {
	keep := p.settings.Retention
	done, err := etl.Maintain(ctx, p.lake, etl.MaintainOptions{
		Retention: etl.RetentionOptions{
			BronzeDays: keep.Bronze, QuarantineDays: keep.Bronze, SilverDays: keep.Silver, GoldDays: keep.Gold,
		},
		Progress: p.report,
	})
	for _, w := range done.Warnings {
		p.notes.warning(w)
	}
	if err != nil {
		return fmt.Errorf("maintain the lake after the run: %w", err)
	}
	return nil
}

const (
	// leaseAfter is how long a task goes on before it says so to other processes:
	// most runs find nothing new and are over before.
	leaseAfter = 5 * time.Second
	// leaseTTL is how long others wait for one that was killed.
	leaseTTL = 2 * time.Minute
)

// lease puts the task off while another process is at work on the lake, and has
// others put theirs off if this one takes longer. It saves effort: a lease that
// cannot be written is no reason not to work. The caller calls release.
func (p *pipeline) lease(ctx context.Context) (release func(), err error) {
	err = etl.LeaseFree(ctx, p.lake, p.holder)
	if other, ok := errors.AsType[*etl.LeasedError](err); ok {
		return nil, &supervisor.Later{At: other.Expires, Why: other}
	}
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.holdLease(ctx); err != nil && ctx.Err() == nil {
			p.notes.warning(err)
		}
	}()
	return func() {
		end()
		<-ended
	}, nil
}

// holdLease keeps a lease from leaseAfter until ctx ends.
func (p *pipeline) holdLease(ctx context.Context) error {
	if !pause(ctx, leaseAfter) {
		return nil
	}
	l, err := etl.AcquireLease(ctx, p.lake, p.holder, leaseTTL)
	for err == nil && pause(ctx, leaseTTL/4) {
		err = l.Renew(ctx)
	}
	if l == nil {
		return err
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseRelease)
	defer cancel()
	return errors.Join(err, l.Release(release))
}

// leaseRelease bounds how long giving the lease back may hold up the end of a task.
const leaseRelease = 500 * time.Millisecond

// pause is false if ctx ended before the time was over.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// tablesOf are the tables of a task; nil is all.
func tablesOf(task supervisor.Task) []string {
	if task.Table == "" {
		return nil
	}
	return []string{task.Table}
}

// notes are what is logged of an owner's work. Errors name keys and may quote
// what a store answered, but nothing of what is in events.
type notes struct {
	owner   supervisor.Owner
	conceal func(string) string // puts stars in the place of secrets
}

func (n notes) logger(ctx context.Context, task supervisor.Task) log.Logger {
	return log.DefaultLogger.FromContext(ctx).With("owner", n.owner.String(), "task", string(task.Kind))
}

// unopened notes why no task can begin.
func (n notes) unopened(ctx context.Context, err error) {
	log.DefaultLogger.FromContext(ctx).Error("The stores of the ETL cannot be opened", "owner", n.owner.String(), "error", n.conceal(err.Error()))
}

func (n notes) begun(ctx context.Context, task supervisor.Task) {
	n.logger(ctx, task).Debug("A task begins")
}

func (n notes) ended(ctx context.Context, task supervisor.Task, err error) {
	switch logger := n.logger(ctx, task); {
	case err == nil:
		logger.Debug("A task has ended")
	case errors.Is(err, context.Canceled):
		logger.Debug("A task was cut off; the next one goes on from there")
	case errors.Is(err, etl.ErrLeased):
		logger.Debug("A task was put off", "reason", err.Error())
	default:
		logger.Error("A task failed", "error", n.conceal(err.Error()))
	}
}

// warning notes a fault that was got over.
func (n notes) warning(err error) {
	log.DefaultLogger.Warn("Reading or writing a table went on past a fault", "owner", n.owner.String(), "fault", n.conceal(err.Error()))
}
