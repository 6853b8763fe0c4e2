// Package cli is the command line: the ETL, queries and proofs of a lake without
// Grafana. It is in the plugin's binary too, so whoever has the plugin has it.
//
//	etl      deliver audit logs into the lake, once or on a schedule
//	query    answer a named query
//	queries  list named queries, and check files of one's own
//	events   print events as log lines
//	status   tables and recent runs
//	verify   prove that nothing was lost
//	optimize merge small files
//	vacuum   delete files that no table needs
//	retain   remove rows that are too old
//	replay   rebuild layers from the one below
//	rebuild  have another engine build gold from silver
//	register make the tables known to other engines
//	import   turn older events from elsewhere into deliveries
//
// Answers go to standard output, everything else to standard error. The exit
// code is 0 only if the command did what it was asked.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// Version is set by the build.
var Version = "dev"

// Engine names this program in the logs of the tables it writes.
func Engine() string { return "auditlake/" + Version }

// Commands are the verbs every Auditlake binary has.
func Commands() []*cobra.Command {
	return []*cobra.Command{
		etlCommand(), queryCommand(), queriesCommand(), eventsCommand(), statusCommand(), verifyCommand(),
		optimizeCommand(), vacuumCommand(), retainCommand(), replayCommand(), rebuildCommand(), registerCommand(), importCommand(),
	}
}

// New is a program with the verbs of Commands and more.
func New(name string, more ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:           name,
		Short:         "Databricks audit logs in a lake of your own",
		Long:          "Auditlake turns the audit logs that Databricks delivers to S3 into bronze, silver\nand gold Delta tables, and answers questions from them.",
		Version:       Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(Commands()...)
	root.AddCommand(more...)
	return root
}

// Main runs the program and returns its exit code. An interrupt cancels what is
// under way; a second one ends the process.
func Main(root *cobra.Command) int {
	ctx, stop := untilInterrupted(context.Background())
	defer stop()
	context.AfterFunc(ctx, stop)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; what was committed stays, and the next run goes on from there")
	}
	_, _ = fmt.Fprintf(root.ErrOrStderr(), "%s: %s\n", root.Name(), shown(err.Error()))
	return 1
}

// Where the lake is, and how to say so.
const lakeUsage = "where the lake is: a folder, or s3://bucket/prefix?region=…&endpoint=…&path_style=true"

func lakeFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "lake", "", lakeUsage)
	must(cmd.MarkFlagRequired("lake"))
}

// must is for errors that only a typing mistake in this package can make.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func openLake(ctx context.Context, url string, errOut io.Writer, opts ...store.Option) (*lake.Lake, error) {
	s, err := store.Open(ctx, url, opts...)
	if err != nil {
		return nil, fmt.Errorf("--lake: %w", err)
	}
	return lake.New(s, lake.Options{
		Engine:    Engine(),
		OnWarning: func(err error) { _, _ = fmt.Fprintf(errOut, "warning: %s\n", shown(err.Error())) },
	}), nil
}

// existingLake opens a lake for reading. It refuses a place where none is, so that
// a mistyped URL is not an empty answer.
func existingLake(cmd *cobra.Command, url string) (*lake.Lake, error) {
	return lakeThatIs(cmd, url, store.ReadOnly())
}

// readableLake is existingLake for those who need no bronze: what rebuild has made
// is gold alone.
func readableLake(cmd *cobra.Command, url string) (*lake.Lake, error) {
	l, err := existingLake(cmd, url)
	if !errors.As(err, new(noLakeError)) {
		return l, err
	}
	gold, openErr := openLake(cmd.Context(), url, cmd.ErrOrStderr(), store.ReadOnly())
	if openErr != nil {
		return nil, err
	}
	if names, goldErr := gold.Gold(cmd.Context()); goldErr != nil || len(names) == 0 {
		return nil, err
	}
	return gold, nil
}

// noLakeError says that there is no bronze at a place.
type noLakeError struct{ at string }

func (e noLakeError) Error() string {
	return fmt.Sprintf("no lake at %s: run auditlake etl first, or check --lake", e.at)
}

// writableLake opens a lake that is there.
func writableLake(cmd *cobra.Command, url string) (*lake.Lake, error) {
	return lakeThatIs(cmd, url)
}

func lakeThatIs(cmd *cobra.Command, url string, opts ...store.Option) (*lake.Lake, error) {
	l, err := openLake(cmd.Context(), url, cmd.ErrOrStderr(), opts...)
	if err != nil {
		return nil, err
	}
	_, err = l.Table(lake.Bronze).View(cmd.Context())
	switch {
	case errors.Is(err, lake.ErrNoTable), errors.Is(err, store.ErrNotFound) && store.IsLocal(url):
		return nil, noLakeError{l.Store().String()}
	case err != nil:
		return nil, fmt.Errorf("--lake: %w", err)
	}
	return l, nil
}

// openSources opens the sources for reading. It refuses any that shares keys with
// the lake, where the ETL would read what it wrote, or with another source, whose
// lines would come in twice.
func openSources(ctx context.Context, urls []string, lakeURL string) ([]etl.Source, error) {
	var out []etl.Source
	for i, u := range urls {
		overlap, err := store.Overlap(u, lakeURL)
		if err != nil {
			return nil, fmt.Errorf("--source: %w", err)
		}
		if overlap {
			return nil, fmt.Errorf("--source %s and --lake %s overlap: the lake must lie beside the delivered files, not among them", u, lakeURL)
		}
		for _, other := range urls[:i] {
			if overlap, err := store.Overlap(u, other); err != nil || overlap {
				return nil, errors.Join(err, fmt.Errorf("--source %s and --source %s overlap: lines would come in twice", other, u))
			}
		}
		s, err := store.Open(ctx, u, store.ReadOnly())
		if err != nil {
			return nil, fmt.Errorf("--source: %w", err)
		}
		out = append(out, etl.SourceOf(s))
	}
	return out, nil
}

// parseTime reads a time or a date, which is midnight UTC.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write 2019-12-28 or 2019-12-28T07:00:00Z", text)
}

func checkFormat(format string, understood ...string) error {
	if slices.Contains(understood, format) {
		return nil
	}
	return fmt.Errorf("--format %q: understood are %s", format, strings.Join(understood, ", "))
}

func parseParams(pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range pairs {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("--param %q: write name=value", p)
		}
		if _, dup := out[k]; dup {
			return nil, fmt.Errorf("--param %s is given twice", k)
		}
		out[k] = v
	}
	return out, nil
}
