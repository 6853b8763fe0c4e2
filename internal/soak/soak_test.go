package soak_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/soak"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

var (
	days   = flag.Int("days", 6, "simulated days")
	perDay = flag.Duration("per-day", 1500*time.Millisecond, "time that a simulated day takes")
	events = flag.Int("events", 300, "events a simulated day")
	seed   = flag.Uint64("seed", 1, "of the deliveries")
)

// workEnv has the Work of a process that is a worker and runs no tests.
const workEnv = "AUDITLAKE_SOAK_WORK"

func TestMain(m *testing.M) {
	if text := os.Getenv(workEnv); text != "" {
		var w soak.Work
		if err := json.Unmarshal([]byte(text), &w); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err := w.Run(ctx)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// TestSoak fails if a run, a maintenance or a query fails, if an answer is not the
// truth in the end, or if memory or open files grow.
func TestSoak(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skipf("memory and open files of a process are read from /proc, which %s does not have", runtime.GOOS)
	}
	begin := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	cfg := generate.Config{Seed: *seed, Start: begin, Days: *days, EventsPerDay: *events, Truth: generate.Full}
	dir := t.TempDir()
	w := soak.Work{
		Clock: soak.Clock{Real: time.Now(), Begin: begin, Speed: float64(24*time.Hour) / float64(*perDay)},
		Logs:  filepath.Join(dir, "logs"), Whole: filepath.Join(dir, "whole"), Brief: filepath.Join(dir, "brief"),
		KeptDays: max(1, *days/3),
	}
	for _, folder := range []string{w.Logs, w.Whole, w.Brief} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	samples := deliver(t, w, cfg)
	if *days >= longDays {
		flat(t, samples)
	}
	truth, err := generate.Write(t.Context(), cfg, time.Time{}, func(string, []byte) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{w.Whole, w.Brief} {
		truthtest.MustRun(t, "etl", "--quiet", "--source", w.Logs, "--lake", l)
	}
	truthtest.Check(t, w.Whole, truth)
	sameOfLate(t, w, begin.AddDate(0, 0, *days))
}

// deliver writes each delivery when the clock says so and kills the worker now and
// then. It gives the looks at the last process.
func deliver(t *testing.T, w soak.Work, cfg generate.Config) []sample {
	t.Helper()
	deliveries, err := generate.Deliveries(cfg)
	if err != nil {
		t.Fatal(err)
	}
	put, kills := generate.Folder(w.Logs), killsOf(*days)
	var samples []sample
	p, files := startWorker(t, w), 0
	for d := range deliveries {
		for wait := w.Clock.Until(d.At); wait > 0; wait = w.Clock.Until(d.At) {
			samples = append(samples, p.look(t, w.Clock))
			await(min(wait, 200*time.Millisecond))
		}
		if err := put(d.Key, d.Body); err != nil {
			t.Fatal(err)
		}
		files++
		if len(kills) > 0 && d.At.Sub(cfg.Start) > kills[0] {
			kills = kills[1:]
			p.kill(t)
			p, samples = startWorker(t, w), nil
		}
	}
	p.stop(t)
	t.Logf("%d simulated days in %s: %d deliveries, %d kills", *days, time.Since(w.Clock.Real).Round(time.Second), files, len(killsOf(*days))-len(kills))
	return samples
}

// await lets the simulated clock go on, which follows the real one.
func await(d time.Duration) { <-time.After(d) }

// longDays is from when on memory is judged: a short soak only warms up.
const longDays = 20

// flat fails if the process has more memory or open files in the end than when it
// was warm.
func flat(t *testing.T, samples []sample) {
	t.Helper()
	if len(samples) < 50 {
		t.Fatalf("%d looks at the last process are too few", len(samples))
	}
	fifth := len(samples) / 5
	warm, end := samples[fifth:2*fifth], samples[len(samples)-fifth:]
	middle := func(of []sample, by func(sample) int64) int64 {
		var all []int64
		for _, s := range of {
			all = append(all, by(s))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	for what, by := range map[string]func(sample) int64{
		"MiB of memory": func(s sample) int64 { return s.bytes >> 20 },
		"open files":    func(s sample) int64 { return int64(s.files) },
	} {
		before, after := middle(warm, by), middle(end, by)
		t.Logf("%s: %d from %s on, %d in the end", what, before, warm[0].at.Format(time.DateOnly), after)
		if after > before*5/4+8 {
			t.Errorf("%s grow: %d from %s on, and %d in the end", what, before, warm[0].at.Format(time.DateOnly), after)
		}
	}
}

// sameOfLate compares the answers of both lakes about the days that both have, has
// both proved, and fails if nothing was removed from the brief one.
func sameOfLate(t *testing.T, w soak.Work, end time.Time) {
	t.Helper()
	truthtest.MustRun(t, "verify", "--lake", w.Brief, "--source", w.Logs)
	late := end.AddDate(0, 0, 1-w.KeptDays)
	ask := func(lake string, args ...string) string {
		return truthtest.MustRun(t, append([]string{"query", "--lake", lake, "--format", "csv"}, args...)...)
	}
	asked := 0
	for _, q := range named.All() {
		if slices.ContainsFunc(q.Params, func(p named.Param) bool { return p.Required }) ||
			q.Group == "Pipeline" || // each lake has its own story
			looksBack(t, q, query.TimeRange{From: late, To: end}) {
			continue
		}
		args := []string{"--named", q.Name, "--from", late.Format(time.RFC3339), "--to", end.Format(time.RFC3339)}
		whole := ask(w.Whole, args...)
		if diff := cmp.Diff(whole, ask(w.Brief, args...)); diff != "" {
			t.Errorf("%s since %s (-whole +brief):\n%s", q.Name, late.Format(time.DateOnly), diff)
		}
		if strings.Count(whole, "\n") > 1 {
			asked++
		}
	}
	t.Logf("%d queries with rows say the same of both lakes", asked)
	if asked < 10 {
		t.Errorf("only %d queries have rows", asked)
	}
	const count = "SELECT count(*) AS n FROM silver WHERE date < '%s'"
	early := late.AddDate(0, 0, -3).Format(time.DateOnly)
	if got := ask(w.Brief, "--sql", fmt.Sprintf(count, early)); *days >= longDays && got != "n\n0\n" {
		t.Errorf("events before %s were not removed: %s", early, got)
	}
}

// looksBack says whether a query reads what was before its time range, which the
// brief lake does not have.
func looksBack(t *testing.T, q *named.Query, r query.TimeRange) bool {
	t.Helper()
	p, err := named.Build(q.Name, nil, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, scan := range regexp.MustCompile(`(?m)^ *scan .*$`).FindAllString(p.String(), -1) {
		if !strings.Contains(scan, " from "+r.From.Format(time.RFC3339)+" ") && !strings.Contains(scan, " scan identities") {
			return true
		}
	}
	return false
}

// killsOf are when the worker is killed: often in the beginning, and not in the second
// half, in which memory is looked at.
func killsOf(days int) (all []time.Duration) {
	whole := time.Duration(days) * 24 * time.Hour / 2
	for _, part := range []float64{0.05, 0.13, 0.21, 0.34, 0.55, 0.8, 1} {
		all = append(all, time.Duration(part*float64(whole)))
	}
	return all
}

// worker is a process that works.
type worker struct {
	cmd *exec.Cmd
	err *bytes.Buffer
}

func startWorker(t *testing.T, w soak.Work) *worker {
	t.Helper()
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	p := &worker{cmd: exec.Command(os.Args[0]), err: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), workEnv+"="+string(text))
	p.cmd.Stderr = p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// kill ends the worker as a power cut does.
func (p *worker) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("the worker ended by itself: %v\n%s", err, p.err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the worker ended by itself: %v\n%s", err, p.err)
	}
}

func (p *worker) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("the worker ended by itself: %v\n%s", err, p.err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the worker ended with %v\n%s", err, p.err)
	}
}

// sample is one look at a process.
type sample struct {
	at    time.Time // of the clock
	bytes int64     // resident
	files int       // open
}

func (p *worker) look(t *testing.T, clock soak.Clock) sample {
	t.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid))
	text, err := os.ReadFile(filepath.Join(proc, "statm"))
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		t.Fatalf("the worker has ended: %v\n%s", p.cmd.Wait(), p.err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		t.Fatalf("the worker has ended: %v\n%s", p.cmd.Wait(), p.err)
	}
	return sample{clock.Now(), pages * int64(os.Getpagesize()), len(open)}
}
