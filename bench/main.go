// Command bench measures Auditlake side by side with what a user would pick
// instead, and writes docs/benchmarks.md.
//
//	go run ./bench all|PART... [--rounds N] [--scale small|full] [--times N] [--only SIDE,SIDE] [--scratch DIR]
//	go run ./bench report
//
// A part measures, keeps its figures in bench/results/<part>.json and rewrites
// its section of the page. report rewrites all sections from figures that are
// there. At the small scale, which is for tests of the harness, figures go to the
// scratch folder and the page is left alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/auditlake/auditlake/bench/etl"
	"github.com/auditlake/auditlake/bench/growth"
	"github.com/auditlake/auditlake/bench/layout"
	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/queries"
	"github.com/auditlake/auditlake/bench/report"
)

// part is one of the comparisons. Its section is made of figures that were kept;
// measure.ErrNoResult if there are none.
type part struct {
	name    string
	run     func(context.Context, measure.Options) error
	section func(root string) (string, error)
}

func parts() []part {
	return []part{
		{etl.Part, etl.Run, etl.Section},
		{queries.Part, queries.Run, queries.Section},
		{queries.TextPart, queries.RunTexts, queries.TextSection},
		{growth.Part, growth.Run, growth.Section},
		{layout.Part, layout.PartRun, layout.Section},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var names []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		names, args = append(names, args[0]), args[1:]
	}
	o := measure.Options{Log: os.Stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.Rounds, "rounds", 5, "how often each side takes its turn")
	scale := flags.String("scale", string(measure.Full), "full, or small to try the harness")
	flags.IntVar(&o.Times, "times", 1, "multiplies the data")
	only := flags.String("only", "", "sides to take, by commas; all if empty")
	scratch := flags.String("scratch", "", "folder for data, with 20 GB free at full scale; the system's if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.Scale = measure.Scale(*scale)
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("flags come after the parts: what is %q?", flags.Arg(0))
	case o.Scale != measure.Small && o.Scale != measure.Full:
		return fmt.Errorf("--scale is small or full, not %q", *scale)
	case o.Rounds < 1 || o.Times < 1:
		return errors.New("--rounds and --times are at least 1")
	}
	if *only != "" {
		o.Sides = strings.Split(*only, ",")
	}
	var err error
	if o.Root, err = root(); err != nil {
		return err
	}
	if slices.Equal(names, []string{"report"}) {
		return writeReport(o.Root, parts())
	}
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	o.Scratch, err = os.MkdirTemp(*scratch, "auditlake-bench-")
	if err != nil {
		return fmt.Errorf("make scratch folder: %w", err)
	}
	err = measureAll(ctx, o, chosen)
	return errors.Join(err, os.RemoveAll(o.Scratch))
}

func measureAll(ctx context.Context, o measure.Options, chosen []part) error {
	for _, p := range chosen {
		o.Logf("==> %s", p.name)
		if err := p.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if o.Scale != measure.Full {
		return nil
	}
	return writeReport(o.Root, chosen)
}

// choose gives the parts of these names, in the order of the page.
func choose(names []string) ([]part, error) {
	all := slices.Equal(names, []string{"all"})
	var chosen []part
	var known []string
	for _, p := range parts() {
		known = append(known, p.name)
		if all || slices.Contains(names, p.name) {
			chosen = append(chosen, p)
		}
	}
	if !all && (len(names) == 0 || len(chosen) != len(names)) {
		return nil, fmt.Errorf("name parts, each once, of %s; or all; or report", strings.Join(known, ", "))
	}
	return chosen, nil
}

func writeReport(root string, of []part) error {
	page := filepath.Join(root, "docs", "benchmarks.md")
	for _, p := range of {
		section, err := p.section(root)
		switch {
		case errors.Is(err, measure.ErrNoResult):
			continue
		case err != nil:
			return fmt.Errorf("section %s: %w", p.name, err)
		}
		if err := report.Put(page, p.name, section); err != nil {
			return err
		}
	}
	return nil
}

// root is the nearest folder above that holds go.mod.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("run it inside of the repository: no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
}
