//go:build interop

// Package interop_test lets engines that share no code with Auditlake say
// whether it is right.
//
//	delivered files --DuckDB, in SQL--------------------> truth.json   raw_test.go
//	      \--auditlake etl--> lake --ClickHouse, delta-rs,
//	                               Spark, DuckDB--> the same rows      readers_test.go
//	                               Spark----------> the article's      article_test.go
//	                                                answers
//
// The engines come from npm, pip and Maven Central with their ordinary clients,
// on first use. What cannot be had is a skip that says so; with
// INTEROP_REQUIRE=1 it is a failure.
package interop_test

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
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// scratch is removed after the tests.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "auditlake-interop-")
	if err != nil {
		panic(err)
	}
	scratch = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// lack ends the test because something cannot be had here.
func lack(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("INTEROP_REQUIRE") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// need is the path of a program.
func need(t *testing.T, what string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	lack(t, fmt.Sprintf("%s is needed: there is no %s on the PATH", what, strings.Join(names, " or ")))
	return ""
}

// command runs a program in this folder and gives its output; an error holds
// the end of what it complained about.
func command(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
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

func must(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	out, err := command(t.Context(), env, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// step logs how long a part of a test took.
func step(t *testing.T, name string, do func()) {
	t.Helper()
	began := time.Now()
	do()
	t.Logf("%s: %s", name, time.Since(began).Round(100*time.Millisecond))
}

var builtCLI = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "auditlake")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	_, err := command(context.Background(), []string{"CGO_ENABLED=0"}, "go", "build", "-o", path, "../cmd/auditlake")
	return path, err
})

// auditlake runs the CLI.
func auditlake(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := builtCLI()
	if err != nil {
		t.Fatal(err)
	}
	return must(t, nil, path, args...)
}

// node gives Node with the packages of package.json beside it.
func node(t *testing.T) string {
	t.Helper()
	path := need(t, "Node", "node")
	npm := need(t, "npm, which brings DuckDB and ClickHouse,", "npm")
	// npm writes the hidden lock file at the end of an install.
	installed, err := os.Stat("node_modules/.package-lock.json")
	if err == nil {
		wanted, err := os.Stat("package-lock.json")
		if err != nil {
			t.Fatal(err)
		}
		if !wanted.ModTime().After(installed.ModTime()) {
			return path
		}
	}
	step(t, "npm ci", func() {
		if _, err := command(t.Context(), nil, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
			if strings.Contains(err.Error(), "EUSAGE") {
				t.Fatal(err) // package-lock.json is wrong
			}
			lack(t, fmt.Sprintf("DuckDB and ClickHouse could not be installed: %v", err))
		}
	})
	return path
}

// cache is where what is not an npm package stays from run to run.
func cache(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "auditlake", "interop")
}

// python gives a Python with the packages of requirements.txt.
func python(t *testing.T) string {
	t.Helper()
	system := need(t, "Python", "python3", "python")
	wanted, err := os.ReadFile("requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(wanted)
	dir := filepath.Join(cache(t), "venv-"+hex.EncodeToString(sum[:4]))
	path := filepath.Join(dir, "bin", "python")
	if runtime.GOOS == "windows" {
		path = filepath.Join(dir, "Scripts", "python.exe")
	}
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return path
	}
	step(t, "pip install", func() {
		if _, err := command(t.Context(), nil, system, "-m", "venv", "--clear", dir); err != nil {
			lack(t, fmt.Sprintf("Python cannot make a virtual environment: %v", err))
		}
		if _, err := command(t.Context(), nil, path, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"); err != nil {
			lack(t, fmt.Sprintf("delta-rs and Spark could not be installed: %v", err))
		}
	})
	if err := os.WriteFile(complete, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// spark runs one of the scripts that use Spark.
func spark(t *testing.T, script string, args ...string) {
	t.Helper()
	python := python(t)
	if os.Getenv("JAVA_HOME") == "" {
		need(t, "Java 17, on which Spark runs,", "java")
	}
	jars := filepath.Join(cache(t), "jars")
	_, err := command(t.Context(), []string{"TZ=UTC", "INTEROP_JARS=" + jars}, python, append([]string{script}, args...)...)
	if err == nil {
		return
	}
	if strings.Contains(strings.ToLower(err.Error()), "unresolved dependenc") {
		lack(t, fmt.Sprintf("Delta's jars for Spark could not be had from Maven Central: %v", err))
	}
	t.Fatal(err)
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatalf("%s: %v", path, errors.Join(err, errors.New(tail(string(body)))))
	}
}
