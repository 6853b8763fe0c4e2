package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHistoryFromALakesOwnTables imports the silver table of a lake, and what SQL says of
// system.access.audit as CSV, and asks the lakes they become the same as the first one.
func TestHistoryFromALakesOwnTables(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake, "--quiet")
	exported := t.TempDir()
	csv := succeed(t, "query", "--lake", lake, "--format", "csv", "--sql", "SELECT event_time, workspace_id, user_identity.email AS email, "+
		"service_name, action_name, request_params, CASE WHEN true THEN '{\"status_code\":200}' END AS response FROM audit")
	if err := os.WriteFile(filepath.Join(exported, "audit.csv"), []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(lake string) string {
		return succeed(t, "query", "--lake", lake, "--format", "csv", "--sql",
			"SELECT date, email, workspaceId, requestParams.cluster_name, autoterminationMinutes, outcome FROM clusters WHERE actionName = 'create' ORDER BY 4")
	}
	want := ask(lake)
	for _, args := range [][]string{{"--table", filepath.Join(lake, "silver")}, {"--files", exported}} {
		out, second := filepath.Join(t.TempDir(), "history"), filepath.Join(t.TempDir(), "lake")
		args = append([]string{"import", "--out", out, "--everything"}, args...)
		if text := succeed(t, append(args, "--dry-run")...); !strings.Contains(text, "Would write 2 lines") {
			t.Errorf("a dry run prints\n%s", text)
		}
		if text := succeed(t, args...); !strings.Contains(text, "Wrote 2 lines") || !strings.Contains(text, "auditlake etl --source "+out) {
			t.Errorf("import prints\n%s", text)
		}
		if text := succeed(t, args...); !strings.Contains(text, "Nothing to do. An earlier import wrote 2 lines") {
			t.Errorf("the second import prints\n%s", text)
		}
		succeed(t, "etl", "--source", out, "--lake", second, "--quiet")
		succeed(t, "verify", "--source", out, "--lake", second)
		if diff := cmp.Diff(want, ask(second)); diff != "" {
			t.Errorf("%v (-delivered +imported):\n%s", args, diff)
		}
	}
	out := filepath.Join(t.TempDir(), "history")
	if text := succeed(t, "import", "--out", out, "--lake", lake, "--files", exported); !strings.Contains(text, "Wrote 0 lines") {
		t.Errorf("an import of what the lake has prints\n%s", text)
	}
}

func TestWhatCannotBeImportedIsSaid(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake, "--quiet")
	out := filepath.Join(t.TempDir(), "out")
	silver := filepath.Join(lake, "silver")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no cut":              {[]string{"--table", silver, "--out", out}, "give --before TIME, --lake URL or"},
		"two cuts":            {[]string{"--table", silver, "--out", out, "--before", "2024-01-01", "--everything"}, "none of the others can be"},
		"no input":            {[]string{"--out", out, "--everything"}, "[table files]"},
		"no table":            {[]string{"--table", source, "--out", out, "--everything"}, "no Delta table here"},
		"a table as files":    {[]string{"--files", silver, "--out", out, "--everything"}, "name the table itself, with --table"},
		"among what is read":  {[]string{"--files", source, "--out", filepath.Join(source, "x"), "--everything"}, "overlap"},
		"in the lake":         {[]string{"--files", source, "--out", filepath.Join(lake, "x"), "--lake", lake}, "overlap"},
		"no such lake":        {[]string{"--files", source, "--out", out, "--lake", filepath.Join(t.TempDir(), "x")}, "no lake at"},
		"among deliveries":    {[]string{"--table", silver, "--out", source, "--everything"}, "import into an empty place"},
		"a time that is none": {[]string{"--table", silver, "--out", out, "--before", "March"}, `--before: "March" is not a time`},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, errOut := run(t, append([]string{"import"}, tc.args...)...)
			if code == 0 || !strings.Contains(errOut, tc.want) || text != "" {
				t.Errorf("exit code %d, %q, error %q, want %q", code, text, errOut, tc.want)
			}
		})
	}
}
