// Package etl measures the way from delivered files to bronze, silver and gold
// tables, side by side:
//
//	auditlake   the command line's etl
//	fastest     DuckDB, in the fastest formulation found   bench/peers/etl/fastest.sql
//	notebook    DuckDB, in the shape of the article's      bench/peers/etl/notebook.sql
//	spark       Spark with Delta, the article's notebook   bench/peers/etl/spark.py
//
// Each run is a fresh process on an empty folder, with two threads, or on a machine
// of two cores with as many as auditlake takes there. The input lies in the page cache
// for everybody: it is read once before the first round. After
// each run, outside of its time, DuckDB counts what is in its tables, and if that
// is not what the first side has, there are no figures.
package etl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/internal/engines"
)

// Part is the name of this part in results and in the report.
const Part = "etl"

// figures are what is kept of a measurement.
type figures struct {
	measure.Taken
	Source  source            `json:"source"`
	Sides   []sideFigures     `json:"sides"`
	Lacking map[string]string `json:"lacking"` // why a side could not take part
}

// source is what every side read.
type source struct {
	Files int   `json:"files"`
	Lines int   `json:"lines"`
	Bytes int64 `json:"bytes"` // as delivered
}

type sideFigures struct {
	Name        string                     `json:"name"`
	WallSeconds measure.Summary            `json:"wallSeconds"`
	CPUSeconds  measure.Summary            `json:"cpuSeconds"`
	PeakBytes   measure.Summary            `json:"peakBytes"`
	OutputBytes measure.Summary            `json:"outputBytes"`
	Layers      map[string]measure.Summary `json:"layers"` // seconds; none of a side that does them together
}

// once is one run of one side.
type once struct {
	measure.Usage
	output int64
	layers map[string]float64
}

// Run measures and keeps the figures.
func Run(ctx context.Context, o measure.Options) (err error) {
	all := engines.New(o.Root, o.Logf)
	node, err := all.Node(ctx)
	if err != nil {
		return fmt.Errorf("DuckDB is needed, to compare the tables: %w", err)
	}
	versions, err := all.Versions()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.Scratch, Part+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	b := &bench{o: o, node: node, dir: dir}
	if err := b.build(ctx); err != nil {
		return err
	}
	f := figures{Lacking: map[string]string{}}
	if f.Source, err = b.deliver(ctx); err != nil {
		return err
	}
	sides, lacking, err := b.sides(ctx, all)
	if err != nil {
		return err
	}
	f.Lacking = lacking
	runs, err := measure.InTurn(ctx, o.Rounds, sides)
	if err != nil {
		return err
	}
	for _, s := range sides {
		f.Sides = append(f.Sides, summarize(s.Name, runs[s.Name]))
	}
	f.Taken = measure.Taken{
		At: time.Now().UTC(), Commit: measure.Commit(ctx, o.Root), Rounds: o.Rounds, Scale: o.Scale, Times: o.Times,
		Machine: measure.Describe(ctx, versions),
	}
	o.Logf("\n%s", section(f))
	return measure.Save(o, Part, f)
}

// Section is the part's text in the report.
func Section(root string) (string, error) {
	var f figures
	if err := measure.Load(root, Part, &f); err != nil {
		return "", err
	}
	return section(f), nil
}

func summarize(name string, runs []once) sideFigures {
	by := func(number func(once) float64) measure.Summary { return measure.SummarizeBy(runs, number) }
	f := sideFigures{
		Name:        name,
		WallSeconds: by(func(r once) float64 { return r.Wall.Seconds() }),
		CPUSeconds:  by(func(r once) float64 { return r.CPU.Seconds() }),
		PeakBytes:   by(func(r once) float64 { return float64(r.PeakBytes) }),
		OutputBytes: by(func(r once) float64 { return float64(r.output) }),
		Layers:      map[string]measure.Summary{},
	}
	for layer := range runs[0].layers {
		f.Layers[layer] = by(func(r once) float64 { return r.layers[layer] })
	}
	return f
}

// bench is one measurement under way.
type bench struct {
	o         measure.Options
	node      string
	dir       string // of everything that it makes
	auditlake string
	delivered string
	want      contents // of the first side that ran
	wantOf    string
}

func (b *bench) build(ctx context.Context) error {
	b.auditlake = filepath.Join(b.dir, "auditlake")
	_, err := engines.Output(ctx, b.o.Root, []string{"CGO_ENABLED=0"}, "go", "build", "-o", b.auditlake, "./cmd/auditlake")
	return err
}

// deliver generates the input, and reads it.
func (b *bench) deliver(ctx context.Context) (source, error) {
	perDay := 50_000 * b.o.Times
	if b.o.Scale == measure.Small {
		perDay = 750 * b.o.Times
	}
	b.delivered = filepath.Join(b.dir, "delivered")
	_, err := engines.Output(ctx, b.dir, nil, b.auditlake, "generate", "--out", b.delivered,
		"--start", "2024-01-01", "--days", "30", "--events-per-day", fmt.Sprint(perDay))
	if err != nil {
		return source{}, err
	}
	var truth struct {
		Source source `json:"source"`
	}
	if err := readJSON(filepath.Join(b.delivered, "truth.json"), &truth); err != nil {
		return source{}, err
	}
	b.o.Logf("%d lines in %d files, %.1f MB", truth.Source.Lines, truth.Source.Files, float64(truth.Source.Bytes)/1e6)
	return truth.Source, filepath.WalkDir(b.delivered, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, file)
		return errors.Join(err, file.Close())
	})
}

