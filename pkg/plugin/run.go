package plugin

import (
	"context"
	"time"

	"github.com/auditlake/auditlake/pkg/plugin/answers"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// task is a question over snapshots that were found for it.
type task interface {
	// Key is equal only for tasks that have the same answer, if ok.
	Key() (key string, ok bool)
	// Versions are the Delta versions of the tables that are read, by name.
	Versions() map[string]int64
	Run(ctx context.Context, o exec.Options) (*exec.Result, error)
}

// planned is a bound plan as a task.
type planned struct{ *query.Bound }

func (p planned) Run(ctx context.Context, o exec.Options) (*exec.Result, error) {
	return exec.RunBound(ctx, p.Bound, o)
}

// result is the answer to a question, and how it came about.
type result struct {
	*computed
	how    answers.How
	tables map[string]int64 // Delta versions by name
	bound  time.Duration    // finding the newest snapshots
	took   time.Duration    // all of it
}

// computed is an answer as it was worked out, maybe for another request. It must
// not be changed.
type computed struct {
	*exec.Result
	waited time.Duration // for a slot
	ran    time.Duration
	trino  *aboutTrino // nil: worked out here
}

func (c *computed) size() int64 { return c.Result.Size() }

// run answers a plan from what somebody may see, within the limits of the data
// source. The newest snapshots are found for every request. Only then, and only if
// they are the same, as the key says, is an answer taken that was worked out for
// another: it is as fresh as a new one would be. The limits, which may matter for
// an answer, are one instance's, and so are its answers.
func (d *Datasource) run(ctx context.Context, tables query.Catalog, plan query.Plan) (*result, error) {
	return d.work(ctx, func(ctx context.Context) (task, error) {
		bound, err := query.Bind(ctx, tables, plan)
		return planned{bound}, err
	})
}

// work is run for whatever find makes of the question.
func (d *Datasource) work(ctx context.Context, find func(context.Context) (task, error)) (*result, error) {
	began := time.Now()
	finding, found := context.WithTimeoutCause(ctx, d.settings.Limits.QueryTimeout, errQueryTimeout)
	defer found()
	t, err := find(finding)
	if err != nil {
		return nil, cause(finding, err)
	}
	ctx, cancel := d.bounded(ctx, t, began)
	defer cancel()
	r := &result{tables: t.Versions(), bound: time.Since(began), how: answers.Run}
	compute := func(ctx context.Context) (*computed, error) { return d.compute(ctx, t) }
	if key, ok := t.Key(); ok {
		r.computed, r.how, err = d.answers.Get(ctx, key, compute)
	} else {
		r.computed, err = compute(ctx)
	}
	if err != nil {
		return nil, cause(ctx, err)
	}
	r.took = time.Since(began)
	return r, nil
}

// bounded ends ctx when a task that began then has had its time.
func (d *Datasource) bounded(ctx context.Context, t task, began time.Time) (context.Context, context.CancelFunc) {
	if _, ok := t.(*trinoTask); ok {
		return context.WithDeadlineCause(ctx, began.Add(d.settings.Trino.Timeout), errTrinoTimeout)
	}
	return context.WithDeadlineCause(ctx, began.Add(d.settings.Limits.QueryTimeout), errQueryTimeout)
}

// compute waits for a turn and works the answer out, in no more than the time of
// one query, however many wait for it.
func (d *Datasource) compute(ctx context.Context, t task) (_ *computed, err error) {
	defer guard(ctx, &err)
	limits, came := d.settings.Limits, time.Now()
	ctx, cancel := d.bounded(ctx, t, came)
	defer cancel()
	c := &computed{}
	if t, ok := t.(*trinoTask); ok {
		if err := d.askTrino(ctx, t, c); err != nil {
			return nil, cause(ctx, err)
		}
		return c, nil
	}
	if route, ok := t.(*sqlite.Route); ok && route.Engine == sqlite.SQLite {
		select { // before a turn, which others may have meanwhile
		case d.sqlite <- struct{}{}:
			defer func() { <-d.sqlite }()
		case <-ctx.Done():
			return nil, cause(ctx, ctx.Err())
		}
	}
	c.waited, err = d.turns.Do(ctx, func(between func() error) (err error) {
		began := time.Now()
		c.Result, err = t.Run(ctx, exec.Options{
			MaxMemory: limits.QueryMemoryBytes, MaxRows: limits.MaxRows, MaxJoinRows: limits.MaxJoinRows, Between: between,
		})
		c.ran = time.Since(began)
		return err
	})
	if err != nil {
		return nil, cause(ctx, err)
	}
	return c, nil
}
