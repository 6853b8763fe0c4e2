package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRebuildPrintsWhatEnginesRun(t *testing.T) {
	_, lake := worn(t, 1)
	into := filepath.Join(t.TempDir(), "into")
	printed := succeed(t, "rebuild", "--lake", lake, "--into", into, "--target", "spark", "--print")
	expect(t, printed, "-- The tables are not there yet", "`auditlake_rebuilt`.`silver` USING DELTA LOCATION 'file://", "INSERT INTO `auditlake_rebuilt`.`clusters`",
		"`auditlake_rebuilt`.`silver` VERSION AS OF 0", "serviceName IN ('clusters')", "AS `requestParamsRest`", "AS `isInteractive`", "WHERE NOT EXISTS (SELECT 1 FROM `auditlake_rebuilt`.`clusters`)")
	if code, _, errOut := run(t, "query", "--lake", into, "--sql", "SELECT 1 FROM clusters"); code == 0 || !strings.Contains(errOut, "no lake at") {
		t.Errorf("--print has made something: %d %s", code, errOut)
	}

	made := succeed(t, "rebuild", "--lake", lake, "--into", into, "--target", "trino", "--location", "s3://b/lake/", "--into-location", "s3://b/into")
	expect(t, made, `table_location => 's3://b/lake/silver'`, `table_location => 's3://b/into/gold/clusters'`, `INSERT INTO "delta"."auditlake_rebuilt"."clusters"`, `"silver" FOR VERSION AS OF 0 s`)
	if strings.Contains(made, "not there yet") {
		t.Error("the tables are there")
	}
	if again := succeed(t, "rebuild", "--lake", lake, "--into", into, "--target", "trino", "--location", "s3://b/lake", "--into-location", "s3://b/into"); again != made {
		t.Errorf("said the second time:\n%s", again)
	}
	// Nobody has run it yet: the tables are there and empty.
	if out := succeed(t, "query", "--lake", into, "--sql", "SELECT count(*) AS n, count(isInteractive) AS i FROM clusters", "--format", "csv"); out != "n,i\n0,0\n" {
		t.Errorf("%q", out)
	}
	expect(t, succeed(t, "register", "--lake", into, "--target", "spark"), "/gold/clusters'")
}

func TestRebuildRefusesWhatDoesNotFit(t *testing.T) {
	source, lake := worn(t, 1)
	for want, args := range map[string][]string{
		`--target "athena": understood are spark, trino`: {"--target", "athena", "--into", t.TempDir()},
		"--into and --lake overlap":                      {"--target", "trino", "--into", filepath.Join(lake, "x")},
		"--schema is empty":                              {"--target", "trino", "--into", t.TempDir(), "--schema", ""},
		"--catalog: tables of spark":                     {"--target", "spark", "--into", t.TempDir(), "--catalog", "c"},
	} {
		code, _, errOut := run(t, append([]string{"rebuild", "--lake", lake}, args...)...)
		if code == 0 || !strings.Contains(errOut, want) {
			t.Errorf("%q: code %d and %s, want %s", args, code, errOut, want)
		}
	}
	// What was rebuilt is no lake for runs, nor for proofs.
	into := filepath.Join(t.TempDir(), "into")
	succeed(t, "rebuild", "--lake", lake, "--into", into, "--target", "spark")
	for _, refused := range []struct {
		want string
		args []string
	}{
		{"no lake at", []string{"verify", "--lake", into}},
		{"built by another engine and is only read", []string{"etl", "--quiet", "--source", source, "--lake", into}},
	} {
		if code, _, errOut := run(t, refused.args...); code == 0 || !strings.Contains(errOut, refused.want) {
			t.Errorf("%q: code %d and %s, want %s", refused.args, code, errOut, refused.want)
		}
	}
}
