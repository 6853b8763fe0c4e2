package queries

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/bench/peers"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
	"github.com/auditlake/auditlake/pkg/store"
)

// Cost is what one answer took.
type Cost struct {
	Wall  time.Duration
	CPU   time.Duration
	Bytes int64 // read from files, or from the store
}

// embedded is the executor of the plugin over a lake, in this process.
type embedded struct {
	lake  *lake.Lake
	meter *store.Metered
}

// openEmbedded knows nothing of the lake yet.
func openEmbedded(ctx context.Context, m *lakes.Made, o lake.Options) (*embedded, error) {
	e := &embedded{}
	var err error
	e.lake, err = m.Open(ctx, func(s store.Store) store.Store {
		e.meter = store.NewMetered(s)
		return e.meter
	}, o)
	return e, err
}

// ask runs a plan. The clock stops when the whole answer is in memory.
func (e *embedded) ask(ctx context.Context, p query.Plan) (Cost, *exec.Result, error) {
	return e.measure(func() (*exec.Result, error) { return exec.Run(ctx, query.OfLake(e.lake), p, exec.Options{}) })
}

// answer asks a question, as a plan or from its text.
func (e *embedded) answer(ctx context.Context, q Question) (cost Cost, result *exec.Result, engine string, err error) {
	if q.Text == "" {
		cost, result, err = e.ask(ctx, q.Plan)
		return cost, result, sqlite.Plan, err
	}
	cost, result, err = e.measure(func() (*exec.Result, error) {
		route, err := sqlite.Choose(ctx, query.OfLake(e.lake), sqlite.Question{Text: q.Text, Binding: sql.Binding{Now: lakes.End()}})
		if err != nil {
			return nil, err
		}
		engine = route.Engine
		return route.Run(ctx, exec.Options{})
	})
	return cost, result, engine, err
}

func (e *embedded) measure(run func() (*exec.Result, error)) (Cost, *exec.Result, error) {
	before, cpu, began := e.meter.Usage(), processCPU(), time.Now()
	result, err := run()
	cost := Cost{Wall: time.Since(began), CPU: processCPU() - cpu, Bytes: e.meter.Usage().Minus(before).Get.Bytes}
	return cost, result, err
}

// threads is what DuckDB may use; the embedded executor reads on as many as there are cores.
const threads = 2

// startDuckDB starts a process on a database file, or in memory if it is "".
func startDuckDB(ctx context.Context, root, node, database string) (*peers.DuckDB, error) {
	return peers.StartDuckDB(ctx, root, node, peers.DuckDBOptions{
		Database: database, Threads: threads,
		Pragmas: []string{
			"SET preserve_insertion_order = false", // every question says its order
			"SET enable_object_cache = true", "SET parquet_metadata_cache = true",
		},
	})
}

// costOf is what an answer took. The clock stopped when the client had all of it.
func costOf(a peers.Answer) Cost {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return Cost{Wall: seconds(a.Seconds), CPU: seconds(a.CPUSeconds), Bytes: a.Bytes}
}

// overFiles are the statements that make each table a view of its live files.
func overFiles(files map[string][]string, tables []string) []string {
	var out []string
	for _, table := range tables {
		out = append(out, fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT * FROM %s", table, readFiles(files[table])))
	}
	return out
}

// intoTables are the statements that load the rows into DuckDB's own tables.
func intoTables(files map[string][]string) []string {
	var out []string
	for _, table := range Tables() {
		out = append(out, fmt.Sprintf("CREATE OR REPLACE TABLE %s AS SELECT * FROM %s", table, readFiles(files[table])))
	}
	return append(out, "CHECKPOINT")
}

func readFiles(files []string) string {
	quoted := make([]string, len(files))
	for i, f := range files {
		quoted[i] = "'" + strings.ReplaceAll(f, "'", "''") + "'"
	}
	return "read_parquet([" + strings.Join(quoted, ",") + "], union_by_name = true, hive_partitioning = true)"
}
