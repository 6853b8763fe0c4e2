// Package rebuild writes the SQL by which another engine makes gold of silver, in a
// fresh place: for lakes that are too large for one machine to rebuild.
//
//	etl.PlanRecipes ──► etl.Recipes ──MakeTables──► empty gold tables below the fresh root
//	                            └─────Statements──► text, to be run on Trino or Spark:
//	                                                register silver and the empty tables,
//	                                                then INSERT … SELECT once for each
//
// Auditlake makes the tables, because Trino has names of columns in lower case when
// it does (ADR 34). What a column is made of is said in pkg/etl beside the code that
// makes it there; here is how an engine says it.
//
// All statements read one version of silver, and an INSERT finds nothing to do
// where its table has rows, so that they can be run again one after the other.
package rebuild

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/register"
)

// DefaultSchema is the schema for whoever names no other. Another than
// register.DefaultSchema: the tables are called the same and lie elsewhere.
const DefaultSchema = "auditlake_rebuilt"

// Plan says what is to be written.
type Plan struct {
	Recipes etl.Recipes
	// Catalog, if the engine has one, and Schema are where tables are registered.
	Catalog, Schema string
	// Lake and Into are the roots of both lakes as the engine calls them.
	Lake, Into string
}

// Targets are the names of the engines that SQL can be written for.
func Targets() []string { return []string{"spark", "trino"} }

// Statements are in the order in which they are to be run. None ends in a semicolon.
func Statements(target string, p Plan) ([]string, error) {
	names, known := register.DialectOf(target)
	d, ok := dialectOf(target, names)
	if !known || !ok {
		return nil, fmt.Errorf("no SQL for %q: understood are %s", target, strings.Join(Targets(), ", "))
	}
	tables := []register.Table{{Name: lake.Silver, Location: p.Lake + "/" + strings.TrimSuffix(lake.Root(lake.Silver), "/")}}
	for _, r := range p.Recipes.Tables {
		tables = append(tables, register.Table{Name: r.Table, Location: p.Into + "/" + strings.TrimSuffix(lake.Root(r.Table), "/")})
	}
	all := names.Statements(p.Catalog, p.Schema, tables)
	for _, r := range p.Recipes.Tables {
		all = append(all, d.insert(p, r))
	}
	return all, nil
}

// insert is the statement that fills one table. The inner SELECT makes of the keys
// of requestParams what struct and rest are picked by.
func (d dialect) insert(p Plan, r etl.Recipe) string {
	table := func(name string) string { return d.names.Qualified(p.Catalog, p.Schema, name) }
	columns := p.Recipes.Columns(r)
	var list []string
	for _, c := range columns {
		list = append(list, "  "+d.column(c, columns))
	}
	return fmt.Sprintf(`INSERT INTO %s
SELECT
%s
FROM (
  SELECT %s.*, map_keys(requestParams) AS %s, transform(map_keys(requestParams), k -> lower(k)) AS %s, map_values(requestParams) AS %s
  FROM %s
  WHERE %s
) %s
WHERE NOT EXISTS (SELECT 1 FROM %s)`,
		table(r.Table), strings.Join(list, ",\n"),
		alias, keys, folds, values, d.at(table(lake.Silver), p.Recipes.Silver), d.where(r), alias, table(r.Table))
}

// Names that no column of silver has.
const (
	alias  = "s"
	keys   = "param_keys"
	folds  = "param_folds" // the keys in lower case
	values = "param_values"
)

// where are the rows of silver that the table has.
func (d dialect) where(r etl.Recipe) string {
	var names []string
	for _, s := range r.Services {
		names = append(names, d.names.Text(s))
	}
	in := "serviceName IN (" + strings.Join(names, ", ") + ")"
	var all string
	switch {
	case r.Others:
		all = "serviceName IS NOT NULL"
		if len(names) > 0 {
			all = "NOT " + in // which null is not either
		}
		if !r.Null {
			all = "(" + all + " OR serviceName IS NULL)"
		}
	case len(names) == 0 && !r.Null:
		all = "FALSE"
	case len(names) == 0:
		all = "serviceName IS NULL"
	case r.Null:
		all = "(" + in + " OR serviceName IS NULL)"
	default:
		all = in
	}
	if r.From != "" {
		all += " AND date >= DATE " + d.names.Text(r.From)
	}
	return all
}

func (d dialect) column(c etl.RecipeColumn, all []etl.RecipeColumn) string {
	name := d.names.Ident(c.Name)
	switch c.Making {
	case etl.Copied:
		return alias + "." + name
	case etl.Params:
		var fields []string
		for _, f := range c.Type.Fields {
			fields = append(fields, d.element(values, d.position(d.names.Text(strings.ToLower(f.Name)))))
		}
		return fmt.Sprintf("CASE WHEN requestParams IS NOT NULL THEN %s END AS %s", d.row(c.Type.Fields, fields), name)
	case etl.Rest:
		return d.rest(all) + " AS " + name
	case etl.Derived:
		return c.SQL(d.words) + " AS " + name
	default:
		return "NULL AS " + name
	}
}

// position is where the first key is that is a field's in any letter case.
func (d dialect) position(fold string) string {
	return fmt.Sprintf("nullif(array_position(%s, %s), 0)", folds, fold)
}

// rest are the parameters that have no field: the key is none, or another spelling
// of it came before.
func (d dialect) rest(all []etl.RecipeColumn) string {
	i := slices.IndexFunc(all, func(c etl.RecipeColumn) bool { return c.Making == etl.Params })
	var fields []string
	for _, f := range all[i].Type.Fields {
		fields = append(fields, d.names.Text(strings.ToLower(f.Name)))
	}
	left := fmt.Sprintf("map_filter(requestParams, (k, v) -> lower(k) NOT IN (%s) OR %s <> k)",
		strings.Join(fields, ", "), d.element(keys, d.position("lower(k)")))
	return fmt.Sprintf("CASE WHEN cardinality(%s) > 0 THEN %s END", left, left)
}
