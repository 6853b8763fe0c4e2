package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

// spec is what a data source with these settings wants of the supervisor.
func (s *Shell) spec(settings Settings, owner supervisor.Owner, serial int64) supervisor.Spec {
	return supervisor.Spec{
		Owner: owner, Serial: serial,
		Lake: settings.LakeID(), Fingerprint: settings.Fingerprint(), Every: settings.Schedule.Every,
		Permanent: owner == supervisor.Ini,
		Open: func(ctx context.Context) (supervisor.Pipeline, error) {
			return openPipeline(ctx, s, settings, notes{owner, settings.Conceal})
		},
	}
}

// pipeline does the tasks of one lake.
type pipeline struct {
	settings Settings
	lake     *lake.Lake
	runner   *etl.Runner
	report   func(etl.Progress) // of the task under way
	notes    notes
}

var _ supervisor.Pipeline = (*pipeline)(nil)

func openPipeline(ctx context.Context, s *Shell, settings Settings, n notes) (*pipeline, error) {
	sources, root, err := settings.OpenWritable(ctx)
	if err != nil {
		return nil, err
	}
	for i := range sources {
		sources[i].Store = s.metrics.observe(sources[i].Store, "source")
	}
	p := &pipeline{settings: settings, notes: n}
	p.lake = lake.New(s.metrics.observe(root, "lake"), lake.Options{Engine: s.engine, OnWarning: n.warning})
	p.runner, err = etl.NewRunner(p.lake, etl.Options{
		Sources: sources, LookbackDays: settings.LookbackDays, Engine: s.engine,
		MemoryBytes: settings.Limits.ETLMemoryBytes, Workers: 1,
		Progress: func(progress etl.Progress) { p.report(progress) },
	})
	return p, err
}

// Do implements supervisor.Pipeline.
func (p *pipeline) Do(ctx context.Context, task supervisor.Task, report func(etl.Progress)) (any, error) {
	p.report = report
	p.notes.begun(ctx, task)
	result, err := p.do(ctx, task)
	p.notes.ended(ctx, task, err)
	return result, err
}

func (p *pipeline) do(ctx context.Context, task supervisor.Task) (any, error) {
	switch task.Kind {
	case supervisor.Run:
		return p.runner.Run(ctx)
	case supervisor.Optimize:
		return etl.Optimize(ctx, p.lake, etl.OptimizeOptions{Tables: tablesOf(task), Progress: p.report})
	case supervisor.Replay:
		return etl.Replay(ctx, p.lake, etl.ReplayOptions{Table: task.Table, Progress: p.report})
	}
	return nil, fmt.Errorf("task %q is not known", task.Kind)
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

func (n notes) begun(ctx context.Context, task supervisor.Task) {
	n.logger(ctx, task).Debug("A task begins")
}

func (n notes) ended(ctx context.Context, task supervisor.Task, err error) {
	switch logger := n.logger(ctx, task); {
	case err == nil:
		logger.Debug("A task has ended")
	case errors.Is(err, context.Canceled):
		logger.Debug("A task was cut off; the next one goes on from there")
	default:
		logger.Error("A task failed", "error", n.conceal(err.Error()))
	}
}

// warning notes a fault that was got over.
func (n notes) warning(err error) {
	log.DefaultLogger.Warn("Reading or writing a table went on past a fault", "owner", n.owner.String(), "fault", n.conceal(err.Error()))
}
