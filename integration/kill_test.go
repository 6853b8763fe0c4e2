package integration

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

var kills = flag.Int("kills", 20, "how many processes each TestKilled… kills")

// place is where processes work and get killed.
type place struct {
	binary       string
	source, lake string // as the command line takes them
	tables       store.Store
	folder       string // that has the lake's objects as files
	env          []string
	proxy        *faultProxy              // before the lake; nil for a local folder
	through      func(string) string      // the URL by way of the proxy
	typical      map[string]time.Duration // of commands that were not killed
	requests     map[string]int64         // of those, by way of the proxy
	rng          *rand.Rand
	traffic      *traffic
}

// commands are what gets killed.
func (p *place) commands() [][]string {
	run := []string{"etl", "--quiet", "--source", p.source}
	return [][]string{
		run, append(run[:len(run):len(run)], "--maintain"),
		{"optimize", "--quiet", "--min-files", "2"},
		{"replay", "--quiet"},
		{"replay", "--quiet", "--table", "clusters"},
		{"vacuum", "--quiet"},
	}
}

// command is one of them; two in three are runs.
func (p *place) command() []string {
	all := p.commands()
	if p.rng.IntN(2) == 0 {
		return all[p.rng.IntN(2)]
	}
	return all[p.rng.IntN(len(all))]
}

// ended is a process that is no more.
type ended struct {
	killed   bool
	finished bool // what it was told to do, or so far that others were in its way
	took     time.Duration
	err      error // of one that came to its own end
}

// start runs the command line until it ends or ctx does, which kills it.
func (p *place) start(ctx context.Context, lakeURL string, args []string) ended {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, p.binary, append(args, "--lake", lakeURL)...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	err := cmd.Run()
	e := ended{took: time.Since(began)}
	switch signalled := cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == -1; {
	case signalled:
		e.killed = true
	case err == nil, strings.Contains(out.String(), etl.ErrBusy.Error()):
		e.finished = true
	case ctx.Err() == nil: // else it was not even started
		e.err = fmt.Errorf("auditlake %s: %w\n%s", strings.Join(args, " "), err, out.String())
	}
	return e
}

// must runs a command to its end and learns from it how long that takes.
func (p *place) must(t *testing.T, args []string) {
	t.Helper()
	lakeURL, count := p.lake, &atomic.Int64{}
	if p.proxy != nil {
		lakeURL = p.through(p.lake)
		p.proxy.spoilBy(func(*http.Request) fault { count.Add(1); return nil })
		defer p.proxy.spoilBy(nil)
	}
	e := p.start(t.Context(), lakeURL, args)
	if e.err != nil {
		t.Fatal(e.err)
	}
	p.learn(args, e, count.Load())
}

func (p *place) learn(args []string, e ended, requests int64) {
	name := strings.Join(args, " ")
	p.typical[name], p.requests[name] = e.took, requests
}

// kill runs a command that is killed at a random moment of it: by the clock or,
// behind a proxy, at a request, before it has reached the server or after that.
// It says whether the command was still at it.
func (p *place) kill(t *testing.T, args []string) bool {
	t.Helper()
	name := strings.Join(args, " ")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lakeURL, count := p.lake, &atomic.Int64{}
	if p.proxy != nil {
		lakeURL = p.through(p.lake)
		at, after := int64(-1), p.rng.IntN(2) == 0
		if p.rng.IntN(4) > 0 {
			at = 1 + p.rng.Int64N(p.requests[name]+1)
		}
		p.proxy.spoilBy(func(*http.Request) fault {
			if count.Add(1) != at {
				return nil
			}
			return func(_ http.ResponseWriter, forward func() *httptest.ResponseRecorder) {
				if after {
					forward()
				}
				cancel()
				panic(http.ErrAbortHandler)
			}
		})
		defer p.proxy.spoilBy(nil)
		if at > 0 {
			return p.over(t, args, p.start(ctx, lakeURL, args), count)
		}
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(p.rng.Int64N(int64(p.typical[name]))))
	defer stop()
	return p.over(t, args, p.start(ctx, lakeURL, args), count)
}

func (p *place) over(t *testing.T, args []string, e ended, count *atomic.Int64) bool {
	t.Helper()
	if e.err != nil {
		t.Error(e.err)
	}
	if e.finished {
		p.learn(args, e, count.Load())
	}
	return e.killed
}

