//go:build mage

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// The tools are run at pinned versions, so that go.mod need not carry them.
const (
	govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
	gosec       = "github.com/securego/gosec/v2/cmd/gosec@v2.30.0"
	linter      = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"
)

// Lint runs the linters of .golangci.yml over the Go code, that of the nested module too. The first time it builds them, which takes some minutes.
func Lint(ctx context.Context) error {
	return steps(ctx,
		goStep("run", linter, "run", "--timeout=30m", "--build-tags=interop,mage", ".", "./bench/...", "./cmd/...", "./internal/...", "./interop/...", "./pkg/..."),
		step{"golangci-lint in integration", func(ctx context.Context) error {
			return run(ctx, "integration", "go", "run", linter, "run", "--timeout=30m", "./...")
		}},
	)
}

// Security looks for known vulnerabilities in Go modules and npm packages, and for what gosec knows in our code. Where a database of vulnerabilities cannot be reached it says so and goes on.
func Security(ctx context.Context) error {
	return steps(ctx,
		// G115, conversions between integers: columns, counts and offsets are converted on
		// every page, and their bounds are checked where they are read. Single places that
		// are excluded say why beside them.
		goStep("run", gosec, "-quiet", "-exclude=G115", "./pkg/...", "./cmd/..."),
		asking("known vulnerabilities of Go modules",
			[]string{"fetching vulnerabilities", "vuln.go.dev"}, "go", "run", govulncheck, "./pkg", "./cmd/..."),
		// What is only for building is not in the plugin.
		asking("known vulnerabilities of npm packages",
			[]string{"audit endpoint returned an error", "ENOAUDIT", "ENOTFOUND", "ECONNREFUSED"}, "npm", "audit", "--omit=dev", "--package-lock-only"),
	)
}

// asking is a step that asks a database elsewhere. One of the texts in what the command
// says tells that there was no answer.
func asking(what string, unanswered []string, name string, args ...string) step {
	return step{what, func(ctx context.Context) error {
		var said bytes.Buffer
		err := runBoth(ctx, io.MultiWriter(os.Stdout, &said), name, args...)
		if err == nil {
			return nil
		}
		for _, text := range unanswered {
			if strings.Contains(said.String(), text) {
				fmt.Printf("    SKIPPED: %s were not looked for, since their database does not answer here.\n", what)
				return nil
			}
		}
		return errors.Join(fmt.Errorf("%s: see above", what), err)
	}}
}
