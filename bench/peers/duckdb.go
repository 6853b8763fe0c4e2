// Package peers drives the engines that the benchmarks compare with.
//
// The scripts beside it are the peers themselves and run without the harness, so
// that anybody can check its figures; docs/benchmarks.md has the commands.
package peers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/auditlake/auditlake/bench/measure"
)

// DuckDB is a process that holds one database, driven through duckdb.mjs. It is
// for one goroutine.
type DuckDB struct {
	Version string

	cmd        *exec.Cmd
	began      time.Time
	in         io.WriteCloser
	out        *bufio.Reader
	complaints bytes.Buffer
}

// DuckDBOptions are the first message to the process.
type DuckDBOptions struct {
	Database string   `json:"database,omitempty"` // a file; in memory if empty
	Threads  int      `json:"threads,omitempty"`  // 2 if zero
	Pragmas  []string `json:"pragmas,omitempty"`  // statements to begin with
}

// Answer is what a statement gave.
type Answer struct {
	Seconds    float64         `json:"seconds"`    // the client's time until the last row was fetched
	CPUSeconds float64         `json:"cpuSeconds"` // of the whole process meanwhile
	Bytes      int64           `json:"bytes"`      // read from files meanwhile; 0 where the system does not tell
	Rows       int             `json:"rows"`
	Answer     json.RawMessage `json:"answer"` // an array of objects, if it was asked for
}

// StartDuckDB starts a process; node is that of engines.Engines of the same root.
// Close must be called.
func StartDuckDB(ctx context.Context, root, node string, o DuckDBOptions) (*DuckDB, error) {
	d := &DuckDB{cmd: exec.CommandContext(ctx, node, filepath.Join(root, "bench", "peers", "duckdb.mjs"))}
	d.cmd.Stderr = &d.complaints
	in, err := d.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.in, d.out, d.began = in, bufio.NewReaderSize(out, 1<<16), time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	var hello struct {
		Version string `json:"version"`
	}
	if err := d.send(o, &hello); err != nil {
		_, closing := d.Close()
		return nil, errors.Join(fmt.Errorf("open database: %w", err), closing)
	}
	d.Version = hello.Version
	return d, nil
}

// Run executes statements.
func (d *DuckDB) Run(sql string) (Answer, error) {
	var a Answer
	err := d.send(map[string]any{"sql": sql}, &a)
	return a, err
}

// Query executes a statement and reads its rows into rows, a pointer to a slice
// of structs or maps. Integers of 64 bits come as strings.
func (d *DuckDB) Query(sql string, rows any) (Answer, error) {
	var a Answer
	if err := d.send(map[string]any{"sql": sql, "answer": true}, &a); err != nil {
		return a, err
	}
	if err := json.Unmarshal(a.Answer, rows); err != nil {
		return a, fmt.Errorf("read rows of DuckDB: %w", err)
	}
	return a, nil
}

func (d *DuckDB) send(message, answer any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := d.in.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("ask DuckDB: %w: %s", err, d.complaints.String())
	}
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("hear from DuckDB: %w: %s", err, d.complaints.String())
	}
	var failed struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(line, &failed); err != nil {
		return fmt.Errorf("understand DuckDB: %w", err)
	}
	if failed.Error != "" {
		return errors.New(failed.Error)
	}
	return json.Unmarshal(line, answer)
}

// Close ends the process and says what it cost from its start.
func (d *DuckDB) Close() (measure.Usage, error) {
	closing := d.in.Close()
	usage, err := measure.Wait(d.cmd, d.began)
	if err != nil {
		err = fmt.Errorf("end DuckDB: %w: %s", err, d.complaints.String())
	}
	return usage, errors.Join(closing, err)
}
