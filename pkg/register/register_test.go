package register_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/register"
)

func table(name, location string) register.Table {
	return register.Table{Name: name, Location: location}
}

func TestWhatIsPrintedForEachEngine(t *testing.T) {
	for _, tt := range []struct{ engine, want string }{
		{"trino", `
CREATE SCHEMA IF NOT EXISTS "cat"."auditlake";
CALL "cat".system.register_table(schema_name => 'auditlake', table_name => 'silver', table_location => 's3://b/it''s\lake/silver');
`},
		{"spark", `
CREATE DATABASE IF NOT EXISTS ` + "`auditlake`" + `;
CREATE TABLE IF NOT EXISTS ` + "`auditlake`.`silver`" + ` USING DELTA LOCATION 's3a://b/it\'s\\lake/silver';
`},
		{"databricks", `
CREATE SCHEMA IF NOT EXISTS ` + "`cat`.`auditlake`" + `;
CREATE TABLE IF NOT EXISTS ` + "`cat`.`auditlake`.`silver`" + ` USING DELTA LOCATION 's3://b/it\'s\\lake/silver';
`},
		{"athena", `
CREATE DATABASE IF NOT EXISTS ` + "`auditlake`" + `;
CREATE EXTERNAL TABLE IF NOT EXISTS ` + "`auditlake`.`silver`" + ` LOCATION 's3://b/it\'s\\lake/silver/' TBLPROPERTIES ('table_type' = 'DELTA');
`},
	} {
		d, ok := register.DialectOf(tt.engine)
		if !ok {
			t.Fatalf("no dialect %s", tt.engine)
		}
		root, err := d.Root(`s3://b/it's\lake`)
		if err != nil {
			t.Fatal(err)
		}
		var statements strings.Builder
		for line := range strings.Lines(d.SQL("cat", "auditlake", []register.Table{table("silver", root+"/silver")})) {
			if !strings.HasPrefix(line, "--") {
				statements.WriteString(line)
			}
		}
		if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), statements.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.engine, diff)
		}
	}
}

func TestRoots(t *testing.T) {
	here, err := filepath.Abs("a b")
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"s3://bucket/a%20b/?region=eu-central-1&endpoint=http://x:1": "s3://bucket/a b",
		"s3://bucket":         "s3://bucket",
		"a b":                 "file://" + filepath.ToSlash(here),
		"file:///lake/a%20b/": "file:///lake/a b",
	} {
		if got, err := register.RootOf(url); err != nil || got != want {
			t.Errorf("root of %s: %s, %v, want %s", url, got, err, want)
		}
	}
	if _, err := register.RootOf("gs://bucket"); err == nil {
		t.Error("a root without a way to it")
	}
	athena, _ := register.DialectOf("athena")
	if _, err := athena.Root("file:///lake"); err == nil || !strings.Contains(err.Error(), "athena does not reach a folder") {
		t.Errorf("error is %v", err)
	}
}

// fake is a Trino that has tables, by name, at locations.
type fake struct {
	tables  map[string]string
	schemas []string
	broken  string // a table that cannot be described
	asked   []string
	// before is called with each statement; an error is its answer.
	before func(statement string) error
}

func (f *fake) ask(_ context.Context, statement string) ([][]any, error) {
	f.asked = append(f.asked, statement)
	if f.before != nil {
		if err := f.before(statement); err != nil {
			return nil, err
		}
	}
	quoted := strings.Split(statement, "'")
	switch {
	case strings.HasPrefix(statement, "SELECT table_name"):
		var rows [][]any
		for name := range f.tables {
			rows = append(rows, []any{name})
		}
		return rows, nil
	case strings.HasPrefix(statement, "SHOW CREATE TABLE"):
		name := strings.Trim(statement[strings.LastIndex(statement, ".")+1:], `"`)
		if name == f.broken {
			return nil, errors.New("metadata not found")
		}
		return [][]any{{fmt.Sprintf("CREATE TABLE c.s.%s (\n   x varchar COMMENT 'y'\n)\nWITH (\n   location = '%s',\n   partitioned_by = ARRAY['date']\n)",
			name, strings.ReplaceAll(f.tables[name], "'", "''"))}}, nil
	case strings.HasPrefix(statement, "SHOW SCHEMAS"):
		var rows [][]any
		for _, s := range f.schemas {
			rows = append(rows, []any{s})
		}
		return rows, nil
	case strings.HasPrefix(statement, "CREATE SCHEMA"):
		f.schemas = append(f.schemas, "s")
	case strings.HasPrefix(statement, "CALL"):
		f.tables[quoted[3]] = quoted[5]
	default:
		return nil, fmt.Errorf("statement is %s", statement)
	}
	return nil, nil
}

