package cli

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/auditlake/auditlake/pkg/query/named"
)

// What the command line takes from the machine that it runs on is in this file alone.
// The rules of Grafana's catalog forbid it to plugins, and none of it is reached when
// Grafana starts the executable; see ADR 38.

// secret is a password or token from the environment, where ps does not show it.
func secret(variable string) string { return os.Getenv(variable) }

// collectorIsSet reports whether who started the process has bounded its memory.
func collectorIsSet() bool { return os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" }

// fillProcessors gives Go's scheduler one place more than there are processors, unless
// who started the process has said how many. A goroutine that waits for the disk keeps
// its place until the scheduler looks for such, which it does every 10 ms at the worst,
// and a sync is over by then: of as many places as processors, one stands idle meanwhile.
func fillProcessors() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// openNamed opens a file that the user of the command line names, for reading.
func openNamed(path string) (*os.File, error) {
	return os.Open(path) // #nosec G304 -- that is what it is for
}

// createNamed makes a file that the user of the command line names; fs.ErrExist if it is
// there. Undo removes it again.
func createNamed(path string) (f *os.File, undo func() error, err error) {
	f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- that is what it is for
	return f, func() error { return os.Remove(path) }, err
}

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
	text, err := os.ReadFile(path) // #nosec G304 -- the file that the user of the command line names
	if err != nil {
		return nil, err
	}
	q, err := named.Parse(path, text)
	if err != nil {
		return nil, err
	}
	return []*named.Query{q}, nil
}