// beside runs a command to its end beside what goes on.
func (p *place) beside(t *testing.T) (wait func()) {
	args, done := p.command(), make(chan ended, 1)
	go func() { done <- p.start(t.Context(), p.lake, args) }()
	return func() {
		if e := <-done; e.err != nil {
			t.Errorf("beside a process that was killed: %v", e.err)
		}
	}
}

// age makes everything in the lake four days older, so that vacuum and the
// clean-up of logs find something, and has maintenance due again.
func (p *place) age(t *testing.T) {
	t.Helper()
	if err := p.tables.Delete(t.Context(), "_auditlake/maintenance.json"); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(p.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		then := info.ModTime().AddDate(0, 0, -4)
		return os.Chtimes(path, then, then)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// killAgainAndAgain kills processes while files are delivered and overwritten;
// every third has another process beside it. After each Verify has to find
// nothing, and in the end one clean run has to leave every line once.
func killAgainAndAgain(t *testing.T, p *place, name string) {
	tally := storetest.NewTally(t, name)
	p.typical, p.requests = map[string]time.Duration{}, map[string]int64{}
	for _, args := range p.commands() {
		p.traffic.deliver(t, 4)
		p.must(t, args)
	}
	for done, tried := 0, 0; done < *kills; tried++ {
		if tried > 20**kills {
			t.Fatalf("only %d of %d processes were killed in %d attempts", done, *kills, tried)
		}
		if tried%12 == 11 {
			p.age(t)
		}
		p.traffic.deliver(t, 1+p.rng.IntN(3))
		wait := func() {}
		if tried%3 == 2 {
			wait = p.beside(t)
		}
		args := p.command()
		killed := p.kill(t, args)
		wait()
		if !killed {
			continue
		}
		done++
		tally.Run(t, fmt.Sprintf("kill %d, %s", done, args[0]), func(t *testing.T) { p.traffic.verify(t, p.tables) })
	}
	tally.Run(t, "a clean run in the end", func(t *testing.T) {
		p.must(t, []string{"etl", "--quiet", "--sweep", "--source", p.source})
		p.traffic.check(t, p.tables)
		p.must(t, []string{"verify", "--source", p.source})
	})
	t.Logf("%d lines in %d files", p.traffic.lines, len(p.traffic.keys))
}

// commandLine builds the program.
func commandLine(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "auditlake")
	build := exec.Command("go", "build", "-o", binary, "./cmd/auditlake")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the command line: %v\n%s", err, out)
	}
	return binary
}

func TestKilledOnAFolder(t *testing.T) {
	logs, tables := t.TempDir(), t.TempDir()
	source, err := store.OpenLocal(logs)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenLocal(tables)
	if err != nil {
		t.Fatal(err)
	}
	killAgainAndAgain(t, &place{
		binary: commandLine(t), source: logs, lake: tables, tables: s, folder: tables,
		rng: rand.New(rand.NewPCG(1, 1)), traffic: newTraffic(source, 1),
	}, "killed on a folder")
}

func TestKilledOnS3(t *testing.T) {
	binary, dir := commandLine(t), t.TempDir() // before the server changes the working directory
	endpoint, stop, err := s3server.Run(context.WithoutCancel(t.Context()), dir, s3server.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the S3 server: %v", err)
		}
	})
	if err := s3server.CreateBucket(t.Context(), endpoint, "test"); err != nil {
		t.Fatal(err)
	}
	at := func(prefix string) (string, store.Store) {
		cfg := s3server.Config(endpoint, "test")
		cfg.Prefix = prefix
		q := url.Values{"endpoint": {endpoint}, "region": {s3server.Region}, "path_style": {"true"}}
		return "s3://test/" + prefix + "?" + q.Encode(), openS3(t, cfg)
	}
	logs, source := at("logs")
	tables, s := at("lake")
	proxy := newFaultProxy(t, endpoint)
	killAgainAndAgain(t, &place{
		binary: binary, source: logs, lake: tables, tables: s, folder: filepath.Join(dir, "test", "lake"),
		env:   []string{"AWS_ACCESS_KEY_ID=" + s3server.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + s3server.SecretAccessKey},
		proxy: proxy,
		through: func(u string) string {
			return strings.Replace(u, url.QueryEscape(endpoint), url.QueryEscape(proxy.url), 1)
		},
		rng: rand.New(rand.NewPCG(2, 1)), traffic: newTraffic(source, 2),
	}, "killed on S3")
}
