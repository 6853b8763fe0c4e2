package register

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Ask runs a statement on a Trino to its end and gives its rows. It is called
// concurrently.
type Ask func(ctx context.Context, statement string) ([][]any, error)

// Trino is the schema of a catalog of Trino's Delta Lake connector. The tables come
// to be in the metastore that the catalog is of: Hive's, Glue, or files.
type Trino struct {
	ask             Ask
	catalog, schema string
}

var _ Catalog = (*Trino)(nil)

// NewTrino is told the names of catalog and schema. It asks nothing.
func NewTrino(ask Ask, catalog, schema string) *Trino { return &Trino{ask, catalog, schema} }

// looking is how many tables are asked for at once.
const looking = 4

// Look implements Catalog. Trino tells the location of a table in the statement
// that would make it, and nowhere else.
func (c *Trino) Look(ctx context.Context, tables []Table) ([]Entry, error) {
	rows, err := c.ask(ctx, fmt.Sprintf("SELECT table_name FROM %s.information_schema.tables WHERE table_schema = %s",
		sqlIdent(c.catalog), sqlString(c.schema)))
	if err != nil {
		return nil, fmt.Errorf("look for tables in %s.%s: %w", c.catalog, c.schema, err)
	}
	there := map[string]bool{}
	for _, row := range rows {
		there[fmt.Sprint(row[0])] = true
	}
	entries := make([]Entry, len(tables))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(looking)
	for i, t := range tables {
		if !there[t.Name] {
			continue
		}
		g.Go(func() error {
			entries[i] = c.look(ctx, t)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return entries, nil
}

func (c *Trino) look(ctx context.Context, t Table) Entry {
	rows, err := c.ask(ctx, "SHOW CREATE TABLE "+c.qualified(t.Name))
	if err != nil {
		return Entry{State: Taken, Why: err}
	}
	var location string
	if len(rows) == 1 {
		location = locationOf(fmt.Sprint(rows[0][0]))
	}
	if sameLocation(location, t.Location) {
		return Entry{State: Current}
	}
	return Entry{State: Taken, Location: location}
}

var locationRE = regexp.MustCompile(`(?m)^\s*location = '((?:[^']|'')*)'`)

// locationOf reads the property out of CREATE TABLE; properties come last.
func locationOf(statement string) string {
	found := locationRE.FindAllStringSubmatch(statement, -1)
	if len(found) == 0 {
		return ""
	}
	return strings.ReplaceAll(found[len(found)-1][1], "''", "'")
}

// Prepare implements Catalog. Who may not make schemas may still use one.
func (c *Trino) Prepare(ctx context.Context) error {
	rows, err := c.ask(ctx, fmt.Sprintf("SHOW SCHEMAS FROM %s", sqlIdent(c.catalog)))
	if err != nil {
		return fmt.Errorf("look for schema %s in catalog %s: %w", c.schema, c.catalog, err)
	}
	if slices.ContainsFunc(rows, func(row []any) bool { return fmt.Sprint(row[0]) == c.schema }) {
		return nil
	}
	if _, err := c.ask(ctx, createTrinoSchema(c.catalog, c.schema)); err != nil {
		return fmt.Errorf("make schema %s in catalog %s: %w; where the metastore has no place of its own for schemas, make it by hand WITH (location = …)",
			c.schema, c.catalog, err)
	}
	return nil
}

// Add implements Catalog.
func (c *Trino) Add(ctx context.Context, t Table) error {
	if _, err := c.ask(ctx, registerTrinoTable(c.catalog, c.schema, t)); err != nil {
		return fmt.Errorf("register %s at %s: %w; the catalog needs delta.register-table-procedure.enabled=true and the way to the store",
			c.Name(t.Name), t.Location, err)
	}
	return nil
}

// Update implements Catalog. There is nothing to do: Trino reads columns from the log.
func (c *Trino) Update(context.Context, Table) error { return nil }

// Name implements Catalog.
func (c *Trino) Name(table string) string { return c.catalog + "." + c.schema + "." + table }

// Remove implements Catalog.
func (c *Trino) Remove(table string) string {
	return fmt.Sprintf("have Trino forget it, which deletes nothing: CALL %s.system.unregister_table(schema_name => %s, table_name => %s)",
		sqlIdent(c.catalog), sqlString(c.schema), sqlString(table))
}

func (c *Trino) qualified(table string) string {
	return sqlIdent(c.catalog) + "." + sqlIdent(c.schema) + "." + sqlIdent(table)
}

func createTrinoSchema(catalog, schema string) string {
	return fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS %s.%s", sqlIdent(catalog), sqlIdent(schema))
}

func registerTrinoTable(catalog, schema string, t Table) string {
	return fmt.Sprintf("CALL %s.system.register_table(schema_name => %s, table_name => %s, table_location => %s)",
		sqlIdent(catalog), sqlString(schema), sqlString(t.Name), sqlString(t.Location))
}
