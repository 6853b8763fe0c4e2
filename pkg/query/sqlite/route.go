package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// The engines of a Route.
const (
	Plan   = "plan"   // the columnar executor
	SQLite = "sqlite" // this package
)

// Route is a statement over snapshots of its tables, and the engine that answers it: a
// plan if one says it, else SQLite.
type Route struct {
	Engine string
	// Expanded is the statement without macros, and Explained what the engine works on.
	Expanded, Explained string
	// Plan is what the statement is as a plan. It is empty if SQLite answers.
	Plan query.Plan

	bound *query.Bound
	query *Query
}

// Question is a statement and what it is asked with.
type Question struct {
	Text    string
	Macros  sql.Macros
	Binding sql.Binding
	// Narrow are the conditions of a dashboard, which hold for all events that are read;
	// see query.Narrow.
	Narrow []query.Condition
}

// Choose reads a statement. What is wrong with it is an *sql.Error, with places in the
// text as it was written, or a *query.PlanError; with a condition, query.ErrCondition.
func Choose(ctx context.Context, catalog query.Catalog, ask Question) (*Route, error) {
	s, expanded, err := sql.ParseExpanded(ask.Text, ask.Macros)
	var plan query.Plan
	if err == nil {
		plan, err = s.Plan(ask.Binding)
	}
	if err == nil {
		if plan, err = query.Narrow(plan, ask.Narrow); err != nil {
			return nil, err
		}
		bound, err := query.Bind(ctx, catalog, plan)
		if err == nil {
			err = exist(ctx, catalog, bound)
		}
		if err == nil {
			return &Route{Engine: Plan, Expanded: expanded, Explained: plan.String(), Plan: plan, bound: bound}, nil
		}
		// Of a table that is not there yet a plan does not know all columns; SQLite has
		// them empty.
		if _, other := errors.AsType[*query.PlanError](err); other || !errors.Is(err, query.ErrNoTable) {
			return nil, err
		}
	} else if !errors.Is(err, sql.ErrUnsupported) {
		return nil, err
	}
	if s, expanded, err = sql.ParseWhole(ask.Text, ask.Macros); err != nil {
		return nil, err
	}
	q, err := prepare(ctx, catalog, s, ask.Binding, ask.Narrow)
	if err != nil {
		return nil, err
	}
	return &Route{Engine: SQLite, Expanded: expanded, Explained: q.String(), query: q}, nil
}

// Bound is the plan over its snapshots; false if SQLite answers.
func (r *Route) Bound() (b *query.Bound, ok bool) { return r.bound, r.bound != nil }

// Key is equal only for routes that have the same answer.
func (r *Route) Key() (key string, ok bool) {
	if r.bound != nil {
		return r.bound.Key()
	}
	return r.query.Key()
}

// Versions are the Delta versions of the tables that are read, by name.
func (r *Route) Versions() map[string]int64 {
	if r.bound != nil {
		return r.bound.Versions()
	}
	return r.query.Versions()
}

// Run answers the statement.
func (r *Route) Run(ctx context.Context, o exec.Options) (*exec.Result, error) {
	if r.bound != nil {
		return exec.RunBound(ctx, r.bound, o)
	}
	return r.query.Run(ctx, Options{MaxMemory: o.MaxMemory, MaxRows: o.MaxRows, MaxJoinRows: o.MaxJoinRows, Between: o.Between})
}

// String is the statement as SQLite gets it, under the plans of its tables.
func (q *Query) String() string {
	var b strings.Builder
	for i, in := range q.made.Inputs {
		fmt.Fprintf(&b, "t%d:\n%s\n", i, in.Plan(everyColumn(in), nil))
	}
	return b.String() + q.made.Text
}
