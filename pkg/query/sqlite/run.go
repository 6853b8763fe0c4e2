package sqlite

import (
	"cmp"
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// run is one query while SQLite works on it. It is on one goroutine but for ctx.
type run struct {
	ctx   context.Context
	query *Query
	o     Options
	id    int64
	heap  int64

	answer    *columnar.Batch
	values    []*exec.Expression          // by number, when they were needed first
	rows      [][]columnar.Value          // the arguments of each
	patterns  map[string]*exec.Expression // by number and pattern
	whole     map[string]*columnar.Batch  // all rows of an input, by its plan
	estimated bool                        // an input has counts of distinct values that are not exact
	stats     exec.Stats
	held      int64 // bytes in Go
	max       int64 // of held
	err       error // the first error of ours, of which SQLite tells nothing
}

// Run answers the query. It stops soon after ctx ends, with its error.
func (q *Query) Run(ctx context.Context, o Options) (*Result, error) {
	if o.MaxMemory <= 0 {
		o.MaxMemory = exec.DefaultMaxMemory
	}
	if o.MaxRows <= 0 {
		o.MaxRows = exec.DefaultMaxRows
	}
	e, err := theEngine()
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, query: q, o: o, max: o.MaxMemory / 2, whole: map[string]*columnar.Batch{}}
	r.values, r.rows = make([]*exec.Expression, len(q.made.Values)), make([][]columnar.Value, len(q.made.Values))
	schema := slices.Clone(q.made.Columns)
	for i, f := range schema {
		if f.Type.Kind == columnar.Invalid {
			schema[i].Type = columnar.Of(columnar.String)
		}
	}
	r.answer = columnar.NewBatch(schema)
	e.begin(r, o.MaxMemory/2)
	defer e.end(r)
	if err := r.statement(e); err != nil {
		return nil, r.explain(err)
	}
	out := &Result{Schema: schema, Batch: r.answer, Stats: r.stats, Estimated: make([]bool, len(schema))}
	out.Stats.Memory = max(out.Stats.Memory, r.held)
	for _, bound := range q.whole {
		for _, table := range bound.Missing() {
			if notice := exec.MissingNotice(table); !slices.Contains(out.Notices, notice) {
				out.Notices = append(out.Notices, notice)
			}
		}
	}
	if r.estimated { // and what was made of them nobody knows: it may be any number
		for i, f := range schema {
			k := f.Type.Kind
			out.Estimated[i] = k >= columnar.Byte && k <= columnar.Long || k.InFloats()
		}
		out.Notices = append(out.Notices, "numbers of the answer are estimates, to about 1 in 100, where there are many distinct values")
	}
	return out, nil
}

// statement runs the statement on a connection of its own. SQLite steps through it at
// one go, because only so the driver ends it with ctx; its rows are calls of lake_row.
func (r *run) statement(e *engine) (err error) {
	db := stdsql.OpenDB(connector{e})
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(r.ctx)
	if err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for id, n := range map[int]int{
		lib.SQLITE_LIMIT_LENGTH: mostValue, lib.SQLITE_LIMIT_ATTACHED: 0, lib.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
		lib.SQLITE_LIMIT_WORKER_THREADS: 0, lib.SQLITE_LIMIT_VARIABLE_NUMBER: 1, lib.SQLITE_LIMIT_SQL_LENGTH: mostValue,
	} {
		if _, err := sqlite.Limit(conn, id, n); err != nil {
			return fmt.Errorf("bound SQLite: %w", err)
		}
	}
	for i := range r.query.made.Inputs {
		if _, err := conn.ExecContext(r.ctx, fmt.Sprintf("CREATE VIRTUAL TABLE t%d USING lake(%d, %d)", i, r.id, i)); err != nil {
			return fmt.Errorf("open table %s: %w", strings.Join(r.query.made.Inputs[i].Rows.Tables(), ", "), err)
		}
	}
	if err := conn.Raw(func(c any) error { return c.(sqlite.AuthorizerRegisterer).RegisterAuthorizer(allowed) }); err != nil {
		return fmt.Errorf("bound SQLite: %w", err)
	}
	names := make([]string, len(r.answer.Schema))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	list := strings.Join(names, ", ")
	// #nosec G201 -- the text is what package sql has printed: names of ours, and constants
	text := fmt.Sprintf("WITH answer(%s) AS (%s) SELECT lake_row(?1, %s) FROM answer", list, r.query.made.Text, list)
	_, err = conn.ExecContext(r.ctx, text, r.id)
	return err
}

// functions of SQLite that statements come to.
var functions = []string{
	"lake_value", "lake_row", "lake_aggregate", "count", "sum", "min", "max", "avg", "coalesce", "row_number", "rank", "dense_rank",
	"percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
}

