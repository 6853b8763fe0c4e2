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
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/engines"
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
	stopTrino()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// installed are the other engines; t is told of each installation.
func installed(t *testing.T) *engines.Engines { return engines.New("..", t.Logf) }

// had ends the test where something cannot be had here, and on any other error.
func had(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if errors.Is(err, engines.ErrLacking) && os.Getenv("INTEROP_REQUIRE") == "" {
		t.Skip(err)
	}
	t.Fatal(err)
}

func must(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	out, err := engines.Output(t.Context(), ".", env, name, args...)
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
	_, err := engines.Output(context.Background(), ".", []string{"CGO_ENABLED=0"}, "go", "build", "-o", path, "../cmd/auditlake")
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
	path, err := installed(t).Node(t.Context())
	had(t, err)
	return path
}

// python gives a Python with the packages of requirements.txt.
func python(t *testing.T) string {
	t.Helper()
	path, err := installed(t).Python(t.Context())
	had(t, err)
	return path
}

// spark runs one of the scripts that use Spark.
func spark(t *testing.T, script string, args ...string) {
	t.Helper()
	python, env, err := installed(t).Spark(t.Context())
	had(t, err)
	_, err = engines.Output(t.Context(), ".", env, python, append([]string{script}, args...)...)
	had(t, engines.SparkError(err))
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
		t.Fatalf("%s: %v\n%.4000s", path, err, body)
	}
}
