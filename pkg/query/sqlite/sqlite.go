// Package sqlite answers SQL statements that no plan says. They run on SQLite, over
// virtual tables whose rows are plans.
//
//	text ──sql.ParseWhole──► Statement ──Rewrite──► one SELECT over t0, t1, ...
//	                                                  │
//	                        lake_row(c0, c1, ...) ◄── SQLite ──► t0: the plan of a table, or
//	                          the answer               │           of a query inside, by exec
//	                                             lake_value(n, ...)
//	                                               an expression, by exec
//
// Two things keep both ways to the same answer. Expressions are lowered as those of
// plans and computed by the executor; SQLite has only what it does in the same way:
// comparisons, AND, OR, NOT, CASE, joins, groups, windows, order. And conditions on one
// table go into its plan, which leaves files out as ever; what SQLite compares columns
// with while it runs, in a join, is added to that.
//
// A query inside of the statement that a plan says is a table with that plan: SQLite sees
// its groups and not the rows that were grouped. A plan that has to hold its rows is read
// at once; others stream, and what SQLite reads again and again is kept.
//
// Values are represented so (see sql.Rewritten): longs, dates (days since 1970), times
// (microseconds since 1970, UTC) and truth values are integers, doubles are reals,
// structs, maps and lists are JSON texts. The types of columns are known from the
// statement, never guessed from values; longs are exact.
//
// A query has a private connection to a database in memory, for as long as it runs. What
// SQLite spills, it spills to memory files (the VFS memdb), which count as its heap does.
// SQLite bounds the heap of a process: it is the sum of what running queries may have.
// The answer, aggregates in Go and tables that are read again and again count beside it.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// Options bound a query.
type Options struct {
	// MaxMemory is the bytes that the query may hold, half of them in SQLite. 0 is
	// exec.DefaultMaxMemory.
	MaxMemory int64
	// MaxRows is how many rows the answer may have. 0 is exec.DefaultMaxRows.
	MaxRows int64
	// MaxJoinRows is how many rows the joins of a part may give that a plan answers. 0 is
	// exec.DefaultMaxJoinRows.
	MaxJoinRows int64
	// Between is called between steps of scans; see exec.Options.
	Between func() error
}

// What is bounded the same for all queries.
const (
	mostColumns = 120               // of an answer; SQLite has 127 arguments
	mostValue   = query.LongestText // bytes of one value
)

// ErrStatement is about a statement that is read, and that SQLite cannot answer: its size,
// or a value on the way, is beyond what there may be.
var ErrStatement = errors.New("the statement cannot be answered")

// Query is a statement over snapshots of its tables.
type Query struct {
	made   *sql.Rewritten
	tables *pinned
	whole  []*query.Bound // the inputs without what SQLite may add
}

// Result is the answer to a query.
type Result = exec.Result

// Prepare finds the newest snapshots of the tables of a statement that sql.ParseWhole
// has read. What is wrong with it is an *sql.Error or a *query.PlanError.
func Prepare(ctx context.Context, catalog query.Catalog, s *sql.Statement, b sql.Binding) (*Query, error) {
	return prepare(ctx, catalog, s, b, nil)
}

func prepare(ctx context.Context, catalog query.Catalog, s *sql.Statement, b sql.Binding, narrow []query.Condition) (*Query, error) {
	tables := &pinned{Catalog: catalog, found: map[string]pin{}}
	return over(ctx, tables, tables.tell(ctx), s, b, narrow)
}

