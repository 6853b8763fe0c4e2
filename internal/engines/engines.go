// Package engines installs other engines with their ordinary clients: DuckDB and
// ClickHouse from npm, delta-rs and Spark from pip, Delta's jars for Spark from
// Maven Central. The interop tests and the benchmarks share it.
//
//	interop/package-lock.json ─npm ci──────► interop/node_modules
//	interop/requirements.txt ──pip install─► <cache>/auditlake/interop/venv-<hash>
//	                  Spark's Ivy, on use ──► <cache>/auditlake/interop/jars
//
// Each is installed on first use and again when its list changes. What cannot be
// had on this machine is ErrLacking; callers skip it and say so. Two processes
// must not install at the same time.
package engines

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// ErrLacking is wrapped where a program or package cannot be had here. Its text
// says what it is needed for.
var ErrLacking = errors.New("it cannot be had here")

// Engines are those that the folder interop of a checkout lists.
type Engines struct {
	dir string
	log func(format string, args ...any)
}

// New is told the root of the checkout; log is told of each installation.
func New(root string, log func(format string, args ...any)) *Engines {
	return &Engines{dir: filepath.Join(root, "interop"), log: log}
}

// Program is the path of the first of the names that is on the PATH.
func Program(what string, names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is needed: there is no %s on the PATH: %w", what, strings.Join(names, " or "), ErrLacking)
}

// Output runs a program in a folder and gives its output; an error holds the end
// of what it complained about.
func Output(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1"), env...)
	// A JVM outlives the Python that started it and holds its pipes.
	cmd.WaitDelay = 10 * time.Second
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	// A program that has done its work may leave the pipes to its JVM for longer.
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), strings.Join(args, " "), err, tail(out.String()), tail(complaints.String()))
	}
	return out.Bytes(), nil
}

func tail(s string) string {
	const most = 4000
	return s[max(0, len(s)-most):]
}

// Node gives Node, with the packages of interop/package.json installed there.
func (e *Engines) Node(ctx context.Context) (string, error) {
	node, err := Program("Node", "node")
	if err != nil {
		return "", err
	}
	npm, err := Program("npm, which brings DuckDB and ClickHouse,", "npm")
	if err != nil {
		return "", err
	}
	wanted, err := os.Stat(filepath.Join(e.dir, "package-lock.json"))
	if err != nil {
		return "", err
	}
	// npm writes the hidden lock file at the end of an install.
	installed, err := os.Stat(filepath.Join(e.dir, "node_modules", ".package-lock.json"))
	if err == nil && !wanted.ModTime().After(installed.ModTime()) {
		return node, nil
	}
	began := time.Now()
	if _, err := Output(ctx, e.dir, nil, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		if strings.Contains(err.Error(), "EUSAGE") {
			return "", fmt.Errorf("package-lock.json is wrong: %w", err)
		}
		return "", fmt.Errorf("install DuckDB and ClickHouse: %w: %w", ErrLacking, err)
	}
	e.log("npm ci: %s", time.Since(began).Round(100*time.Millisecond))
	return node, nil
}

// Python gives a Python with the packages of interop/requirements.txt.
func (e *Engines) Python(ctx context.Context) (string, error) {
	system, err := Program("Python", "python3", "python")
	if err != nil {
		return "", err
	}
	wanted, err := os.ReadFile(filepath.Join(e.dir, "requirements.txt"))
	if err != nil {
		return "", err
	}
	cache, err := cache()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(wanted)
	dir := filepath.Join(cache, "venv-"+hex.EncodeToString(sum[:4]))
	python := filepath.Join(dir, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(dir, "Scripts", "python.exe")
	}
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return python, nil
	}
	began := time.Now()
	if _, err := Output(ctx, e.dir, nil, system, "-m", "venv", "--clear", dir); err != nil {
		return "", fmt.Errorf("make a virtual environment for Python: %w: %w", ErrLacking, err)
	}
	if _, err := Output(ctx, e.dir, nil, python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"); err != nil {
		return "", fmt.Errorf("install delta-rs and Spark: %w: %w", ErrLacking, err)
	}
	e.log("pip install: %s", time.Since(began).Round(100*time.Millisecond))
	return python, os.WriteFile(complete, nil, 0o644)
}

// Spark gives the Python of which Spark is a package, and the environment in
// which a script of the checkout finds Java and Delta's jars.
func (e *Engines) Spark(ctx context.Context) (python string, env []string, err error) {
	if python, err = e.Python(ctx); err != nil {
		return "", nil, err
	}
	if os.Getenv("JAVA_HOME") == "" {
		if _, err := Program("Java 17, on which Spark runs,", "java"); err != nil {
			return "", nil, err
		}
	}
	cache, err := cache()
	if err != nil {
		return "", nil, err
	}
	return python, []string{"TZ=UTC", "INTEROP_JARS=" + filepath.Join(cache, "jars")}, nil
}

// SparkError tells that Spark could not get Delta's jars from its other errors.
func SparkError(err error) error {
	if err != nil && strings.Contains(strings.ToLower(err.Error()), "unresolved dependenc") {
		return fmt.Errorf("get Delta's jars for Spark from Maven Central: %w: %w", ErrLacking, err)
	}
	return err
}

// Versions are those of the engines the checkout lists, whether installed or not.
func (e *Engines) Versions() (map[string]string, error) {
	versions := map[string]string{}
	text, err := os.ReadFile(filepath.Join(e.dir, "package.json"))
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("read package.json: %w", err)
	}
	versions["DuckDB"], _, _ = strings.Cut(manifest.Dependencies["@duckdb/node-api"], "-")
	for name, source := range map[string]struct{ file, pattern string }{
		"Spark": {"requirements.txt", `(?m)^pyspark==(\S+)`},
		"Delta": {filepath.Join("readers", "session.py"), `delta-spark_[\d.]+:([\d.]+)`},
	} {
		text, err := os.ReadFile(filepath.Join(e.dir, source.file))
		if err != nil {
			return nil, err
		}
		m := regexp.MustCompile(source.pattern).FindSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("%s names no version of %s", source.file, name)
		}
		versions[name] = string(m[1])
	}
	return versions, nil
}

// cache is where what is not an npm package stays from run to run.
func cache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "auditlake", "interop"), nil
}
