package register

import (
	"fmt"
	"slices"
	"strings"
)

// Dialect is the SQL of an engine, and how that calls the places of a lake.
type Dialect struct {
	Name string
	// catalog says that names have three parts. scheme is what S3 is called, folder
	// what a folder of this machine is, "" if the engine does not reach it.
	catalog        bool
	scheme, folder string
	note           []string
	ident, text    func(string) string // quote a name and a text
	schema         func(catalog, schema string) string
	table          func(catalog, schema string, t Table) string
}

// Dialects are the engines that SQL can be written for.
func Dialects() []Dialect {
	return []Dialect{
		{
			Name: "trino", catalog: true, scheme: "s3", folder: "local", ident: sqlIdent, text: sqlString,
			note: []string{
				"For a catalog of the Delta Lake connector with delta.register-table-procedure.enabled=true.",
				"A table that is registered already is an error and stays as it is.",
			},
			schema: createTrinoSchema, table: registerTrinoTable,
		},
		{
			Name: "spark", scheme: "s3a", folder: "file", ident: sparkIdent, text: sparkString,
			note: []string{"For Spark with Delta Lake, and so for the Hive metastore it uses. It can be run again."},
			schema: func(_, schema string) string {
				return "CREATE DATABASE IF NOT EXISTS " + sparkIdent(schema)
			},
			table: func(_, schema string, t Table) string {
				return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s.%s USING DELTA LOCATION %s", sparkIdent(schema), sparkIdent(t.Name), sparkString(t.Location))
			},
		},
		{
			Name: "databricks", catalog: true, scheme: "s3", ident: sparkIdent, text: sparkString,
			note: []string{
				"External tables of Unity Catalog, whose external location covers the lake. Nobody should write",
				"to them but Auditlake: grant SELECT. It can be run again.",
			},
			schema: func(catalog, schema string) string {
				return fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS %s.%s", sparkIdent(catalog), sparkIdent(schema))
			},
			table: func(catalog, schema string, t Table) string {
				return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s.%s.%s USING DELTA LOCATION %s",
					sparkIdent(catalog), sparkIdent(schema), sparkIdent(t.Name), sparkString(t.Location))
			},
		},
		{
			Name: "athena", scheme: "s3", ident: sparkIdent, text: sparkString,
			note: []string{"Athena takes one statement at a time. They can be run again."},
			schema: func(_, schema string) string {
				return "CREATE DATABASE IF NOT EXISTS " + sparkIdent(schema)
			},
			table: func(_, schema string, t Table) string {
				return fmt.Sprintf("CREATE EXTERNAL TABLE IF NOT EXISTS %s.%s LOCATION %s TBLPROPERTIES ('table_type' = 'DELTA')",
					sparkIdent(schema), sparkIdent(t.Name), sparkString(t.Location+"/"))
			},
		},
	}
}

// DialectOf finds a dialect by its name.
func DialectOf(name string) (Dialect, bool) {
	all := Dialects()
	i := slices.IndexFunc(all, func(d Dialect) bool { return d.Name == name })
	if i < 0 {
		return Dialect{}, false
	}
	return all[i], true
}

// HasCatalog says whether the engine's tables are in a catalog that has a name.
func (d Dialect) HasCatalog() bool { return d.catalog }

// Root is how the engine calls the place that RootOf names.
func (d Dialect) Root(root string) (string, error) {
	scheme, rest, _ := strings.Cut(root, ":")
	switch {
	case scheme == "s3":
		return d.scheme + ":" + rest, nil
	case d.folder != "":
		return d.folder + ":" + rest, nil
	}
	return "", fmt.Errorf("%s does not reach a folder of this machine: say where it finds the lake", d.Name)
}

// SQL is the text that registers tables, for the user to run. Each statement is one
// line that ends with a semicolon; lines that begin with -- are comments.
func (d Dialect) SQL(catalog, schema string, tables []Table) string {
	var text strings.Builder
	for _, line := range d.note {
		fmt.Fprintf(&text, "-- %s\n", line)
	}
	for _, statement := range d.Statements(catalog, schema, tables) {
		fmt.Fprintf(&text, "%s;\n", statement)
	}
	return text.String()
}

// Statements are those of SQL, without semicolons: the schema, then each table.
func (d Dialect) Statements(catalog, schema string, tables []Table) []string {
	all := []string{d.schema(catalog, schema)}
	for _, t := range tables {
		all = append(all, d.table(catalog, schema, t))
	}
	return all
}

// Ident and Text quote a name and a text as the engine does.
func (d Dialect) Ident(name string) string { return d.ident(name) }
func (d Dialect) Text(text string) string  { return d.text(text) }

// Qualified is a table's name with all its parts.
func (d Dialect) Qualified(catalog, schema, table string) string {
	name := d.ident(schema) + "." + d.ident(table)
	if d.catalog {
		name = d.ident(catalog) + "." + name
	}
	return name
}

// sqlIdent and sqlString quote as the standard does, and Trino.
func sqlIdent(name string) string  { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func sqlString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// sparkIdent and sparkString quote as Spark, Databricks and Hive do.
func sparkIdent(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func sparkString(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
