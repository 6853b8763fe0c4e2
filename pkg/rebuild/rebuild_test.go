package rebuild_test

import (
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/rebuild"
)

func recipe(r etl.Recipe) etl.Recipe {
	text := columnar.Of(columnar.String)
	r.Table = "t"
	r.Schema = columnar.Schema{
		{Name: "requestParams", Type: columnar.StructOf(columnar.Field{Name: "it's", Type: text}, columnar.Field{Name: "Back\\", Type: text})},
		{Name: "requestParamsRest", Type: columnar.MapOf(text, text)},
		{Name: "of another version", Type: text},
	}
	return r
}

func statements(t *testing.T, target string, r etl.Recipe) []string {
	t.Helper()
	all, err := rebuild.Statements(target, rebuild.Plan{
		Recipes: etl.Recipes{Silver: 7, Tables: []etl.Recipe{recipe(r)}}, Catalog: "c", Schema: "s", Lake: "s3://lake", Into: "s3://into",
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestWhichEventsATableHas is about what engines are asked for seldom: events past
// the limit of tables, and what retention has removed.
func TestWhichEventsATableHas(t *testing.T) {
	for want, r := range map[string]etl.Recipe{
		`WHERE serviceName IN ('a', 'it''s')` + "\n":                     {Services: []string{"a", "it's"}},
		`WHERE (serviceName IN ('') OR serviceName IS NULL)` + "\n":      {Services: []string{""}, Null: true},
		`WHERE serviceName IS NULL` + "\n":                               {Null: true},
		`WHERE FALSE` + "\n":                                             {},
		`WHERE NOT serviceName IN ('a')` + "\n":                          {Services: []string{"a"}, Null: true, Others: true},
		`WHERE (NOT serviceName IN ('a') OR serviceName IS NULL)` + "\n": {Services: []string{"a"}, Others: true},
		`WHERE (serviceName IS NOT NULL OR serviceName IS NULL)` + "\n":  {Others: true},
		`WHERE serviceName IN ('a') AND date >= DATE '2024-03-01'`:       {Services: []string{"a"}, From: "2024-03-01"},
	} {
		if all := statements(t, "trino", r); !strings.Contains(all[len(all)-1], want) {
			t.Errorf("no %q in\n%s", want, all[len(all)-1])
		}
	}
}

func TestStatements(t *testing.T) {
	for target, want := range map[string][]string{
		"trino": {
			`CREATE SCHEMA IF NOT EXISTS "c"."s"`, `table_location => 's3://lake/silver'`, `table_location => 's3://into/gold/t'`,
			`"c"."s"."silver" FOR VERSION AS OF 7 s`, `array_position(param_folds, 'it''s')`, `ROW("it's" varchar, "Back\" varchar)`, `NULL AS "of another version"`,
			`WHERE NOT EXISTS (SELECT 1 FROM "c"."s"."t")`,
		},
		"spark": {
			"CREATE DATABASE IF NOT EXISTS `s`", "`s`.`silver` USING DELTA LOCATION 's3://lake/silver'", "`s`.`silver` VERSION AS OF 7 s",
			`array_position(param_folds, 'it\'s')`, `named_struct('it\'s', `, `'Back\\', `, "NULL AS `of another version`",
		},
	} {
		text := strings.Join(statements(t, target, etl.Recipe{}), ";\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %s in\n%s", target, w, text)
			}
		}
	}
	if _, err := rebuild.Statements("athena", rebuild.Plan{}); err == nil || !strings.Contains(err.Error(), "understood are spark, trino") {
		t.Errorf("athena: %v", err)
	}
}
