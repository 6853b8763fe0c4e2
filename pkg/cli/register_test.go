package cli_test

import (
	"strings"
	"testing"
)

func TestRegisterPrintsWhatOthersRun(t *testing.T) {
	_, lake := worn(t, 1)
	out := succeed(t, "register", "--lake", lake, "--target", "spark")
	expect(t, out, "CREATE DATABASE IF NOT EXISTS `auditlake`;", "`auditlake`.`clusters` USING DELTA LOCATION 'file://", "/gold/clusters';", "`auditlake`.`bronze`", "`auditlake`.`runs`")
	if tables := strings.Count(out, "CREATE TABLE"); tables < 5 {
		t.Errorf("%d tables in:\n%s", tables, out)
	}
	expect(t, succeed(t, "register", "--lake", lake, "--target", "databricks", "--catalog", "main", "--schema", "audit", "--location", "s3://b/lake/"),
		"`main`.`audit`.`clusters` USING DELTA LOCATION 's3://b/lake/gold/clusters';")
	expect(t, succeed(t, "register", "--lake", lake, "--target", "athena", "--location", "s3://b/lake"), "LOCATION 's3://b/lake/gold/clusters/'")
	expect(t, succeed(t, "register", "--lake", lake, "--target", "trino", "--print"),
		`CALL "delta".system.register_table(schema_name => 'auditlake', table_name => 'clusters', table_location => 'local:///`)
}

func TestRegisterRefusesWhatDoesNotFit(t *testing.T) {
	_, lake := worn(t, 1)
	for want, args := range map[string][]string{
		`--target "hive": understood are athena, databricks, glue, spark, trino`: {"hive"},
		"--catalog is missing: name the catalog of databricks":                   {"databricks"},
		"--catalog: tables of athena are in a database alone":                    {"athena", "--catalog", "x"},
		"--trino-url is missing":                                                 {"trino", "--catalog", "x"},
		"--dry-run: for spark SQL is printed":                                    {"spark", "--dry-run"},
		"--print: Glue takes no SQL":                                             {"glue", "--print"},
		"--schema is empty":                                                      {"spark", "--schema", ""},
		"--location: databricks does not reach a folder":                         {"databricks", "--catalog", "main"},
		"--trino-url: write the URL of the coordinator without user":             {"trino", "--catalog", "x", "--trino-url", "https://me:secret@localhost"},
	} {
		code, _, errOut := run(t, append([]string{"register", "--lake", lake, "--target"}, args...)...)
		if code == 0 || !strings.Contains(errOut, want) {
			t.Errorf("%q: code %d and %s, want %s", args, code, errOut, want)
		}
	}
	t.Setenv("TRINO_PASSWORD", "secret")
	code, _, errOut := run(t, "register", "--lake", lake, "--target", "trino", "--catalog", "x", "--trino-url", "http://trino.example.com:1")
	if code == 0 || !strings.Contains(errOut, "is not sent over http") || strings.Contains(errOut, "secret") {
		t.Errorf("code %d and %s", code, errOut)
	}
}
