package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"modernc.org/libc"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// engine is SQLite with what this package gives it. The library has these for the life
// of the process, so there is one engine, and calls find their run by its number.
type engine struct {
	driver *sqlite.Driver

	mu   sync.Mutex // guards all below
	last int64
	runs map[int64]*run
	heap int64 // bytes that runs may have in SQLite, together
}

// theEngine is made by the first query. The library counts its heap only if it is told
// so before anything else.
var theEngine = sync.OnceValues(newEngine)

func newEngine() (*engine, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	args := libc.NewVaList(int32(1))
	if args == 0 {
		return nil, errors.New("start SQLite: no memory")
	}
	defer libc.Xfree(tls, args)
	if rc := lib.Xsqlite3_config(tls, lib.SQLITE_CONFIG_MEMSTATUS, args); rc != lib.SQLITE_OK {
		return nil, fmt.Errorf("start SQLite: memory is not counted (%d)", rc)
	}
	e := &engine{driver: &sqlite.Driver{}, runs: map[int64]*run{}}
	for name, f := range map[string]*sqlite.FunctionImpl{
		"lake_value": {NArgs: -1, Deterministic: true, VolatileArgs: true, Scalar: e.scalar((*run).value)},
		"lake_row":   {NArgs: -1, VolatileArgs: true, Scalar: e.scalar((*run).row)},
		"lake_aggregate": {NArgs: -1, VolatileArgs: true, MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) {
			return &aggregate{engine: e}, nil
		}},
	} {
		if err := e.driver.RegisterFunction(name, f); err != nil {
			return nil, fmt.Errorf("start SQLite: %w", err)
		}
	}
	if err := e.driver.RegisterModule("lake", module{e}); err != nil {
		return nil, fmt.Errorf("start SQLite: %w", err)
	}
	return e, nil
}

// begin numbers a run and gives it its part of the heap.
func (e *engine) begin(r *run, heap int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	r.id, r.heap = e.last, heap
	e.runs[r.id] = r
	e.bound(heap)
}

func (e *engine) end(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.runs, r.id)
	e.bound(-r.heap)
}

// overhead is the heap that SQLite has whatever runs, in bytes.
const overhead = 4 << 20

// bound changes the heap of the process by so much.
func (e *engine) bound(by int64) {
	e.heap += by
	tls := libc.NewTLS()
	defer tls.Close()
	limit := e.heap + overhead
	if e.heap == 0 {
		limit = 0 // none
	}
	lib.Xsqlite3_hard_heap_limit64(tls, limit)
}

func (e *engine) find(id driver.Value) (*run, error) {
	n, _ := id.(int64)
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.runs[n]
	if r == nil {
		return nil, fmt.Errorf("no query %d runs", n)
	}
	return r, nil
}

// scalar is a function of a run, which is its first argument.
func (e *engine) scalar(of func(*run, []driver.Value) (driver.Value, error)) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	return func(_ *sqlite.FunctionContext, args []driver.Value) (v driver.Value, err error) {
		if len(args) == 0 {
			return nil, errors.New("a function of the lake has the query as its first argument")
		}
		r, err := e.find(args[0])
		if err != nil {
			return nil, err
		}
		defer r.guard(&err)
		return of(r, args[1:])
	}
}

// connector opens a connection for database/sql.
type connector struct{ *engine }

// Connect opens a database in memory of its own.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	return c.driver.Open("file::memory:?vfs=memdb&_dqs=0&_defensive=1")
}

// Driver is that of the engine.
func (c connector) Driver() driver.Driver { return c.driver }
