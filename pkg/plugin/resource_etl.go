package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

// etlStatus is what the ETL of this data source is doing.
func (d *Datasource) etlStatus(context.Context, request) (any, error) {
	return d.jobStatus(d.shell.supervisor.Status(d.owner)), nil
}

func (d *Datasource) runNow(ctx context.Context, _ request) (any, error) {
	return d.ask(ctx, supervisor.Task{Kind: supervisor.Run})
}

func (d *Datasource) optimize(ctx context.Context, r request) (any, error) {
	return d.askForTable(ctx, supervisor.Optimize, r)
}

func (d *Datasource) replay(ctx context.Context, r request) (any, error) {
	return d.askForTable(ctx, supervisor.Replay, r)
}

// askForTable asks for a task on all tables or on one, which must exist.
func (d *Datasource) askForTable(ctx context.Context, kind supervisor.TaskKind, r request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	table := r.URL.Query().Get("table")
	if table != "" {
		if err := d.mustExist(ctx, table); err != nil {
			return nil, err
		}
	}
	return d.ask(ctx, supervisor.Task{Kind: kind, Table: table})
}

// noJobError is why the data source runs no tasks.
type noJobError struct{ why string }

func (e *noJobError) Error() string { return e.why }

// ask hands a task to the job of the data source and tells what the job then
// does. The task itself goes on when the request has been answered.
func (d *Datasource) ask(ctx context.Context, task supervisor.Task) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	if err := d.shell.supervisor.Ask(d.owner, task); errors.Is(err, supervisor.ErrNoJob) {
		_, why := d.whyOff()
		return nil, &noJobError{why}
	} else if err != nil {
		return nil, err
	}
	return d.etlStatus(ctx, request{})
}

// vacuumPlan is what a vacuum would delete.
type vacuumPlan struct {
	Before  time.Time      `json:"before"` // last used before this
	Files   int64          `json:"files"`
	Bytes   int64          `json:"bytes"`
	Objects []vacuumObject `json:"objects"` // the first maxVacuumObjects
}

type vacuumObject struct {
	Key   string `json:"key"`
	Bytes int64  `json:"bytes"`
}

// maxVacuumObjects bounds the answer; files and bytes count all.
const maxVacuumObjects = 1000

// vacuumDryRun lists what a vacuum would delete. It deletes nothing.
func (d *Datasource) vacuumDryRun(ctx context.Context, _ request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	s, err := etl.Vacuum(ctx, d.lake, etl.VacuumOptions{DryRun: true})
	if err != nil && !errors.Is(err, lake.ErrNoTable) {
		return nil, err
	}
	out := vacuumPlan{Before: s.Before, Files: s.Files, Bytes: s.Bytes, Objects: []vacuumObject{}}
	for _, o := range s.Objects[:min(len(s.Objects), maxVacuumObjects)] {
		out.Objects = append(out.Objects, vacuumObject{o.Key, o.Size})
	}
	return out, nil
}
