package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/query/trino"
	"github.com/auditlake/auditlake/pkg/register"
	"github.com/auditlake/auditlake/pkg/store"
)

// Secrets of Trino come from variables: other users of the machine see the flags
// of a process.
const (
	envTrinoPassword = "TRINO_PASSWORD"
	envTrinoToken    = "TRINO_TOKEN"
)

// targetGlue is the one target that takes no SQL.
const targetGlue = "glue"

// targets are what register understands, in the order of its help.
func targets() []string {
	names := []string{targetGlue}
	for _, d := range register.Dialects() {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return names
}

// registering are the flags of register.
type registering struct {
	lakeURL, target         string
	catalog, schema         string
	location                string
	print, dryRun           bool
	trinoURL, trinoUser     string
	glueRegion, glueAddress string
}

func registerCommand() *cobra.Command {
	var r registering
	cmd := &cobra.Command{
		Use:   "register --lake URL --target " + strings.Join(targets(), "|"),
		Short: "Make the tables known to other engines",
		Long: `Registers the tables of the lake, under their own names and in one schema, where
other engines look tables up: in Trino (and so in the metastore of its catalog) and in
AWS Glue. For Spark, Databricks and Athena it prints the SQL that does it there.

It can be run again at any time: only what is new is registered. A table that is
registered at another place is left alone and is an error.

A password or token of Trino is taken from $` + envTrinoPassword + ` or $` + envTrinoToken + `. Glue is asked with the
credentials of the lake.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	lakeFlag(cmd, &r.lakeURL)
	f := cmd.Flags()
	f.StringVar(&r.target, "target", "", strings.Join(targets(), ", "))
	f.StringVar(&r.catalog, "catalog", "", "catalog of Databricks, or of Trino if it is not "+defaultTrinoCatalog+", that the schema is in")
	f.StringVar(&r.schema, "schema", register.DefaultSchema, "schema, or database, that the tables get into")
	f.StringVar(&r.location, "location", "", "where the engine finds the lake, such as s3a://bucket/prefix, if it is not --lake")
	f.BoolVar(&r.print, "print", false, "print the SQL and do nothing; always so for Spark, Databricks and Athena")
	f.BoolVar(&r.dryRun, "dry-run", false, "say what would be registered and do nothing")
	f.StringVar(&r.trinoURL, "trino-url", "", "the coordinator, such as https://trino.example.com:8443")
	f.StringVar(&r.trinoUser, "trino-user", "auditlake", "whom Trino knows the statements from")
	f.StringVar(&r.glueRegion, "glue-region", "", "region of the Glue Data Catalog, if it is not that of the lake")
	f.StringVar(&r.glueAddress, "glue-endpoint", "", "URL of Glue, if it is not that of the region")
	must(cmd.MarkFlagRequired("target"))
	return cmd
}

func (r registering) run(cmd *cobra.Command) error {
	dialect, err := r.check()
	if err != nil {
		return err
	}
	l, err := readableLake(cmd, r.lakeURL)
	if err != nil {
		return err
	}
	root, err := engineRoot(dialect, r.lakeURL, r.location, "--location")
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	tables, err := register.Tables(ctx, l, root)
	if err != nil {
		return err
	}
	if r.print {
		_, err := fmt.Fprint(cmd.OutOrStdout(), dialect.SQL(r.catalog, r.schema, tables))
		return err
	}
	catalog, err := r.open(cmd)
	if err != nil {
		return err
	}
	do := register.Register
	if r.dryRun {
		do = register.Plan
	}
	out, err := do(ctx, catalog, tables)
	r.show(cmd, catalog, tables, out)
	return err
}

// engineRoot is the root of a lake as an engine calls it, unless the flag says so.
func engineRoot(d register.Dialect, lakeURL, said, flag string) (string, error) {
	if said = strings.TrimRight(said, "/"); said != "" {
		return said, nil
	}
	root, err := register.RootOf(lakeURL)
	if err == nil {
		root, err = d.Root(root)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return root, nil
}

// defaultTrinoCatalog is that of the data source settings too.
const defaultTrinoCatalog = "delta"

// check refuses what does not fit, and makes of the flags what they imply.
func (r *registering) check() (register.Dialect, error) {
	name := r.target
	if name == "trino" && r.catalog == "" {
		r.catalog = defaultTrinoCatalog
	}
	if name == targetGlue {
		name = "athena" // finds its tables there, and so calls places alike
	}
	dialect, known := register.DialectOf(name)
	switch {
	case !known:
		return dialect, fmt.Errorf("--target %q: understood are %s", r.target, strings.Join(targets(), ", "))
	case r.schema == "":
		return dialect, errors.New("--schema is empty: leave it out for " + register.DefaultSchema)
	case r.print && r.dryRun:
		return dialect, errors.New("--print and --dry-run exclude each other")
	case r.print && r.target == targetGlue:
		return dialect, errors.New("--print: Glue takes no SQL; --target athena prints what does the same from Athena")
	case dialect.HasCatalog() && r.catalog == "":
		return dialect, fmt.Errorf("--catalog is missing: name the catalog of %s that the tables get into", r.target)
	case !dialect.HasCatalog() && r.catalog != "":
		return dialect, fmt.Errorf("--catalog: tables of %s are in a database alone, --schema", r.target)
	}
	if direct := r.target == targetGlue || r.target == "trino"; !direct {
		if r.dryRun {
			return dialect, fmt.Errorf("--dry-run: for %s SQL is printed and nothing else is done", r.target)
		}
		r.print = true
	}
	if r.target == "trino" && !r.print && r.trinoURL == "" {
		return dialect, errors.New("--trino-url is missing: name the coordinator, or have the SQL printed with --print")
	}
	return dialect, nil
}

func (r registering) open(cmd *cobra.Command) (register.Catalog, error) {
	if r.target == targetGlue {
		at := r.lakeURL
		if store.IsLocal(at) {
			at = r.location
		}
		c, err := store.ParseS3URL(at)
		if err != nil {
			return nil, fmt.Errorf("--target glue: %w", err)
		}
		if r.glueRegion != "" {
			c.Region = r.glueRegion
		}
		aws, err := c.AWS(cmd.Context())
		if err != nil {
			return nil, err
		}
		return register.NewGlue(register.GlueConfig{AWS: aws, Endpoint: r.glueAddress, Database: r.schema}), nil
	}
	engine, err := trino.Open(trino.Config{
		URL: r.trinoURL, Catalog: r.catalog, Schema: r.schema,
		User: r.trinoUser, Password: secret(envTrinoPassword), Token: secret(envTrinoToken), Source: Engine(),
	})
	if err != nil {
		return nil, fmt.Errorf("--trino-url: %w", err)
	}
	return register.NewTrino(engine.Ask, r.catalog, r.schema), nil
}

// show lists the tables that something was done with; that nothing had to be done
// is one line.
func (r registering) show(cmd *cobra.Command, catalog register.Catalog, tables []register.Table, out register.Outcome) {
	did := map[string]string{}
	for _, name := range out.Added {
		did[name] = "registered"
	}
	for _, name := range out.Updated {
		did[name] = "described anew"
	}
	if len(did) > 0 {
		t := newTable(cmd.OutOrStdout())
		t.AppendHeader(table.Row{"Table", "Location", ""})
		for _, x := range tables {
			if what, ok := did[x.Name]; ok {
				t.AppendRow(table.Row{catalog.Name(x.Name), x.Location, what})
			}
		}
		t.Render()
	}
	begin := ""
	if r.dryRun {
		begin = "Nothing was done. It would be: "
	}
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%s%d registered, %d described anew, %d already registered.\n", begin, len(out.Added), len(out.Updated), len(out.Kept))
}