// tables says where a side puts its tables, as patterns of Parquet files below
// its folder; a gold table's has a star for its name.
type tables struct{ bronze, silver, gold string }

// sides are those that are asked for and can be had here, and why others cannot.
func (b *bench) sides(ctx context.Context, all *engines.Engines) (sides []measure.Side[once], lacking map[string]string, err error) {
	lacking = map[string]string{}
	partitioned := tables{bronze: "bronze/date=*/*.parquet", silver: "silver/date=*/*.parquet", gold: "gold/*/*.parquet"}
	add := func(name string, at tables, command func(out string) *exec.Cmd) {
		if b.o.Takes(name) {
			sides = append(sides, measure.Side[once]{Name: name, Run: func(ctx context.Context, round int) (once, error) {
				return b.once(ctx, name, round, at, command)
			}})
		}
	}
	add("auditlake", partitioned, func(out string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, b.auditlake, "etl", "--quiet", "--source", b.delivered, "--lake", out)
		if runtime.NumCPU() > 2 { // else it has what there is, as anybody who runs it
			cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
		}
		return cmd
	})
	for _, name := range []string{"fastest", "notebook"} {
		at := partitioned
		at.gold = "gold-*.parquet"
		add(name, at, func(out string) *exec.Cmd {
			return exec.CommandContext(ctx, b.node, filepath.Join(b.o.Root, "bench", "peers", "duckdb.mjs"),
				filepath.Join(b.o.Root, "bench", "peers", "etl", name+".sql"), "in="+b.delivered, "out="+out)
		})
	}
	if b.o.Takes("spark") {
		command, err := b.spark(ctx, all)
		switch {
		case errors.Is(err, engines.ErrLacking):
			lacking["spark"] = err.Error()
			b.o.Logf("spark does not take part: %v", err)
		case err != nil:
			return nil, nil, err
		default:
			add("spark", partitioned, command)
		}
	}
	if len(sides) == 0 {
		return nil, nil, fmt.Errorf("no side of %s can take part", strings.Join(b.o.Sides, ", "))
	}
	return sides, lacking, nil
}

// spark starts Spark once, so that it has its jars, and gives the command for
// each run.
func (b *bench) spark(ctx context.Context, all *engines.Engines) (func(out string) *exec.Cmd, error) {
	python, env, err := all.Spark(ctx)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(b.o.Root, "bench", "peers", "etl", "spark.py")
	if _, err := engines.Output(ctx, b.dir, env, python, script); err != nil {
		return nil, engines.SparkError(err)
	}
	return func(out string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, python, script, b.delivered, out)
		cmd.Env = append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1"), env...)
		return cmd
	}, nil
}

// once has a side do all the work in a new folder, and looks at what it made.
func (b *bench) once(ctx context.Context, name string, round int, at tables, command func(out string) *exec.Cmd) (r once, err error) {
	out := filepath.Join(b.dir, fmt.Sprintf("%s-%d", name, round))
	if err := os.Mkdir(out, 0o755); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	cmd := command(out)
	cmd.Dir = out
	var said, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &complaints
	cmd.WaitDelay = 10 * time.Second
	r.Usage, err = measure.Process(cmd)
	if err != nil {
		text := complaints.String()
		return r, fmt.Errorf("%w: %s", err, text[max(0, len(text)-4000):])
	}
	if r.layers, err = layersIn(said.String()); err != nil {
		return r, err
	}
	if r.output, err = sizeOf(out); err != nil {
		return r, err
	}
	got, err := b.contentsOf(ctx, out, at)
	if err != nil {
		return r, fmt.Errorf("look at the tables: %w", err)
	}
	if b.want == nil {
		b.want, b.wantOf = got, name
	}
	if differ := b.want.differ(got); len(differ) > 0 {
		return r, fmt.Errorf("its tables are not those of %s: %s", b.wantOf, strings.Join(differ, "; "))
	}
	b.o.Logf("round %d  %-10s %7.2f s  %7.2f s of processors  %6d MiB  %s",
		round+1, name, r.Wall.Seconds(), r.CPU.Seconds(), r.PeakBytes>>20, layersText(r.layers))
	return r, nil
}

func layersText(layers map[string]float64) string {
	var text []string
	for _, layer := range slices.Sorted(maps.Keys(layers)) {
		text = append(text, fmt.Sprintf("%s %.2f s", layer, layers[layer]))
	}
	return strings.Join(text, ", ")
}

// sizeOf is the bytes of all files below a folder but hidden ones, in which
// engines leave what is not their tables.
func sizeOf(dir string) (int64, error) {
	var size int64
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.IsDir() {
			info, err := entry.Info()
			if err != nil {
				return err
			}
			size += info.Size()
		}
		return nil
	})
	return size, err
}