// allowed is SQLite's authorizer: a statement reads virtual tables and what is made of
// them, and calls functions of the list. Rewrite makes no other; this holds even if it
// had a gap.
func allowed(action sqlite.AuthorizerActionCode, table, name, _, _ string) sqlite.AuthorizerReturnCode {
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRecursive:
		return sqlite.AuthorizerOK
	case sqlite.AuthRead:
		if lower := strings.ToLower(table); !strings.HasPrefix(lower, "sqlite") && !strings.HasPrefix(lower, "pragma") && lower != "dbstat" {
			return sqlite.AuthorizerOK
		}
	case sqlite.AuthFunction:
		if slices.Contains(functions, strings.ToLower(name)) {
			return sqlite.AuthorizerOK
		}
	}
	return sqlite.AuthorizerDeny
}

// explain is the error of a run for who asked.
func (r *run) explain(err error) error {
	if cause := r.ctx.Err(); cause != nil {
		return cause
	}
	if r.err != nil {
		return r.err
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch code := e.Code(); {
	case code&0xff == lib.SQLITE_NOMEM, code == lib.SQLITE_IOERR_NOMEM, code&0xff == lib.SQLITE_FULL:
		return &exec.LimitError{Limit: "MaxMemory", Max: r.o.MaxMemory}
	case code&0xff == lib.SQLITE_TOOBIG:
		return fmt.Errorf("%w: a value is longer than %d MiB, or the statement is too long", ErrStatement, mostValue>>20)
	case strings.Contains(e.Error(), "integer overflow"): // SQLite has no code for it
		return fmt.Errorf("%w: a sum is beyond the range of a long: sum doubles, as in sum(cast(x as double))", ErrStatement)
	case code == lib.SQLITE_ERROR: // such as that there are too many terms
		return fmt.Errorf("%w: SQLite, which answers what no plan says, does not take it: %w", ErrStatement, err)
	}
	return fmt.Errorf("run the statement on SQLite: %w", err)
}

// fail keeps an error, which SQLite does not give back as it was.
func (r *run) fail(err error) error {
	if r.err == nil {
		r.err = err
	}
	return err
}

// guard keeps a panic of ours from going through SQLite, whose locks it would leave.
func (r *run) guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a bug: %v\n%s", p, debug.Stack())
	}
	if *err != nil {
		_ = r.fail(*err)
	}
}

// hold counts bytes that the run has in Go, or no longer has.
func (r *run) hold(bytes int64) error {
	r.held += bytes
	r.stats.Memory = max(r.stats.Memory, r.held)
	if r.held > r.max {
		return r.fail(&exec.LimitError{Limit: "MaxMemory", Max: r.o.MaxMemory})
	}
	return nil
}

// row takes a row of the answer.
func (r *run) row(args []driver.Value) (driver.Value, error) {
	if int64(r.answer.Len) == r.o.MaxRows {
		return nil, &exec.LimitError{Limit: "MaxRows", Max: r.o.MaxRows}
	}
	size := int64(0)
	for i, arg := range args {
		v := decode(r.answer.Schema[i].Type.Kind, arg)
		size += 16 + int64(len(v.Bytes))
		r.answer.Columns[i].AppendValue(v)
	}
	r.answer.Len++
	return nil, r.hold(size)
}

// mostPatterns is how many patterns a statement's comparison keeps compiled.
const mostPatterns = 1 << 10

// match compares a text with a pattern that rows have.
func (r *run) match(n int64, text, pattern driver.Value) (driver.Value, error) {
	x, p := decode(columnar.String, text), decode(columnar.String, pattern)
	if x.Kind == columnar.Invalid || p.Kind == columnar.Invalid {
		return nil, nil
	}
	key := fmt.Sprintf("%d %s", n, p.Bytes)
	m := r.patterns[key]
	if m == nil {
		made := r.query.made.Values[n]
		col := query.Column(columnar.String, "0")
		e := query.Expr(query.Like{X: col, Pattern: string(p.Bytes)})
		if made.Match == "rlike" {
			e = query.Match{X: col, Pattern: string(p.Bytes)}
		}
		var err error
		if m, err = exec.NewExpression(e, made.Args[:1], func() bool { return r.ctx.Err() != nil }); err != nil {
			return nil, err
		}
		if r.patterns == nil || len(r.patterns) == mostPatterns {
			r.patterns = map[string]*exec.Expression{}
		}
		r.patterns[key] = m
	}
	v, err := m.Of([]columnar.Value{x})
	return encode(v), cmp.Or(r.ctx.Err(), err)
}

// value computes one of the statement's expressions.
func (r *run) value(args []driver.Value) (driver.Value, error) {
	n, ok := args[0].(int64)
	if !ok || n < 0 || n >= int64(len(r.values)) {
		return nil, errors.New("there is no such expression")
	}
	made := r.query.made.Values[n]
	if made.Match != "" {
		return r.match(n, args[1], args[2])
	}
	if r.values[n] == nil {
		x, err := exec.NewExpression(made.Expr, made.Args, func() bool { return r.ctx.Err() != nil })
		if err != nil {
			return nil, err
		}
		r.values[n], r.rows[n] = x, make([]columnar.Value, len(made.Args))
	}
	for i, a := range made.Args {
		r.rows[n][i] = decode(a.Type.Kind, args[i+1])
	}
	v, err := r.values[n].Of(r.rows[n])
	return encode(v), cmp.Or(r.ctx.Err(), err)
}
