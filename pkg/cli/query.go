package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

func queryCommand() *cobra.Command {
	var (
		lakeURL, name, text, from, to, format, folder string
		pairs                                         []string
		list, explain                                 bool
		engine                                        engineFlags
	)
	cmd := &cobra.Command{
		Use:   "query --lake URL --named NAME | --sql TEXT",
		Short: "Answer a named query or a SQL statement",
		Long: `Answers a named query over the events from --from up to, but not including, --to.
--list shows the queries and their parameters, auditlake queries what they are about.

With --sql it answers a SELECT statement over the tables of the lake. That looks at
all events, unless it says otherwise: $__timeFilter(date_time) and the other macros
that panels have stand for the range from --from to --to.

With --engine trino a Trino answers, where the lake's tables are registered: see
auditlake register. Named queries, and SQL that plans say, are answered from the very
rows that the embedded engine would read, and with the same result. With --dialect
trino the statement is SQL of Trino itself, which needs no --lake. A password or token is
taken from $TRINO_PASSWORD or $TRINO_TOKEN.`,
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
			if err := engine.check(text != ""); err != nil {
				return err
			}
			if lakeURL == "" && engine.dialect == "" || (name == "") == (text == "") {
				return fmt.Errorf("query needs --lake, and either --named or --sql; --list shows the names")
			}
			if err := checkFormat(format, "table", "json", "csv"); err != nil {
				return err
			}
			r, err := parseRange(from, to)
			if err != nil {
				return err
			}
			answers, err := engine.open()
			if err != nil {
				return err
			}
			defer answers.close()
			var tables query.Catalog
			if engine.dialect == "" {
				l, err := readableLake(cmd, lakeURL)
				if err != nil {
					return err
				}
				tables = query.OfLake(l)
			}
			asked := answers.askNamed
			switch {
			case engine.dialect != "":
				name, asked = text, answers.askTrino
			case text != "":
				name, asked = text, answers.askSQL
			}
			start := time.Now()
			res, explained, err := asked(cmd.Context(), catalog, tables, name, pairs, r)
			if err != nil {
				return err
			}
			if explain {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), explained)
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
	f.StringVar(&text, "sql", "", "SELECT statement")
	f.StringArrayVar(&pairs, "param", nil, "a parameter, name=value; may be repeated")
	f.StringVar(&from, "from", "", "first event time, such as 2019-12-28 or 2019-12-28T07:00:00Z (default: all)")
	f.StringVar(&to, "to", "", "event time to stop before")
	f.StringVar(&format, "format", "table", "table, json or csv")
	f.StringVar(&folder, "queries", "", queriesUsage)
	f.BoolVar(&list, "list", false, "list the named queries")
	engine.add(cmd)
	f.BoolVar(&explain, "explain", false, "also print the plan and what it read, to standard error")
	return cmd
}

// askNamed answers a query of the catalog, and says by which plan.
func (a *answering) askNamed(
	ctx context.Context, catalog *named.Catalog, tables query.Catalog, name string, pairs []string, r query.TimeRange,
) (*exec.Result, string, error) {
	params, err := parseParams(pairs)
	if err != nil {
		return nil, "", err
	}
	q, err := catalog.Lookup(name)
	if err != nil {
		return nil, "", fmt.Errorf("%w (auditlake query --list shows them all)", err)
	}
	plan, err := q.Plan(params, r)
	if errors.Is(err, sql.ErrNoEnd) {
		return nil, "", fmt.Errorf("%w; --to says where a time range ends", err)
	}
	if err != nil {
		return nil, "", err
	}
	bound, err := query.Bind(ctx, tables, plan)
	if err != nil {
		return nil, "", fmt.Errorf("query %s: %w", name, err)
	}
	res, how, err := a.run(ctx, bound, func() (*exec.Result, error) { return exec.RunBound(ctx, bound, exec.Options{}) })
	if err != nil {
		return nil, "", fmt.Errorf("query %s: %w", name, err)
	}
	return res, plan.String() + how, nil
}

// askSQL answers a statement, and says how.
func (a *answering) askSQL(
	ctx context.Context, _ *named.Catalog, tables query.Catalog, text string, pairs []string, r query.TimeRange,
) (*exec.Result, string, error) {
	if len(pairs) > 0 {
		return nil, "", errors.New("--param is for named queries: write the values into the statement")
	}
	route, err := sqlite.Choose(ctx, tables, sqlite.Question{Text: text, Macros: sql.Macros{Range: r}, Binding: sql.Binding{Range: r, Now: time.Now()}})
	if err != nil {
		return nil, "", fmt.Errorf("statement: %w", err)
	}
	bound, _ := route.Bound()
	res, how, err := a.run(ctx, bound, func() (*exec.Result, error) { return route.Run(ctx, exec.Options{}) })
	if err != nil {
		return nil, "", fmt.Errorf("statement: %w", err)
	}
	return res, route.Explained + how, nil
}

// listQueries is what --named and --param take; what the queries are about is for
// auditlake queries to tell.
func listQueries(cmd *cobra.Command, catalog *named.Catalog) {
	t := newTable(cmd.OutOrStdout())
	t.AppendHeader(table.Row{"Name", "Parameters"})
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 70, WidthMaxEnforcer: text.WrapSoft}})
	for _, n := range catalog.All() {
		var params []string
		for _, p := range n.Params {
			switch {
			case p.Required:
				params = append(params, p.Name+" (required)")
			case p.Default != "":
				params = append(params, p.Name+"="+p.Default)
			default:
				params = append(params, p.Name)
			}
		}
		t.AppendRow(table.Row{n.Name, strings.Join(params, ", ")})
	}
	t.Render()
}
