package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake)
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	etl := func(args ...string) []string { return append([]string{"etl"}, args...) }
	query := func(args ...string) []string { return append([]string{"query", "--lake", lake}, args...) }
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a source that is not there":   {etl("--source", nowhere, "--lake", lake), "list source " + nowhere},
		"a source that is a file":      {etl("--source", file, "--lake", lake), "not a directory"},
		"a source of an unknown kind":  {etl("--source", "ftp://x/y", "--lake", lake), `unknown scheme "ftp"`},
		"a source that is no bucket":   {etl("--source", "s3://b", "--lake", lake), "is not a bucket name"},
		"an empty source":              {etl("--source", "", "--lake", lake), "the location is empty"},
		"no source":                    {etl("--lake", lake), `"source" not set`},
		"no lake named":                {etl("--source", source), `"lake" not set`},
		"the lake in the source":       {etl("--source", source, "--lake", filepath.Join(source, "lake")), "overlap"},
		"the source in the lake":       {etl("--source", filepath.Join(lake, "x"), "--lake", lake), "overlap"},
		"the lake as the source":       {etl("--source", lake, "--lake", "file://"+lake), "overlap"},
		"a source in another":          {etl("--source", source, "--source", source+"/workspaceId=42", "--lake", lake), "lines would come in twice"},
		"a source twice":               {etl("--source", source, "--source", source+"/.", "--lake", lake), "lines would come in twice"},
		"once and watch":               {etl("--source", source, "--lake", lake, "--once", "--watch"), "--once and --watch exclude each other"},
		"no time between runs":         {etl("--source", source, "--lake", lake, "--watch", "--interval", "1ms"), "--interval 1ms: at least 1s"},
		"an argument too many":         {etl("--source", source, "--lake", lake, "x"), `unknown command "x"`},
		"a flag that is none":          {etl("--sauce", source), "unknown flag: --sauce"},
		"a command that is none":       {[]string{"elt"}, `unknown command "elt"`},
		"query without a lake":         {[]string{"query", "--lake", nowhere, "--named", "logins_by_method"}, "no lake at " + nowhere},
		"status without a lake":        {[]string{"status", "--lake", nowhere}, "no lake at " + nowhere},
		"verify without a lake":        {[]string{"verify", "--lake", nowhere}, "no lake at " + nowhere},
		"verify of another source":     {[]string{"verify", "--lake", lake, "--source", t.TempDir()}, "the lake has nothing from source"},
		"optimize without a lake":      {[]string{"optimize", "--lake", nowhere}, "no lake at " + nowhere},
		"optimize of single files":     {[]string{"optimize", "--lake", lake, "--min-files", "1"}, "--min-files 1: at least 2"},
		"vacuum without a lake":        {[]string{"vacuum", "--lake", nowhere, "--dry-run"}, "no lake at " + nowhere},
		"vacuum of what is young":      {[]string{"vacuum", "--lake", lake, "--retention", "1h"}, "retention is too short: 1h0m0s is under 168h0m0s"},
		"vacuum of everything":         {[]string{"vacuum", "--lake", lake, "--retention", "0s", "--force"}, "--retention 0s: more than nothing"},
		"replay of a layer":            {[]string{"replay", "--lake", lake, "--table", "bronze"}, "only silver and gold tables are built"},
		"replay of no table":           {[]string{"replay", "--lake", lake, "--table", "ssh"}, "table ssh"},
		"retain nothing in particular": {[]string{"retain", "--lake", lake}, "give at least one of --bronze-days"},
		"retain less than nothing":     {[]string{"retain", "--lake", lake, "--gold-days", "-1"}, "--gold-days -1: at least 1"},
		"retention without its care":   {etl("--source", source, "--lake", lake, "--gold-days", "3"), "only with --maintain"},
		"a query that is none":         {query("--named", "clusters_created_per_dya"), "did you mean clusters_created_per_day?"},
		"a query like no other":        {query("--named", "zzz"), `no such query: "zzz"`},
		"no query named":               {query(), "--list shows the names"},
		"a parameter missing":          {query("--named", "job_owner"), "job_id is required\n"},
		"a time range without an end":  {query("--named", "data_freshness"), "looks back from there; --to says where a time range ends"},
		"a parameter without a value":  {query("--named", "job_owner", "--param", "job_id"), "write name=value"},
		"a parameter without a name":   {query("--named", "job_owner", "--param", "=5"), "write name=value"},
		"a parameter twice":            {query("--named", "job_owner", "--param", "job_id=5", "--param", "job_id=6"), "--param job_id is given twice"},
		"a parameter that is none":     {query("--named", "job_owner", "--param", "job_id=5", "--param", "x=1"), `there is no "x"`},
		"a time that is none":          {query("--named", "logins_by_method", "--from", "yesterday"), `--from: "yesterday" is not a time`},
		"a day that is none":           {query("--named", "logins_by_method", "--to", "2019-02-30"), `--to: "2019-02-30" is not a time`},
		"an end before its start":      {query("--named", "logins_by_method", "--from", "2020-01-02", "--to", "2020-01-01"), "is not before"},
		"a format that is none":        {query("--named", "logins_by_method", "--format", "xml"), `--format "xml": understood are table, json, csv`},
		"a format of status":           {[]string{"status", "--lake", lake, "--format", "csv"}, "understood are table, json"},
		"a format of verify, no lake":  {[]string{"verify", "--lake", nowhere, "--format", "csv"}, "understood are table, json"},
		"a lake that is a file":        {[]string{"status", "--lake", file}, file},
		"a tilde that nobody expanded": {[]string{"status", "--lake", "~/lake"}, "write the path out"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, tc.args...)
			if code == 0 || !strings.Contains(errOut, tc.want) || out != "" {
				t.Errorf("exit code %d, standard output %q, error %q, want %q", code, out, errOut, tc.want)
			}
			if strings.Count(errOut, "auditlake: ") != 1 || strings.Contains(errOut, "Usage:") {
				t.Errorf("error %q", errOut)
			}
		})
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("a command that failed made the folder it did not find")
	}
}

func TestAnEndpointWhereNobodyListens(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-printed")
	url := "s3://bucket/prefix?region=us-east-1&path_style=true&endpoint=http://127.0.0.1:1"
	lake := filepath.Join(t.TempDir(), "lake")
	code, _, errOut := run(t, "etl", "--source", url, "--lake", lake)
	if code == 0 || !strings.Contains(errOut, "127.0.0.1:1") || !strings.Contains(errOut, "store unavailable") || strings.Contains(errOut, "not-to-be") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
	if _, err := os.Stat(lake); err == nil {
		t.Error("a run that could not begin made a lake")
	}
}

func TestAFolderThatMayNotBeRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may read everything")
	}
	source, lake := folders(t)
	if err := os.Chmod(source, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(source, 0o755) }()
	if code, _, errOut := run(t, "etl", "--source", source, "--lake", lake); code == 0 || !strings.Contains(errOut, "access denied") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}
