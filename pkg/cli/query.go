package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

func queryCommand() *cobra.Command {
	var (
		lakeURL, name, from, to, format, folder string
		pairs                                   []string
		list, explain                           bool
	)
	cmd := &cobra.Command{
		Use:   "query --lake URL --named NAME",
		Short: "Answer a named query",
		Long: `Answers a named query over the events from --from up to, but not including, --to.
--list shows the queries and their parameters.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			catalog, err := openCatalog(cmd, folder)
			if err != nil {
				return err
			}
			if list {
				listQueries(cmd, catalog)
				return nil
			}
			if lakeURL == "" || name == "" {
				return fmt.Errorf("query needs --lake and --named; --list shows the names")
			}
			if err := checkFormat(format, "table", "json", "csv"); err != nil {
				return err
			}
			r, err := parseRange(from, to)
			if err != nil {
				return err
			}
			params, err := parseParams(pairs)
			if err != nil {
				return err
			}
			q, err := catalog.Lookup(name)
			if err != nil {
				return fmt.Errorf("%w (auditlake query --list shows them all)", err)
			}
			plan, err := q.Plan(params, r)
			if errors.Is(err, sql.ErrNoEnd) {
				return fmt.Errorf("%w; --to says where a time range ends", err)
			}
			if err != nil {
				return err
			}
			l, err := existingLake(cmd, lakeURL)
			if err != nil {
				return err
			}
			if explain {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), plan)
			}
			start := time.Now()
			res, err := exec.Run(cmd.Context(), query.OfLake(l), plan, exec.Options{})
			if err != nil {
				return fmt.Errorf("query %s: %w", name, err)
			}
			for _, n := range res.Notices {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "notice: %s\n", n)
			}
			if explain {
				s := res.Stats.Scan
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s rows of %d files, %d files left out, %s fetched, %s\n",
					number(s.Rows), s.Files-s.FilesPruned, s.FilesPruned, size(s.Bytes), time.Since(start).Round(time.Microsecond))
			}
			return printBatch(out, res.Batch, format)
		},
	}
	f := cmd.Flags()
	f.StringVar(&lakeURL, "lake", "", lakeUsage)
	f.StringVar(&name, "named", "", "name of the query")
	f.StringArrayVar(&pairs, "param", nil, "a parameter, name=value; may be repeated")
	f.StringVar(&from, "from", "", "first event time, such as 2019-12-28 or 2019-12-28T07:00:00Z (default: all)")
	f.StringVar(&to, "to", "", "event time to stop before")
	f.StringVar(&format, "format", "table", "table, json or csv")
	f.StringVar(&folder, "queries", "", queriesUsage)
	f.BoolVar(&list, "list", false, "list the named queries")
	f.BoolVar(&explain, "explain", false, "also print the plan and what it read, to standard error")
	return cmd
}

func listQueries(cmd *cobra.Command, catalog *named.Catalog) {
	t := newTable(cmd.OutOrStdout())
	t.AppendHeader(table.Row{"Name", "Parameters", "Title"})
	for _, n := range catalog.All() {
		params := ""
		for _, p := range n.Params {
			if params != "" {
				params += ", "
			}
			params += p.Name
			switch {
			case p.Required:
				params += " (required)"
			case p.Default != "":
				params += "=" + p.Default
			}
		}
		t.AppendRow(table.Row{n.Name, params, n.Title})
	}
	t.Render()
}
