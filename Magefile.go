//go:build mage

// Everything a developer does with this repository, as commands.
//
// On a fresh machine with Go and Node each of them sets up what it needs.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/build"
	"github.com/magefile/mage/mg"
	"github.com/magefile/mage/target"

	"github.com/auditlake/auditlake/internal/squeeze"
)

// Demo builds everything, generates a month of logs, runs the ETL, answers the article's questions and proves the lake. Then it shows the dashboards in a browser, over logs that keep coming, until Ctrl-C; -headless leaves that out.
func Demo(ctx context.Context, headless *bool) error {
	all, args := []step{frontEnd, plugin, commandLine}, []string{"demo"}
	if headless != nil && *headless {
		args = append(args, "--headless")
	} else {
		all = append(all, previewPage)
	}
	if err := steps(ctx, all...); err != nil {
		return err
	}
	return run(ctx, ".", executable("bin/auditlake"), args...)
}

// Browser tests the dashboards and editors in Chromium, over the real plugin, with React 19 and the main of it with React 18; AUDITLAKE_REACT=18 or 19 does one of the two. Without a Chromium it says so and passes; AUDITLAKE_CHROMIUM names one. Pictures of every dashboard are left in preview/screenshots.
func Browser(ctx context.Context) error {
	browser, found := chromium()
	if !found {
		fmt.Println("Skipped: there is no Chromium on this machine. Install one (apt-get install chromium), or name it in AUDITLAKE_CHROMIUM.")
		return nil
	}
	all := []step{frontEnd, plugin, commandLine}
	on19 := []step{previewPage, previewStep("typecheck"), browserTests(browser, "19")}
	on18 := []step{previewPage18, previewStep("typecheck:react18"), browserTests(browser, "18")}
	switch only := os.Getenv("AUDITLAKE_REACT"); only {
	case "":
		all = slices.Concat(all, on19, on18)
	case "19":
		all = append(all, on19...)
	case "18":
		all = append(all, on18...)
	default:
		return fmt.Errorf("AUDITLAKE_REACT is %s: it is 19 or 18, or not set for both", only)
	}
	return steps(ctx, all...)
}

func browserTests(browser, react string) step {
	return step{"npm run test:browser in preview, with React " + react, func(ctx context.Context) error {
		env := []string{"AUDITLAKE_CHROMIUM=" + browser, "AUDITLAKE_REACT=" + react}
		return runWith(ctx, os.Stdout, "preview", env, "npm", "run", "--silent", "test:browser")
	}}
}

