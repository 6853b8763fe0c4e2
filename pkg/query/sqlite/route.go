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

	bound *query.Bound
	query *Query
}

// Choose reads a statement. What is wrong with it is an *sql.Error, with places in the
// text as it was written, or a *query.PlanError.
func Choose(ctx context.Context, catalog query.Catalog, text string, m sql.Macros, b sql.Binding) (*Route, error) {
	s, expanded, err := sql.ParseExpanded(text, m)
	var plan query.Plan
	if err == nil {
		plan, err = s.Plan(b)
	}
	if err == nil {
		bound, err := query.Bind(ctx, catalog, plan)
		if err == nil {
			err = exist(ctx, catalog, bound)
		}
		if err == nil {
			return &Route{Engine: Plan, Expanded: expanded, Explained: plan.String(), bound: bound}, nil
		}
		// Of a table that is not there yet a plan does not know all columns; SQLite has
		// them empty.
		if _, other := errors.AsType[*query.PlanError](err); other || !errors.Is(err, query.ErrNoTable) {
			return nil, err
		}
	} else if !errors.Is(err, sql.ErrUnsupported) {
		return nil, err
	}
	if s, expanded, err = sql.ParseWhole(text, m); err != nil {
		return nil, err
	}
	q, err := Prepare(ctx, catalog, s, b)
	if err != nil {
		return nil, err
	}
	return &Route{Engine: SQLite, Expanded: expanded, Explained: q.String(), query: q}, nil
}

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
	return r.query.Run(ctx, Options{MaxMemory: o.MaxMemory, MaxRows: o.MaxRows, Between: o.Between})
}

// String is the statement as SQLite gets it, under the plans of its tables.
func (q *Query) String() string {
	var b strings.Builder
	for i, in := range q.made.Inputs {
		all := make([]int, len(in.Columns))
		for c := range all {
			all[c] = c
		}
		fmt.Fprintf(&b, "t%d:\n%s\n", i, inputPlan(in, all, nil))
	}
	return b.String() + q.made.Text
}
