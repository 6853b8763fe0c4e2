package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/rebuild"
	"github.com/auditlake/auditlake/pkg/register"
	"github.com/auditlake/auditlake/pkg/store"
)

// rebuilding are the flags of rebuild.
type rebuilding struct {
	lakeURL, into, target  string
	catalog, schema        string
	location, intoLocation string
	print                  bool
}

func rebuildCommand() *cobra.Command {
	var r rebuilding
	cmd := &cobra.Command{
		Use:   "rebuild --lake URL --into URL --target " + strings.Join(rebuild.Targets(), "|"),
		Short: "Have another engine build gold from silver, in a fresh place",
		Long: `Makes empty gold tables below --into and prints the SQL by which Trino or Spark fills
them from the silver of --lake, all from the version that silver has now. What comes of
it has the rows that replay would make, and is for reading: queries, events and other
engines. Runs of the ETL refuse to write there.

For lakes too large for one machine; replay rebuilds the lake itself.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	lakeFlag(cmd, &r.lakeURL)
	f := cmd.Flags()
	f.StringVar(&r.into, "into", "", "where the new tables get: a folder or s3://bucket/prefix?…, apart from the lake")
	f.StringVar(&r.target, "target", "", strings.Join(rebuild.Targets(), ", "))
	f.StringVar(&r.catalog, "catalog", "", "catalog of Trino, if it is not "+defaultTrinoCatalog)
	f.StringVar(&r.schema, "schema", rebuild.DefaultSchema, "schema, or database, that silver and the new tables are registered in")
	f.StringVar(&r.location, "location", "", "where the engine finds the lake, if it is not --lake")
	f.StringVar(&r.intoLocation, "into-location", "", "where the engine finds the new tables, if it is not --into")
	f.BoolVar(&r.print, "print", false, "print the SQL and make no tables")
	must(cmd.MarkFlagRequired("into"))
	must(cmd.MarkFlagRequired("target"))
	return cmd
}

func (r rebuilding) run(cmd *cobra.Command) error {
	dialect, known := register.DialectOf(r.target)
	switch {
	case !known || !slices.Contains(rebuild.Targets(), r.target):
		return fmt.Errorf("--target %q: understood are %s", r.target, strings.Join(rebuild.Targets(), ", "))
	case r.schema == "":
		return errors.New("--schema is empty: leave it out for " + rebuild.DefaultSchema)
	case dialect.HasCatalog() && r.catalog == "":
		r.catalog = defaultTrinoCatalog
	case !dialect.HasCatalog() && r.catalog != "":
		return fmt.Errorf("--catalog: tables of %s are in a database alone, --schema", r.target)
	}
	overlap, err := store.Overlap(r.lakeURL, r.into)
	if err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	if overlap {
		return errors.New("--into and --lake overlap: the new tables must lie apart from the lake, whose own replay rebuilds")
	}
	from, err := engineRoot(dialect, r.lakeURL, r.location, "--location")
	if err != nil {
		return err
	}
	to, err := engineRoot(dialect, r.into, r.intoLocation, "--into-location")
	if err != nil {
		return err
	}
	l, err := existingLake(cmd, r.lakeURL)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	recipes, err := etl.PlanRecipes(ctx, l)
	if err != nil {
		return err
	}
	statements, err := rebuild.Statements(r.target, rebuild.Plan{
		Recipes: recipes, Catalog: r.catalog, Schema: r.schema, Lake: from, Into: to,
	})
	if err != nil {
		return err
	}
	if !r.print {
		into, err := openLake(ctx, r.into, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if err := recipes.MakeTables(ctx, into); err != nil {
			return fmt.Errorf("--into: %w", err)
		}
	}
	return r.show(cmd, recipes, statements)
}

func (r rebuilding) show(cmd *cobra.Command, recipes etl.Recipes, statements []string) error {
	var rows int64
	for _, t := range recipes.Tables {
		rows += t.Rows
	}
	var out strings.Builder
	fmt.Fprintf(&out, "-- Gold of version %d of silver: %d tables, %s rows. Statements that are done may be run again.\n",
		recipes.Silver, len(recipes.Tables), number(rows))
	if recipes.Horizon != "" {
		fmt.Fprintf(&out, "-- Silver begins on %s, as retention has it: rows of gold before that day cannot be built from it.\n", recipes.Horizon)
	}
	if r.print {
		out.WriteString("-- The tables are not there yet: the same command without --print makes them.\n")
	}
	for _, s := range statements {
		out.WriteString(s + ";\n")
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), out.String())
	return err
}
