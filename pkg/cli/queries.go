package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/example"
	"github.com/auditlake/auditlake/pkg/query/named"
)

const queriesUsage = "a folder of query files, whose queries are there beside the shipped ones"

// openCatalog is the shipped queries and those of a folder. Files that are wrong are
// told to standard error, and the others work.
func openCatalog(cmd *cobra.Command, folder string) (*named.Catalog, error) {
	if folder == "" {
		return named.Shipped(), nil
	}
	own, wrong := named.NewFolder(folder).Queries(time.Now())
	catalog, taken := named.Shipped().Extend(own)
	if err := errors.Join(wrong, taken); err != nil {
		if len(own) == 0 {
			return nil, err
		}
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "queries left out:\n%v\n", err)
	}
	return catalog, nil
}

func queriesCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "queries [NAME]",
		Short: "List the named queries, or describe one",
		Long: `Lists the named queries; of one that is named it shows all there is: description,
parameters, alert, tables and SQL.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			catalog, err := openCatalog(cmd, folder)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				listGroups(cmd.OutOrStdout(), catalog)
				return nil
			}
			q, err := catalog.Lookup(args[0])
			if err != nil {
				return fmt.Errorf("%w (auditlake queries shows them all)", err)
			}
			describe(cmd.OutOrStdout(), q)
			return nil
		},
	}
	cmd.PersistentFlags().StringVar(&folder, "queries", "", queriesUsage)
	cmd.AddCommand(checkQueriesCommand())
	return cmd
}

func listGroups(out io.Writer, catalog *named.Catalog) {
	t := newTable(out)
	t.AppendHeader(table.Row{"Group", "Name", "Title", "Alert"})
	for _, group := range named.Groups() {
		for _, q := range catalog.All() {
			if q.Group == group {
				t.AppendRow(table.Row{q.Group, q.Name, q.Title, q.Severity})
			}
		}
	}
	t.Render()
}

func describe(out io.Writer, q *named.Query) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	say("%s: %s\n%s\n\n", q.Name, q.Title, q.Description)
	say("group:   %s\ntables:  %s\ncolumns: %s\n", q.Group, strings.Join(q.Tables, ", "), strings.Join(q.Columns, ", "))
	if q.Alert != nil {
		say("alert:   %s\n", q.Alert)
	}
	if back := q.Lookback.String(); back != "" {
		say("looks back: %s\n", back)
	}
	for _, p := range q.Params {
		say("$%s: %s. %s\n", p.Name, strings.TrimSuffix(p.Description, "."), p.Bounds())
	}
	say("\n%s\n", strings.TrimRight(q.SQL, "\n"))
}

func checkQueriesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE|FOLDER...",
		Short: "Check query files and run their examples",
		Long: `Checks the form of query files, and runs their examples: the events are brought in by
the ETL, in memory, and the answer is compared with the rows. What is wrong is told
with file and line.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all []*named.Query
			wrong := false
			report := func(err error) {
				wrong = true
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), err)
			}
			for _, arg := range args {
				found, err := readQueries(arg)
				if all = append(all, found...); err != nil {
					report(err)
				}
			}
			sound, examples := 0, 0
			for i, q := range all {
				err := example.Check(cmd.Context(), q)
				if examples += len(q.Examples); err == nil {
					err = taken(q, all[:i])
				}
				if err != nil {
					report(err)
				} else {
					sound++
				}
			}
			if wrong {
				return fmt.Errorf("some queries are wrong; %d are sound", sound)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "queries: %d, all sound; examples: %d, all as they say\n", sound, examples)
			return err
		},
	}
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

// taken is an error where another query has the name: one before it, or a shipped one
// in another file.
func taken(q *named.Query, before []*named.Query) error {
	shipped, err := named.Lookup(q.Name)
	if err == nil && shipped.SQL != q.SQL || slices.ContainsFunc(before, func(o *named.Query) bool { return o.Name == q.Name }) {
		return &named.FileError{File: q.File, Why: fmt.Errorf("there is a query %s already: choose another name", q.Name)}
	}
	return nil
}
