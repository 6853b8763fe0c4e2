package cli_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/cli"
)

// run is one call of the program.
func run(t testing.TB, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := cli.New("auditlake")
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	code = cli.Main(root)
	return code, stdout.String(), stderr.String()
}

func succeed(t testing.TB, args ...string) string {
	t.Helper()
	code, out, errOut := run(t, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d: %s", args, code, errOut)
	}
	return out
}

// folders are a source with one delivered file and an empty place for a lake.
func folders(t testing.TB) (source, lake string) {
	t.Helper()
	source, lake = t.TempDir(), filepath.Join(t.TempDir(), "lake")
	deliver(t, source, "date=2019-12-28/auditlogs_1.json", cluster("a, \"b\"\nc"), cluster("d"), "no event")
	return source, lake
}

func cluster(name string) string {
	text, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"timestamp":1577520000000,"serviceName":"clusters","actionName":"create","userIdentity":{"email":"u@example.com"},`+
		`"requestParams":{"cluster_name":%s,"autotermination_minutes":0},"response":{"statusCode":200,"result":"{\"cluster_id\":\"c\"}"}}`, text)
}

func deliver(t testing.TB, source, key string, lines ...string) {
	t.Helper()
	path := filepath.Join(source, "workspaceId=42", key)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFromDeliveredFilesToAnswers(t *testing.T) {
	source, lake := folders(t)
	out := succeed(t, "etl", "--source", source, "--lake", lake, "--once")
	for _, want := range []string{"Read 1 new or changed files of 1 delivered ones", "bronze", "quarantine", "events, in 1 service tables"} {
		if !strings.Contains(out, want) {
			t.Errorf("etl prints no %q:\n%s", want, out)
		}
	}
	if out := succeed(t, "etl", "--source", source, "--lake", lake); !strings.HasPrefix(out, "Nothing new in 1 delivered files") {
		t.Errorf("the second run prints:\n%s", out)
	}
	if out := succeed(t, "verify", "--lake", lake, "--source", source); !strings.Contains(out, "Every delivered line is accounted for.") {
		t.Errorf("verify prints:\n%s", out)
	}
	if out := succeed(t, "status", "--lake", lake); !strings.Contains(out, "clusters") || !strings.Contains(out, "succeeded") {
		t.Errorf("status prints:\n%s", out)
	}
	query := []string{"query", "--lake", lake, "--named", "clusters_created_per_day", "--from", "2019-12-28", "--to", "2019-12-29"}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(succeed(t, append(query, "--format", "json")...)), &rows); err != nil || len(rows) != 1 {
		t.Errorf("json: %v, %v", rows, err)
	}
	records, err := csv.NewReader(strings.NewReader(succeed(t, append(query, "--format", "csv")...))).ReadAll()
	if err != nil || len(records) != 2 || records[1][0] != "2019-12-28" {
		t.Errorf("csv: %q, %v", records, err)
	}
	if out := succeed(t, query...); !strings.Contains(out, "1 row") {
		t.Errorf("table:\n%s", out)
	}
	none := []string{"query", "--lake", lake, "--named", "clusters_created_per_day", "--to", "2019-12-28", "--format"}
	if err := json.Unmarshal([]byte(succeed(t, append(none, "json")...)), &rows); err != nil || len(rows) != 0 {
		t.Errorf("json without rows: %v, %v", rows, err)
	}
}

func TestQuotesSurviveCSV(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake, "--quiet")
	out := succeed(t, "query", "--lake", lake, "--named", "clusters_without_autotermination", "--format", "csv")
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || !strings.Contains(fmt.Sprintf("%q", records), `a, \"b\"\nc`) {
		t.Errorf("%q, %v", records, err)
	}
}

func TestMachinesCanReadStatusAndVerify(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake)
	var status struct {
		Tables []struct {
			Name                        string
			Version, Rows, Files, Bytes int64
			LastEvent                   *string
		}
		Runs []map[string]any
	}
	if err := json.Unmarshal([]byte(succeed(t, "status", "--lake", lake, "--format", "json")), &status); err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, table := range status.Tables {
		rows[table.Name] = table.Rows
	}
	if diff := cmp.Diff(map[string]int64{"bronze": 3, "quarantine": 1, "silver": 2, "clusters": 2}, rows); diff != "" || len(status.Runs) != 1 {
		t.Errorf("%d runs; rows (-want +got):\n%s", len(status.Runs), diff)
	}
	var report struct {
		Bronze, Silver, Quarantine, GoldTotal int64
		Problems                              []string
	}
	if err := json.Unmarshal([]byte(succeed(t, "verify", "--lake", lake, "--format", "json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Bronze != 3 || report.Silver != 2 || report.Quarantine != 1 || report.GoldTotal != 2 || report.Problems == nil {
		t.Errorf("report %+v", report)
	}
}

func TestVerifyFailsOnAProblem(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake)
	logs, err := filepath.Glob(filepath.Join(lake, "gold", "clusters"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	if err := os.RemoveAll(logs[0]); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := run(t, "verify", "--lake", lake)
	if code == 0 || !strings.Contains(out, "PROBLEM gold: table clusters is missing") || !strings.Contains(errOut, "1 problems found") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errOut)
	}
}

func TestDamagedAndUnknownFilesAreWarnedOf(t *testing.T) {
	source, lake := folders(t)
	deliver(t, source, "notes.txt", "x")
	deliver(t, source, "date=2019-12-28/cut.json.gz", "\x1f\x8bcut")
	code, _, errOut := run(t, "etl", "--source", source, "--lake", lake)
	if code != 0 || !strings.Contains(errOut, "1 keys in the source are no delivery") || !strings.Contains(errOut, "1 files break off") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
	succeed(t, "verify", "--lake", lake, "--source", source)
}
