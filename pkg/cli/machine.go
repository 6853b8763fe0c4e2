package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/auditlake/auditlake/pkg/query/named"
)

// What the command line takes from the machine that it runs on is in this file alone.
// The rules of Grafana's catalog forbid it to plugins, and none of it is reached when
// Grafana starts the executable; see ADR 38.

// secret is a password or token from the environment, where ps does not show it.
func secret(variable string) string { return os.Getenv(variable) }

// untilInterrupted gives a context that an interrupt or SIGTERM cancels.
func untilInterrupted(parent context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
}

// readQueries are the queries of a file, or of the files of a folder.
func readQueries(path string) ([]*named.Query, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return named.NewFolder(path).Queries(time.Now())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	q, err := named.Parse(path, text)
	if err != nil {
		return nil, err
	}
	return []*named.Query{q}, nil
}