// Screenshots takes the pictures of the dashboards in the documentation anew, with Chromium: the same logs at the same moment each time.
func Screenshots(ctx context.Context) error {
	browser, found := chromium()
	if !found {
		return errors.New("there is no Chromium on this machine: install one (apt-get install chromium), or name it in AUDITLAKE_CHROMIUM")
	}
	taken, err := os.MkdirTemp("", "auditlake-pictures-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(taken) }()
	return steps(ctx, frontEnd, plugin, commandLine, previewPage,
		step{"npm run pictures in preview", func(ctx context.Context) error {
			return runWith(ctx, os.Stdout, "preview", []string{"AUDITLAKE_CHROMIUM=" + browser}, "npm", "run", "--silent", "pictures", "--", taken)
		}},
		step{"squeeze", func(context.Context) error { return squeezeAll(taken, filepath.FromSlash("src/img/screenshots")) }},
	)
}

// squeezeAll copies the pictures of a folder with few colors.
func squeezeAll(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.png"))
	if err != nil {
		return err
	}
	for _, file := range files {
		large, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var small bytes.Buffer
		if err := squeeze.PNG(bytes.NewReader(large), &small); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		path := filepath.Join(to, filepath.Base(file))
		if err := os.WriteFile(path, small.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Printf("    %s: %d KB\n", path, small.Len()/1000)
	}
	return nil
}

// chromium finds a browser that can be driven.
func chromium() (path string, found bool) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if named := os.Getenv("AUDITLAKE_CHROMIUM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// Test runs every test that needs no server and no network beyond the package registries, but those of the harness in bench, which interop runs.
func Test(ctx context.Context) error {
	return steps(ctx,
		step{"gofmt", gofmt},
		npmPackages,
		goStep("vet", "./..."),
		// What go test would vet has been vetted. Type check and lint have one thread each,
		// and the longest tests wait: together they leave no processor idle.
		beside("Go and the front end",
			[]step{goStep("test", "-vet=off", "./cmd/...", "./internal/...", "./pkg/...")},
			[]step{npmInOnePiece("typecheck"), npmInOnePiece("lint"), npmInOnePiece("test:ci")},
		),
	)
}

// Check is what CI runs, with security and the workflows' syntax: test, the linters, every benchmark once, the headless demo, a package for this machine, integration and interop.
func Check(ctx context.Context) error {
	headless := true
	return steps(ctx,
		step{"test", Test},
		step{"lint", Lint},
		step{"security", Security},
		step{"workflows", Workflows},
		step{"benchmarks", BenchOnce},
		step{"demo", func(ctx context.Context) error { return Demo(ctx, &headless) }},
		packageHere,
		step{"integration", Integration},
		step{"interop", Interop},
	)
}

// Integration runs the tests of the nested module integration, against a real S3 server in the same process and a real Trino; then it tries more faults and schedules than test does, and larger inputs.
func Integration(ctx context.Context) error {
	return steps(ctx,
		step{"go test ./... in integration", func(ctx context.Context) error {
			return run(ctx, "integration", "go", "test", "-count=1", "-timeout=20m", "./...")
		}},
		goStep("test", "-count=1", "-vet=off", "-timeout=20m", "./pkg/etl", "-whole", "-sampled=10", "-seeds=60"),
		goStep("test", "-count=1", "-vet=off", "-run=^(TestACancelAtEveryCall|TestACancelInLongSteps|TestManyKeysUnderOnePrefix)$", "./pkg/etl", "-every-fault"),
		goStep("test", "-count=1", "-vet=off", "./pkg/plugin", "-whole"),
		goStep("test", "-count=1", "-vet=off", "./internal/truthtest", "-events=2000"),
		goStep("test", "-count=1", "-vet=off", "-run=^TestCorruptFiles$", "./pkg/columnar", "-tries=1000"),
		goStep("test", "-count=1", "-vet=off", "-run=^TestCancel$", "./pkg/query/sqlite", "-late"),
	)
}

// Interop reads every table with other engines and compares row by row.
func Interop(ctx context.Context) error {
	return steps(ctx, goStep("test", "-count=1", "-timeout=40m", "-tags=interop", "./interop/...", "./bench/..."))
}

// Bench measures Auditlake side by side with other engines and writes docs/benchmarks.md. It takes hours; -parts=etl,queries, -rounds=3, -scale=small and -times=10 change that.
func Bench(ctx context.Context, parts, scale *string, rounds, times *int) error {
	args := []string{"run", "./bench"}
	if parts != nil {
		args = append(args, strings.Split(*parts, ",")...)
	} else {
		args = append(args, "all")
	}
	if scale != nil {
		args = append(args, "--scale="+*scale)
	}
	if rounds != nil {
		args = append(args, "--rounds="+strconv.Itoa(*rounds))
	}
	if times != nil {
		args = append(args, "--times="+strconv.Itoa(*times))
	}
	return steps(ctx, goStep(args...))
}

// BenchOnce runs every Go benchmark once, on as little data as it takes, to see that they work.
func BenchOnce(ctx context.Context) error {
	return steps(ctx, goStep("test", "-short", "-run=^$", "-bench=.", "-benchtime=1x", "./..."))
}

// benchstat is run at a pinned version, so that go.mod need not carry it.
const benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"

// BenchCompare runs every Go benchmark six times for 0.2 s, and compares with bench/baseline.txt; -store makes these figures the new baseline. Baselines of other machines say nothing.
func BenchCompare(ctx context.Context, store *bool) error {
	const baseline = "bench/baseline.txt"
	storing := store != nil && *store
	if _, err := os.Stat(baseline); err != nil && !storing {
		return fmt.Errorf("%w: go tool mage benchCompare --store makes it", err)
	}
	fresh, err := os.CreateTemp("", "auditlake-bench-*.txt")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(fresh.Name()) }()
	err = steps(ctx, step{"go test -bench", func(ctx context.Context) error {
		err := runTo(ctx, io.MultiWriter(os.Stdout, fresh), ".", "go", "test", "-run=^$", "-bench=.", "-short", "-benchtime=200ms", "-count=6", "-timeout=0", "./...")
		return errors.Join(err, fresh.Close())
	}})
	if err != nil {
		return err
	}
	if storing {
		text, err := os.ReadFile(fresh.Name())
		if err != nil {
			return err
		}
		return os.WriteFile(baseline, text, 0o644)
	}
	return steps(ctx, goStep("run", benchstat, "before="+baseline, "after="+fresh.Name()))
}

// Fuzz runs every fuzz target for 10s each; -duration=1m changes that.
func Fuzz(ctx context.Context, duration *time.Duration) error {
	each := 10 * time.Second
	if duration != nil {
		each = *duration
	}
	found, err := findInTests(regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`))
	if err != nil {
		return err
	}
	var all []step
	for _, pkg := range sortedKeys(found) {
		for _, name := range found[pkg] {
			all = append(all, goStep("test", "-run=^$", "-fuzz=^"+name+"$", "-fuzztime="+each.String(), pkg))
		}
	}
	return steps(ctx, all...)
}

// Golden rewrites the expected answers in testdata of every package whose tests have the flag -update. Read the diff.
func Golden(ctx context.Context) error {
	found, err := findInTests(regexp.MustCompile(`flag\.Bool\("(update)"`))
	if err != nil {
		return err
	}
	var all []step
	for _, pkg := range sortedKeys(found) {
		all = append(all, goStep("test", "-count=1", pkg, "-update"))
	}
	return steps(ctx, all...)
}

// Setup downloads the Go modules and the npm packages, as far as they are missing.
func Setup(ctx context.Context) error {
	return steps(ctx, goStep("mod", "download"), npmPackages)
}

// Hooks makes git run .githooks/pre-commit before each commit in this clone.
func Hooks(ctx context.Context) error {
	return run(ctx, ".", "git", "config", "core.hooksPath", ".githooks")
}

// BuildAll builds the plugin's executables for all six platforms into dist.
func BuildAll() error {
	if err := stampVersion(); err != nil {
		return err
	}
	build.BuildAll()
	return nil
}

// versionFlag is the variable that names the program in the logs of its tables.
const versionFlag = "github.com/auditlake/auditlake/pkg/cli.Version"

// packageVersion is the version of package.json, which is the plugin's.
func packageVersion() (string, error) {
	text, err := os.ReadFile("package.json")
	if err != nil {
		return "", err
	}
	var manifest struct {
		Version string `json:"version"`
	}
	return manifest.Version, json.Unmarshal(text, &manifest)
}

// stampVersion has the SDK's targets put the version where the command line
// looks for it too.
func stampVersion() error {
	version, err := packageVersion()
	if err != nil {
		return err
	}
	return build.SetBeforeBuildCallback(func(cfg build.Config) (build.Config, error) {
		cfg.CustomVars = map[string]string{versionFlag: version}
		return cfg, nil
	})
}

// commandLine makes bin/auditlake.
var commandLine = step{"build the command line", func(ctx context.Context) error {
	version, err := packageVersion()
	if err != nil {
		return err
	}
	return run(ctx, ".", "go", "build", "-ldflags", "-X "+versionFlag+"="+version, "-o", executable("bin/auditlake"), "./cmd/auditlake")
}}

// Build builds parts of the plugin into dist.
//
// The SDK's own targets are not imported with mage:import: its Test would
// collide with ours, and most of the others would say the same thing twice.
type Build mg.Namespace

// Frontend builds the front end, unless it is up to date.
func (Build) Frontend(ctx context.Context) error { return steps(ctx, frontEnd) }

// Linux builds the plugin's executable for Linux on AMD64.
func (b Build) Linux() error { return b.Custom("linux", "amd64") }

// LinuxARM64 builds the plugin's executable for Linux on ARM64.
func (b Build) LinuxARM64() error { return b.Custom("linux", "arm64") }

// LinuxARM builds the plugin's executable for Linux on ARM.
func (b Build) LinuxARM() error { return b.Custom("linux", "arm") }

// Darwin builds the plugin's executable for macOS on AMD64.
func (b Build) Darwin() error { return b.Custom("darwin", "amd64") }

// DarwinARM64 builds the plugin's executable for macOS on ARM64.
func (b Build) DarwinARM64() error { return b.Custom("darwin", "arm64") }

// Windows builds the plugin's executable for Windows on AMD64.
func (b Build) Windows() error { return b.Custom("windows", "amd64") }

// Custom builds the plugin's executable for the given operating system and architecture.
func (Build) Custom(goos, goarch string) error {
	if err := stampVersion(); err != nil {
		return err
	}
	return build.Build{}.Custom(goos, goarch)
}

// A step is one line of progress.
type step struct {
	name string
	do   func(context.Context) error
}

// steps does one after the other, with a heading and the time of each, and
// stops at the first that fails.
func steps(ctx context.Context, all ...step) error {
	for _, s := range all {
		fmt.Printf("==> %s\n", s.name)
		began := time.Now()
		err := s.do(ctx)
		took := time.Since(began).Round(100 * time.Millisecond)
		if err != nil {
			return fmt.Errorf("%s (after %s): %w", s.name, took, err)
		}
		fmt.Printf("    done: %s in %s\n", s.name, took)
	}
	return nil
}

// beside does rows of steps at once. Each row ends with its first step that fails, and
// the others go on to their ends: what they find is told as well.
func beside(name string, rows ...[]step) step {
	return step{name, func(ctx context.Context) error {
		failed := make([]error, len(rows))
		var all sync.WaitGroup
		for i, row := range rows {
			all.Go(func() { failed[i] = steps(ctx, row...) })
		}
		all.Wait()
		return errors.Join(failed...)
	}}
}

func goStep(args ...string) step {
	return step{"go " + strings.Join(args, " "), func(ctx context.Context) error { return run(ctx, ".", "go", args...) }}
}

func npmStep(script string) step {
	return step{"npm run " + script, func(ctx context.Context) error { return run(ctx, ".", "npm", "run", "--silent", script) }}
}

// npmInOnePiece is npmStep of which everything is printed at its end, so that it can be
// told from what goes on beside it.
func npmInOnePiece(script string) step {
	return step{"npm run " + script, func(ctx context.Context) error {
		var said bytes.Buffer
		err := runBoth(ctx, &said, "npm", "run", "--silent", script)
		_, writing := os.Stdout.Write(said.Bytes())
		return errors.Join(err, writing)
	}}
}

// npmPackages installs what package-lock.json lists, unless that was done since
// the file changed: npm writes the hidden lock file at the end of an install.
var npmPackages = step{"npm packages", func(ctx context.Context) error {
	stale, err := target.Path("node_modules/.package-lock.json", "package-lock.json")
	if err != nil || !stale {
		return err
	}
	return run(ctx, ".", "npm", "ci", "--no-audit", "--no-fund")
}}

// frontEnd makes dist/module.js and what belongs to it.
var frontEnd = step{"build the front end", func(ctx context.Context) error {
	const bundle = "dist/module.js"
	stale, err := target.Dir(bundle, "src", ".config", "provisioning/dashboards", "webpack.config.ts", "package.json", "package-lock.json", "CHANGELOG.md", "LICENSE")
	if err != nil || !stale {
		return err
	}
	if err := steps(ctx, npmPackages, npmStep("build")); err != nil {
		return err
	}
	// webpack leaves a bundle alone whose content did not change.
	now := time.Now()
	return os.Chtimes(bundle, now, now)
}}

// plugin makes the plugin's executable for this machine.
var plugin = step{"build the plugin", func(context.Context) error { return Build{}.Custom(runtime.GOOS, runtime.GOARCH) }}

// previewSources are what a page of the preview is made of, besides its packages.
var previewSources = []string{"preview/src", "preview/index.html", "preview/vite.config.ts", "preview/tsconfig.json", "preview/package.json", "preview/package-lock.json"}

// previewPage makes preview/dist, whose packages are its own.
var previewPage = step{"build the preview", func(ctx context.Context) error {
	stale, err := target.Dir("preview/dist/index.html", previewSources...)
	if err != nil || !stale {
		return err
	}
	return steps(ctx, packagesIn("preview"), previewStep("build"))
}}

// previewPage18 makes preview/react18/dist: the same page with the packages of
// preview/react18. What builds it is in preview.
var previewPage18 = step{"build the preview with React 18", func(ctx context.Context) error {
	sources := append(slices.Clone(previewSources), "preview/react18/package.json", "preview/react18/package-lock.json")
	stale, err := target.Dir("preview/react18/dist/index.html", sources...)
	if err != nil || !stale {
		return err
	}
	return steps(ctx, packagesIn("preview"), packagesIn("preview/react18"), previewStep("build:react18"))
}}

// packagesIn is npmPackages of another folder.
func packagesIn(dir string) step {
	return step{"npm packages in " + dir, func(ctx context.Context) error {
		stale, err := target.Path(filepath.Join(dir, "node_modules", ".package-lock.json"), filepath.Join(dir, "package-lock.json"))
		if err != nil || !stale {
			return err
		}
		return run(ctx, dir, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	}}
}

func previewStep(script string) step {
	return step{"npm run " + script + " in preview", func(ctx context.Context) error { return run(ctx, "preview", "npm", "run", "--silent", script) }}
}

// gofmt fails for Go files that are not formatted and names them.
func gofmt(ctx context.Context) error {
	magefiles, err := filepath.Glob("Magefile*.go")
	if err != nil {
		return err
	}
	args := append([]string{"-l"}, magefiles...)
	for _, dir := range goFolders {
		if _, err := os.Stat(dir); err == nil {
			args = append(args, dir)
		}
	}
	unformatted, err := exec.CommandContext(ctx, "gofmt", args...).Output()
	if err != nil {
		return err
	}
	if names := bytes.TrimSpace(unformatted); len(names) > 0 {
		return fmt.Errorf("gofmt -w %s", bytes.ReplaceAll(names, []byte("\n"), []byte(" ")))
	}
	return nil
}

// run runs a command with its output on ours. Our Go programs need no C compiler.
func run(ctx context.Context, dir, name string, args ...string) error {
	return runTo(ctx, os.Stdout, dir, name, args...)
}

// runTo is run with the command's output on out.
func runTo(ctx context.Context, out io.Writer, dir, name string, args ...string) error {
	return runWith(ctx, out, dir, nil, name, args...)
}

// runBoth is runTo in the root with what the command has to say of errors on out, too.
func runBoth(ctx context.Context, out io.Writer, name string, args ...string) error {
	cmd := command(ctx, out, ".", nil, name, args...)
	cmd.Stderr = out
	return cmd.Run()
}

// runWith is runTo with more of an environment.
func runWith(ctx context.Context, out io.Writer, dir string, env []string, name string, args ...string) error {
	return command(ctx, out, dir, env, name, args...).Run()
}

func command(ctx context.Context, out io.Writer, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, os.Stderr
	// An interrupt from the terminal reaches the command as well; it gets time to clean up.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 4 * time.Second
	return cmd
}

func executable(path string) string {
	path = filepath.FromSlash(path)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	return path
}

// goFolders hold the Go code of the repository, beside this file.
var goFolders = []string{"bench", "cmd", "integration", "internal", "interop", "pkg"}

// findInTests gives the pattern's first group in the test files of the root
// module, by package.
func findInTests(pattern *regexp.Regexp) (map[string][]string, error) {
	found := map[string][]string{}
	for _, dir := range []string{"bench", "cmd", "internal", "pkg"} {
		err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			pkg := "./" + filepath.ToSlash(filepath.Dir(file))
			for _, match := range pattern.FindAllSubmatch(text, -1) {
				found[pkg] = append(found[pkg], string(match[1]))
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return found, nil
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