func (f *fake) changes() (n int) {
	for _, s := range f.asked {
		if strings.HasPrefix(s, "CREATE") || strings.HasPrefix(s, "CALL") {
			n++
		}
	}
	return n
}

func TestOnlyWhatIsNewIsRegistered(t *testing.T) {
	f := &fake{tables: map[string]string{}}
	catalog := register.NewTrino(f.ask, "c", "s")
	tables := []register.Table{table("silver", "s3://b/silver"), table("clusters", "s3://b/gold/clusters")}
	for _, tt := range []struct {
		name    string
		tables  []register.Table
		want    register.Outcome
		changes int
	}{
		{"first", tables, register.Outcome{Added: []string{"silver", "clusters"}}, 3},
		{"again", tables, register.Outcome{Kept: []string{"silver", "clusters"}}, 0},
		{"one more", append(tables, table("jobs", "s3://b/gold/jobs")), register.Outcome{Added: []string{"jobs"}, Kept: []string{"silver", "clusters"}}, 1},
		{"by another client's name", []register.Table{table("jobs", "s3a://b/gold/jobs/")}, register.Outcome{Kept: []string{"jobs"}}, 0},
	} {
		before := f.changes()
		planned, err := register.Plan(t.Context(), catalog, tt.tables)
		if err != nil {
			t.Fatal(err)
		}
		if f.changes() != before {
			t.Errorf("%s: planning changes something", tt.name)
		}
		got, err := register.Register(t.Context(), catalog, tt.tables)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(planned, got); diff != "" {
			t.Errorf("%s, planned and done (-planned +done):\n%s", tt.name, diff)
		}
		if n := f.changes() - before; n != tt.changes {
			t.Errorf("%s: %d changes, want %d: %q", tt.name, n, tt.changes, f.asked)
		}
	}
}

func TestNamesThatAreTakenAreLeftAlone(t *testing.T) {
	f := &fake{tables: map[string]string{"silver": "s3://old/it's", "runs": "s3://b/runs"}, broken: "runs", schemas: []string{"s"}}
	got, err := register.Register(t.Context(), register.NewTrino(f.ask, "c", "s"), []register.Table{
		table("silver", "s3://b/silver"), table("runs", "s3://b/runs"), table("jobs", "s3://b/gold/jobs"),
	})
	if diff := cmp.Diff(register.Outcome{Added: []string{"jobs"}}, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"c.s.silver is registered at s3://old/it's and lies at s3://b/silver: choose another schema, or ",
		`CALL "c".system.unregister_table(schema_name => 's', table_name => 'silver')`,
		"c.s.runs is there, and cannot be read: metadata not found",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if taken, ok := errors.AsType[*register.TakenError](err); !ok || taken.Name != "c.s.silver" {
		t.Errorf("error is %#v", err)
	}
	if f.tables["silver"] != "s3://old/it's" {
		t.Errorf("silver is at %s", f.tables["silver"])
	}
}

func TestTwoThatRegisterAtOnce(t *testing.T) {
	f := &fake{tables: map[string]string{}, schemas: []string{"s"}}
	f.before = func(statement string) error {
		if strings.HasPrefix(statement, "CALL") {
			f.tables["silver"] = "s3://b/silver" // the other was quicker
			return errors.New("table already exists")
		}
		return nil
	}
	got, err := register.Register(t.Context(), register.NewTrino(f.ask, "c", "s"), []register.Table{table("silver", "s3://b/silver")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(register.Outcome{Kept: []string{"silver"}}, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	f.tables = map[string]string{}
	f.before = func(statement string) error {
		if strings.HasPrefix(statement, "CALL") {
			return errors.New("access denied")
		}
		return nil
	}
	if _, err := register.Register(t.Context(), register.NewTrino(f.ask, "c", "s"), []register.Table{table("silver", "s3://b/silver")}); err == nil || !strings.Contains(err.Error(), "access denied") {
		t.Errorf("error is %v", err)
	}
}
