package queries

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
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
func openEmbedded(ctx context.Context, m *lakes.Made) (*embedded, error) {
	e := &embedded{}
	var err error
	e.lake, err = m.Open(ctx, func(s store.Store) store.Store {
		e.meter = store.NewMetered(s)
		return e.meter
	})
	return e, err
}

// ask runs a plan. The clock stops when the whole answer is in memory.
func (e *embedded) ask(ctx context.Context, p query.Plan) (Cost, *exec.Result, error) {
	before, cpu, began := e.meter.Usage(), processCPU(), time.Now()
	result, err := exec.Run(ctx, query.OfLake(e.lake), p, exec.Options{})
	cost := Cost{Wall: time.Since(began), CPU: processCPU() - cpu, Bytes: e.meter.Usage().Minus(before).Get.Bytes}
	return cost, result, err
}

// session is DuckDB in a process of its own; see bench/peers/ask_duckdb.mjs.
type session struct {
	cmd *osexec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// threads is what DuckDB may use; the embedded executor answers on one.
const threads = 2

// newSession starts DuckDB on a database file, or in memory if it is "".
func newSession(ctx context.Context, root, modules, database string) (*session, error) {
	args := []string{root + "/bench/peers/ask_duckdb.mjs", modules}
	if database != "" {
		args = append(args, database)
	}
	s := &session{cmd: osexec.CommandContext(ctx, "node", args...)}
	s.cmd.Stderr = os.Stderr
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReaderSize(out, 1<<20)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	err = s.prepare(
		fmt.Sprintf("SET threads = %d", threads), "SET TimeZone = 'UTC'", "SET preserve_insertion_order = false",
		"SET enable_object_cache = true", "SET parquet_metadata_cache = true",
	)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *session) close() error {
	return errors.Join(s.in.Close(), s.cmd.Wait())
}

type reply struct {
	Millis    float64
	CPUMicros float64 `json:"cpuMicros"`
	Bytes     int64
	Rows      Answer
	Error     string
}

func (s *session) call(request any) (reply, error) {
	var r reply
	text, err := json.Marshal(request)
	if err != nil {
		return r, err
	}
	if _, err := s.in.Write(append(text, '\n')); err != nil {
		return r, fmt.Errorf("ask DuckDB: %w", err)
	}
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return r, fmt.Errorf("hear from DuckDB: %w", err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("hear from DuckDB: %w", err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("DuckDB: %s", r.Error)
	}
	return r, nil
}

func (s *session) prepare(statements ...string) error {
	_, err := s.call(map[string]any{"prepare": statements})
	return err
}

// ask runs a statement. The clock stops when the whole answer is in DuckDB's memory.
func (s *session) ask(sql string, rows bool) (Cost, Answer, error) { //nolint:revive // of the protocol
	r, err := s.call(map[string]any{"ask": sql, "rows": rows})
	return Cost{
		Wall:  time.Duration(r.Millis * float64(time.Millisecond)),
		CPU:   time.Duration(r.CPUMicros * float64(time.Microsecond)),
		Bytes: r.Bytes,
	}, r.Rows, err
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
		out = append(out, fmt.Sprintf("CREATE TABLE %s AS SELECT * FROM %s", table, readFiles(files[table])))
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
