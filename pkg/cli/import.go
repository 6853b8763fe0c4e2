package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl/history"
	"github.com/auditlake/auditlake/pkg/store"
)

// importing is what the verb import is asked for.
type importing struct {
	table, files, out  string
	before, lake       string
	everything, dryRun bool
	quiet              bool
}

func importCommand() *cobra.Command {
	var a importing
	cmd := &cobra.Command{
		Use:   "import (--table URL | --files URL) --out URL (--before TIME | --lake URL | --everything)",
		Short: "Turn a table or an export of older events into deliveries",
		Long: `Reads events from before Databricks began to deliver, out of a Delta table or an export
of system.access.audit, and writes each as the line that Databricks would have delivered
into a source of their own. Then auditlake etl --source OUT brings them into the lake,
each once, and verify --source OUT proves it.

An event that is also delivered would be in the lake twice. So say where deliveries
begin: at a time, with --before; at the oldest event of each workspace in a lake, with
--lake; or nowhere, with --everything.

It can be stopped and run again at any time, and then goes on with the same version of
the table and the same times.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&a.table, "table", "", "Delta table to import: a folder, or s3://bucket/prefix?…")
	f.StringVar(&a.files, "files", "", "folder of exports to import: .parquet, .json with an object a line, .csv")
	f.StringVar(&a.out, "out", "", "where the source is written: a folder, or s3://bucket/prefix?…, with nothing else in it")
	f.StringVar(&a.before, "before", "", "take events before this time, such as 2024-03-01 or 2024-03-01T07:00:00Z")
	f.StringVar(&a.lake, "lake", "", "take events before the oldest that this lake has of their workspace")
	f.BoolVar(&a.everything, "everything", false, "take all events, as nothing of them is delivered")
	f.BoolVar(&a.dryRun, "dry-run", false, "read everything and say what would be written")
	f.BoolVar(&a.quiet, "quiet", false, "show no progress")
	must(cmd.MarkFlagRequired("out"))
	cmd.MarkFlagsOneRequired("table", "files")
	cmd.MarkFlagsMutuallyExclusive("table", "files")
	cmd.MarkFlagsMutuallyExclusive("before", "lake", "everything")
	return cmd
}

func (a importing) run(cmd *cobra.Command) error {
	ctx, out, errOut := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	flag, url := "--table", a.table
	if a.files != "" {
		flag, url = "--files", a.files
	}
	for _, other := range []struct{ flag, url string }{{flag, url}, {"--lake", a.lake}} {
		if other.url == "" {
			continue
		}
		if overlap, err := store.Overlap(a.out, other.url); err != nil || overlap {
			return errors.Join(err, fmt.Errorf("--out %s and %s %s overlap: the import needs a place of its own", a.out, other.flag, other.url))
		}
	}
	in, err := store.Open(ctx, url, store.ReadOnly())
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	to, err := store.Open(ctx, a.out)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	name, err := store.Canonical(url)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	input := history.Table(in, name)
	if a.files != "" {
		input = history.Files(in, name)
	}
	opts := history.Options{DryRun: a.dryRun}
	if opts.Cut, err = a.cut(cmd); err != nil {
		return err
	}
	if !a.quiet {
		opts.Progress = importProgress(errOut)
	}
	r, err := history.Import(ctx, input, to, opts)
	if errors.Is(err, history.ErrNoCut) {
		return fmt.Errorf("%w: give --before TIME, --lake URL or, if nothing of it is delivered, --everything", err)
	}
	if err != nil {
		return err
	}
	a.print(out, errOut, r)
	return nil
}

// cut is where the deliveries begin, nil if that is not said.
func (a importing) cut(cmd *cobra.Command) (*history.Cut, error) {
	var cut history.Cut
	switch {
	case a.before != "":
		t, err := parseTime(a.before)
		if err != nil {
			return nil, fmt.Errorf("--before: %w", err)
		}
		cut = history.Before(t)
	case a.lake != "":
		l, err := existingLake(cmd, a.lake)
		if err != nil {
			return nil, err
		}
		if cut, err = history.BeforeLake(cmd.Context(), l); err != nil {
			return nil, fmt.Errorf("--lake: %w", err)
		}
	case a.everything:
		cut = history.Everything()
	default:
		return nil, nil
	}
	return &cut, nil
}

func importProgress(out io.Writer) func(history.Report) {
	next := time.Now().Add(lineEvery)
	return func(r history.Report) {
		if now := time.Now(); now.After(next) {
			next = now.Add(lineEvery)
			_, _ = fmt.Fprintf(out, "%d of %d files, %s lines, %s\n", r.Files, r.OfFiles, number(r.Lines), size(r.Bytes))
		}
	}
}

func (a importing) print(out, errOut io.Writer, r *history.Report) {
	t := newTable(out)
	t.AppendHeader(table.Row{"Workspace", "Events", "Oldest", "Newest", "Left to deliveries"})
	for _, id := range slices.Sorted(maps.Keys(r.Workspaces)) {
		w := r.Workspaces[id]
		when := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.Format(time.RFC3339)
		}
		if id == "" {
			id = "none"
		}
		t.AppendRow(table.Row{id, number(w.Lines), when(w.Oldest), when(w.Newest), number(w.Left)})
	}
	t.Render()
	did := "Wrote"
	switch {
	case a.dryRun:
		did = "Would write"
	case r.Complete:
		did = "Nothing to do. An earlier import wrote"
	}
	_, _ = fmt.Fprintf(out, "%s %s lines, %s, into %s objects.\n", did, number(r.Lines), size(r.Bytes), number(r.Objects))
	if len(r.Extra) > 0 {
		_, _ = fmt.Fprintf(out, "Not part of a delivered line, so they will be in the column extra: %s.\n", strings.Join(r.Extra, ", "))
	}
	if r.Untimed > 0 {
		_, _ = fmt.Fprintf(errOut, "warning: of %s lines no time can be read, %s of them are no JSON objects: the ETL will put them into quarantine\n", number(r.Untimed), number(r.Broken))
	}
	if !a.dryRun {
		_, _ = fmt.Fprintf(out, "Bring them in with: auditlake etl --source %s --lake …\n", a.out)
	}
}