// over is prepare with what the statement may know of the tables.
func over(ctx context.Context, catalog *pinned, tables sql.Tables, s *sql.Statement, b sql.Binding, narrow []query.Condition) (_ *Query, err error) {
	q := &Query{tables: catalog}
	if q.made, err = s.Rewrite(b, tables); err != nil {
		if q.tables.err != nil {
			return nil, q.tables.err
		}
		return nil, err
	}
	if n := len(q.made.Columns); n > mostColumns {
		return nil, &sql.Error{Line: 1, Column: 1, Why: fmt.Errorf("the answer has %d columns, of which there may be %d: name those you want", n, mostColumns)}
	}
	for _, in := range q.made.Inputs {
		if in.Rows, err = query.Narrow(in.Rows, narrow); err != nil {
			return nil, err
		}
		bound, err := query.Bind(ctx, q.tables, in.Plan(everyColumn(in), nil))
		if err != nil {
			return nil, err
		}
		q.whole = append(q.whole, bound)
		if err := exist(ctx, catalog, bound); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// exist is an error about a table that is missing and that is none of those that a lake
// may get: one that only looks like a table there is, and one that no service has. A
// service that nothing came from yet has no rows.
func exist(ctx context.Context, catalog query.Catalog, bound *query.Bound) error {
	for _, table := range bound.Missing() {
		if query.IsLookup(table) || slices.Contains(lake.Layers(), table) {
			continue
		}
		names, err := catalog.Tables(ctx)
		if err != nil {
			return err
		}
		near := query.DidYouMean(table, names)
		if near != "" || strings.HasPrefix(table, "sqlite_") || strings.HasPrefix(table, "pragma_") || !lake.MayBeTable(table) {
			return fmt.Errorf("table %s: %w%s", table, query.ErrNoTable, near)
		}
	}
	return nil
}

// Versions are the Delta versions of the tables that the query reads, by name.
func (q *Query) Versions() map[string]int64 {
	out := map[string]int64{}
	for _, b := range q.whole {
		for name, version := range b.Versions() {
			out[name] = version
		}
	}
	return out
}

// Key is equal only for queries that have the same answer; see query.Bound.
func (q *Query) Key() (key string, ok bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "sqlite %s\n%v\n%v\n", q.made.Columns, q.made.Text, q.made.Aggregates)
	for _, v := range q.made.Values {
		fmt.Fprintf(&b, "%s %s %v\n", v.Expr, v.Match, v.Args)
	}
	ok = true
	for _, in := range q.whole {
		k, known := in.Key()
		b.WriteString(k)
		ok = ok && known
	}
	return b.String(), ok
}

// everyColumn is the numbers of all columns of an input.
func everyColumn(in *sql.Input) []int {
	all := make([]int, len(in.Columns))
	for i := range all {
		all[i] = i
	}
	return all
}

// pinned is a catalog in which a table is the same snapshot each time.
type pinned struct {
	query.Catalog
	found map[string]pin
	err   error // of the catalog, while the statement was rewritten
}

type pin struct {
	table query.Table
	err   error
}

// Table is the snapshot that the table had at first.
func (c *pinned) Table(ctx context.Context, name string) (query.Table, error) {
	p, ok := c.found[name]
	if !ok {
		p.table, p.err = c.Catalog.Table(ctx, name)
		c.found[name] = p
	}
	return p.table, p.err
}

// tell is what Rewrite asks of the tables.
func (c *pinned) tell(ctx context.Context) sql.Tables {
	return sql.Tables{
		Kind: func(table string, col query.Col) (columnar.Kind, error) {
			bound, err := query.Bind(ctx, c, query.From(table, query.TimeRange{}).Project(query.As("c", col)))
			if err != nil {
				return 0, c.why(ctx, table, err)
			}
			return bound.Schema()[0].Type.Kind, nil
		},
		Columns: func(table string) ([]string, error) {
			t, err := c.Table(ctx, table)
			if err != nil {
				return nil, c.why(ctx, table, err)
			}
			var out []string
			for _, f := range t.Schema() {
				out = append(out, f.Name)
			}
			return out, nil
		},
		Schema: func(p query.Plan) (columnar.Schema, error) {
			bound, err := query.Bind(ctx, c, p)
			if err != nil {
				return nil, err
			}
			return bound.Schema(), nil
		},
	}
}

// why is an error about a table, which names those there are.
func (c *pinned) why(ctx context.Context, table string, err error) error {
	if _, plan := errors.AsType[*query.PlanError](err); plan {
		return err
	}
	if !errors.Is(err, query.ErrNoTable) {
		c.err = err
		return err
	}
	names, listErr := c.Tables(ctx)
	if listErr != nil {
		c.err = listErr
		return listErr
	}
	return fmt.Errorf("table %s: %w%s", table, query.ErrNoTable, query.DidYouMean(table, names))
}
