package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/internal/engines"
)

// Part is the name of this part in results and in the report.
const Part = "layout"

// PartRun makes a lake of a month, as the command line does, measures it and keeps
// the report. Sides are tables.
func PartRun(ctx context.Context, o measure.Options) (err error) {
	all := engines.New(o.Root, o.Logf)
	if _, err := all.Node(ctx); err != nil {
		return fmt.Errorf("DuckDB is needed, to answer panels: %w", err)
	}
	dir, err := os.MkdirTemp(o.Scratch, Part+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	auditlake, logs, lake := filepath.Join(dir, "auditlake"), filepath.Join(dir, "logs"), filepath.Join(dir, "lake")
	perDay := 13_000 * o.Times
	if o.Scale == measure.Small {
		perDay = 200 * o.Times
	}
	for _, command := range [][]string{
		{"go", "build", "-o", auditlake, "./cmd/auditlake"},
		{auditlake, "generate", "--out", logs, "--scenario", "article", "--days", "31", "--events-per-day", strconv.Itoa(perDay)},
		{auditlake, "etl", "--quiet", "--source", logs, "--lake", lake},
		{auditlake, "optimize", "--lake", lake},
	} {
		o.Logf("%s", filepath.Base(command[0])+" "+command[1])
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Dir = o.Root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %w\n%s", command[0], command[1], err, out)
		}
	}
	// One core, so that the processor's time is the work's.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var report bytes.Buffer
	if err := Run(ctx, Options{
		Lake: lake, Out: &report, Progress: o.Log, Tables: o.Sides, Repeats: o.Rounds,
		DuckDB: filepath.Join(o.Root, "interop"),
	}); err != nil {
		return err
	}
	kept := resultFile(o.Root)
	if o.Scale == measure.Small {
		kept = filepath.Join(o.Scratch, filepath.Base(kept))
	}
	return os.WriteFile(kept, report.Bytes(), 0o644)
}

// Section is the report that was kept.
func Section(root string) (string, error) {
	text, err := os.ReadFile(resultFile(root))
	if errors.Is(err, fs.ErrNotExist) {
		return "", measure.ErrNoResult
	}
	return string(text), err
}

func resultFile(root string) string { return filepath.Join(root, "bench", "results", Part+".md") }
