package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// engineFlags say who answers a query.
type engineFlags struct {
	engine, dialect            string
	url, user, catalog, schema string
	above                      int64 // MiB
}

func (e *engineFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.engine, "engine", string(routing.Embedded), "who answers: embedded, trino, or auto, which is trino for what has much to read")
	f.StringVar(&e.dialect, "dialect", "", "of --sql: trino for SQL of Trino itself")
	f.StringVar(&e.url, "trino-url", "", "the coordinator, such as https://trino.example.com:8443")
	f.StringVar(&e.user, "trino-user", "auditlake", "whom queries on Trino run as")
	f.StringVar(&e.catalog, "trino-catalog", "delta", "catalog that the lake's tables are registered in")
	f.StringVar(&e.schema, "trino-schema", "auditlake", "schema that they are registered in")
	f.Int64Var(&e.above, "trino-above-mib", routing.DefaultAbove>>20, "what a query has to read for auto to be trino")
}

func (e *engineFlags) check(isSQL bool) error {
	engine, err := routing.ParseEngine(e.engine)
	switch {
	case err != nil:
		return fmt.Errorf("--engine: %w", err)
	case e.dialect != "" && e.dialect != string(sql.Trino):
		return errors.New("--dialect is trino, or not given")
	case e.dialect != "" && !isSQL:
		return errors.New("--dialect is of --sql: a named query is answered by either engine as it is")
	case (engine != routing.Embedded || e.dialect != "") && e.url == "":
		return errors.New("--trino-url is missing: name the coordinator, such as https://trino.example.com:8443")
	}
	return nil
}

// answering is who answers.
type answering struct {
	rules routing.Rules
	trino *trino.Engine // nil without a coordinator
}

func (e *engineFlags) open() (*answering, error) {
	a := &answering{rules: routing.Rules{
		Engine: routing.Engine(e.engine), Above: e.above << 20, Names: trino.Names{Catalog: e.catalog, Schema: e.schema},
	}}
	if e.url == "" {
		return a, nil
	}
	var err error
	a.trino, err = trino.Open(trino.Config{
		URL: e.url, User: e.user, Catalog: e.catalog, Schema: e.schema, Source: "auditlake",
		Password: secret("TRINO_PASSWORD"), Token: secret("TRINO_TOKEN"),
	})
	if err != nil {
		return nil, fmt.Errorf("--trino-url: %w", err)
	}
	return a, nil
}

func (a *answering) close() {
	if a.trino != nil {
		_ = a.trino.Close() // the answer is there
	}
}

// run has a bound plan answered, or what is no plan here, and says how as far as there was
// a choice.
func (a *answering) run(ctx context.Context, bound *query.Bound, embedded func() (*exec.Result, error)) (*exec.Result, string, error) {
	if a.rules.Engine == routing.Embedded {
		res, err := embedded()
		return res, "", err
	}
	choice := routing.Choice{Engine: routing.Embedded, Reason: "no plan says the statement"}
	if bound != nil {
		var err error
		if choice, err = routing.Choose(ctx, bound, a.rules); err != nil {
			return nil, "", err
		}
	}
	how := fmt.Sprintf("\nanswered by %s: %s", choice.Engine, choice.Reason)
	if choice.Engine == routing.Embedded {
		res, err := embedded()
		return res, how, err
	}
	res, info, err := a.trino.Run(ctx, choice.Statement, bound.Schema(), exec.Options{})
	if err != nil {
		return nil, "", err
	}
	for _, table := range bound.Missing() {
		res.Notices = append(res.Notices, exec.MissingNotice(table))
	}
	return res, how + "\n" + choice.Statement + "\n" + info.URL, nil
}

// askTrino answers a statement of Trino's own SQL.
func (a *answering) askTrino(
	ctx context.Context, _ *named.Catalog, _ query.Catalog, text string, pairs []string, r query.TimeRange,
) (*exec.Result, string, error) {
	if len(pairs) > 0 {
		return nil, "", errors.New("--param is for named queries: write the values into the statement")
	}
	statement, err := sql.Expand(text, sql.Macros{Range: r, Dialect: sql.Trino})
	if err != nil {
		return nil, "", fmt.Errorf("statement: %w", err)
	}
	statement = strings.TrimRight(strings.TrimSpace(statement), ";")
	if err := trino.CheckReads(statement); err != nil {
		return nil, "", fmt.Errorf("statement: %w", err)
	}
	res, info, err := a.trino.Run(ctx, statement, nil, exec.Options{})
	if err != nil {
		return nil, "", fmt.Errorf("statement: %w", err)
	}
	return res, statement + "\n" + info.URL, nil
}
