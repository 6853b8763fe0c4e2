package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mine = `name: mine
title: Mine
description: How many clusters were created.
group: Clusters
visualization: stat
sql: |
  select count(*) as n from clusters where actionName = 'create'
examples:
  - name: one
    events: [{at: "09:00", service: clusters, action: create}, {at: "09:00", service: clusters, action: edit}]
    rows: [{n: 1}]
`

func queryFile(t *testing.T, name, text string) (folder, path string) {
	t.Helper()
	folder = t.TempDir()
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, path
}

func TestOwnQueries(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake, "--once")
	folder, _ := queryFile(t, "mine.yaml", mine)
	if out := succeed(t, "query", "--lake", lake, "--named", "mine", "--queries", folder, "--format", "csv"); out != "n\n2\n" {
		t.Errorf("%s", out)
	}
	if out := succeed(t, "queries", "--queries", folder); !strings.Contains(out, "mine") || !strings.Contains(out, "failed_logins") {
		t.Errorf("%s", out)
	}
	out := succeed(t, "queries", "mine", "--queries", folder)
	if !strings.HasPrefix(out, "mine: Mine\nHow many clusters were created.\n") || !strings.HasSuffix(out, "where actionName = 'create'\n") {
		t.Errorf("%s", out)
	}
	if code, _, errOut := run(t, "queries", "job_owners"); code == 0 || !strings.Contains(errOut, "did you mean job_owner") {
		t.Errorf("%d %s", code, errOut)
	}
}

func TestQueriesAreChecked(t *testing.T) {
	folder, path := queryFile(t, "mine.yaml", mine)
	for _, arg := range []string{folder, path} {
		if out := succeed(t, "queries", "check", arg); out != "queries: 1, all sound; examples: 1, all as they say\n" {
			t.Errorf("%s", out)
		}
	}
	for name, tt := range map[string]struct{ file, old, new, want string }{
		"a row that does not come": {"mine.yaml", "{n: 1}", "{n: 2}", "mine.yaml:9: example \"one\": the rows are others"},
		"no SQL":                   {"mine.yaml", "from clusters", "form clusters", "mine.yaml:7:24: \"form\" stands where FROM belongs"},
		"a name that is taken":     {"job_owner.yaml", "name: mine", "name: job_owner", "job_owner.yaml: there is a query job_owner already"},
	} {
		t.Run(name, func(t *testing.T) {
			_, path := queryFile(t, tt.file, strings.Replace(mine, tt.old, tt.new, 1))
			code, out, errOut := run(t, "queries", "check", path)
			if code != 1 || out != "" || !strings.Contains(errOut, tt.want) || !strings.Contains(errOut, "some queries are wrong; 0 are sound") {
				t.Errorf("%d %s%s\nwant %s", code, out, errOut, tt.want)
			}
		})
	}
}
