package history_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/history"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func put(t *testing.T, s store.Store, key, body string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// objects are what was imported, without gzip, and without the hash of the input.
func objects(t *testing.T, s store.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.ReadAll(t.Context(), s, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(o.Key, "_") {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(o.Key, "import_")
		_, round, _ := strings.Cut(rest, "_")
		out[before+round] = string(lines)
	}
	return out
}

func everything() history.Options {
	all := history.Everything()
	return history.Options{Cut: &all}
}

// imported is what a single export becomes.
func imported(t *testing.T, key, body string) map[string]string {
	t.Helper()
	in, out := store.NewMemory("in"), store.NewMemory("out")
	put(t, in, key, body)
	if _, err := history.Import(t.Context(), history.Files(in, "in"), out, everything()); err != nil {
		t.Fatal(err)
	}
	return objects(t, out)
}

func TestRowsBecomeDeliveredLines(t *testing.T) {
	const day = "workspaceId=42/date=2024-01-02/00000.json.gz"
	for name, tc := range map[string]struct{ row, key, want string }{
		"system.access.audit": {
			`{"account_id":"a","workspace_id":"42","version":"2.0","event_time":"2024-01-02T10:00:00.123Z","event_date":"2024-01-02","source_ip_address":"10.0.0.1","user_agent":"u","session_id":"s","user_identity":{"email":"e","subject_name":null},"service_name":"jobs","action_name":"create","request_id":"r","request_params":{"a":"1","b":null},"response":{"status_code":200,"error_message":null,"result":"{}"},"audit_level":"WORKSPACE_LEVEL","event_id":"i","identity_metadata":{"run_by":"x","run_as":"y","acting_resource":"z"}}`,
			day,
			`{"version":"2.0","auditLevel":"WORKSPACE_LEVEL","timestamp":1704189600123,"accountId":"a","workspaceId":"42","sourceIPAddress":"10.0.0.1","userAgent":"u","sessionId":"s","userIdentity":{"email":"e","subjectName":null},"serviceName":"jobs","actionName":"create","requestId":"r","eventId":"i","requestParams":{"a":"1"},"response":{"statusCode":200,"errorMessage":null,"result":"{}"},"identityMetadata":{"runBy":"x","runAs":"y","actingResource":"z"}}`,
		},
		"the article's silver": {
			`{"timestamp":1704189600123,"date_time":"2024-01-02 10:00:00","date":"2024-01-03","workspaceId":42,"email":"e","flattened":"{\"cluster_name\":\"a \\\"b\\\"\",\"n\":12345678901234567890}"}`,
			day,
			`{"timestamp":1704189600123,"workspaceId":42,"userIdentity":{"email":"e"},"requestParams":{"cluster_name":"a \"b\"","n":12345678901234567890}}`,
		},
		"delivered":                  {`{"workspaceId":"42","timestamp":1704189600123,"requestParams":{"x":{"y":[1,null]}}}`, day, `{"timestamp":1704189600123,"workspaceId":"42","requestParams":{"x":{"y":[1,null]}}}`},
		"finer than milliseconds":    {`{"workspace_id":42,"event_time":"2024-01-02T11:00:00.1239+01:00"}`, day, `{"timestamp":1704189600123,"workspaceId":42,"event_time":"2024-01-02T11:00:00.1239+01:00"}`},
		"a time without a zone":      {`{"workspace_id":42,"event_time":"2024-01-02 10:00:00.123"}`, day, `{"timestamp":1704189600123,"workspaceId":42}`},
		"columns that nobody knows":  {`{"workspace_id":42,"event_time":"2024-01-02T10:00:00Z","Region":"eu","empty":null,"extra":"mine","outcome":"x"}`, day, `{"timestamp":1704189600000,"workspaceId":42,"Region":"eu","extra":"mine","outcome":"x"}`},
		"a member twice":             {`{"workspace_id":42,"workspaceId":"42","event_id":"a","eventId":"b","event_time":"2024-01-02T10:00:00Z"}`, day, `{"timestamp":1704189600000,"workspaceId":"42","eventId":"b","event_id":"a"}`},
		"no workspace":               {`{"event_time":"2024-01-02T10:00:00Z"}`, "date=2024-01-02/00000.json.gz", `{"timestamp":1704189600000}`},
		"a workspace by name":        {`{"workspace_id":"x","event_time":"2024-01-02T10:00:00Z"}`, "date=2024-01-02/00000.json.gz", `{"timestamp":1704189600000,"workspaceId":"x"}`},
		"no time":                    {`{"workspace_id":42,"action_name":"a"}`, "workspaceId=42/date=1970-01-01/00000.json.gz", `{"workspaceId":42,"actionName":"a"}`},
		"a time that is none":        {`{"event_time":"yesterday"}`, "date=1970-01-01/00000.json.gz", `{"timestamp":"yesterday"}`},
		"no JSON":                    {`{"event_time":`, "date=1970-01-01/00000.json.gz", `{"event_time":`},
		"parameters that are no map": {`{"workspace_id":42,"event_time":"2024-01-02T10:00:00Z","request_params":"a... truncated"}`, day, `{"timestamp":1704189600000,"workspaceId":42,"requestParams":"a... truncated"}`},
		"an envelope of Azure":       {`{"time":"2024-01-02T10:00:00Z","operationName":"Microsoft.Databricks/jobs/create","properties":{"serviceName":"jobs"}}`, "date=2024-01-02/00000.json.gz", `{"time":"2024-01-02T10:00:00Z","operationName":"Microsoft.Databricks/jobs/create","properties":{"serviceName":"jobs"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(map[string]string{tc.key: tc.want + "\n"}, imported(t, "a.json", tc.row+"\n")); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCSVAndFolders(t *testing.T) {
	want := map[string]string{"workspaceId=42/date=2024-01-02/00000.json.gz": `{"timestamp":1704189600000,"workspaceId":"42","userIdentity":{"email":"e"},"requestParams":{"a":"1,\n2"}}` + "\n"}
	for key, body := range map[string]string{
		"workspace_id=42/a.csv":                "\ufeffevent_time,user_identity,request_params,session_id\r\n2024-01-02T10:00:00.000Z,\"{\"\"email\"\":\"\"e\"\"}\",\"{\"\"a\"\":\"\"1,\\n2\"\"}\",\r\n",
		"workspace_id=42/b/a.JSONL":            `{"event_time":"2024-01-02 10:00:00","user_identity":{"email":"e"},"request_params":{"a":"1,\n2"}}`,
		"workspace_id=7/workspace_id=x/a.json": `{"event_time":"2024-01-02T10:00:00+0000","workspace_id":"42","user_identity":{"email":"e"},"request_params":{"a":"1,\n2"}}`,
	} {
		got := imported(t, key, body)
		if strings.HasPrefix(key, "workspace_id=7") { // says something else than the row, which is kept
			for k, v := range got {
				got[k] = strings.Replace(strings.Replace(v, `,"workspace_id":"7"`, "", 1), `,"workspace_id":"x"`, "", 1)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

// export is a year of events, two a day, in rows of five workspaces.
func export(from, to int) string {
	var sb strings.Builder
	start := time.Date(2023, 1, 1, 6, 0, 0, 0, time.UTC)
	for i := from; i < to; i++ {
		fmt.Fprintf(&sb, `{"event_time":%q,"workspace_id":"%d","request_id":"r%d"}`+"\n", start.Add(time.Duration(i)*12*time.Hour).Format(time.RFC3339), i%5, i)
	}
	return sb.String()
}

// TestItCanBeStoppedAndRunAgain lets each call to the store of the import go wrong in
// every way, runs it again, and compares with the import that nothing disturbed.
func TestItCanBeStoppedAndRunAgain(t *testing.T) {
	in := store.NewMemory("in")
	put(t, in, "a.json", export(0, 7))
	put(t, in, "b.json", export(7, 12))
	o := everything()
	o.RoundBytes = 300
	inner := store.NewMemory("out")
	clean := storetest.NewFaulty(inner)
	if _, err := history.Import(t.Context(), history.Files(in, "in"), clean, o); err != nil {
		t.Fatal(err)
	}
	want := objects(t, inner)
	if len(want) != 12 {
		t.Fatalf("%d objects", len(want))
	}
	for n := 1; n <= clean.Calls(); n++ {
		for _, fault := range storetest.Faults() {
			out := store.NewMemory("out")
			faulty := storetest.NewFaulty(out)
			faulty.FailAt(n, fault)
			_, _ = history.Import(t.Context(), history.Files(in, "in"), faulty, o)
			if _, err := history.Import(t.Context(), history.Files(in, "in"), out, o); err != nil {
				t.Fatalf("call %d, %s: the second import: %v", n, fault, err)
			}
			if diff := cmp.Diff(want, objects(t, out)); diff != "" {
				t.Fatalf("call %d, %s (-want +got):\n%s", n, fault, diff)
			}
		}
	}
}

// TestASecondImportAddsNothing runs a complete import again, also one that nobody noted
// the end of, and the ETL after each.
func TestASecondImportAddsNothing(t *testing.T) {
	in, out, to := store.NewMemory("in"), store.NewMemory("out"), store.NewMemory("lake")
	put(t, in, "a.json", export(0, 100))
	run := func(o history.Options) *history.Report {
		t.Helper()
		r, err := history.Import(t.Context(), history.Files(in, "in"), out, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := run(everything())
	want, rows := objects(t, out), events(t, bring(t, out, to))
	if r := run(history.Options{}); !r.Complete || r.Lines != first.Lines {
		t.Errorf("the second report is %+v", r)
	}
	if err := out.Delete(t.Context(), "_done.json"); err != nil {
		t.Fatal(err)
	}
	if r := run(history.Options{}); r.Complete || r.Lines != first.Lines {
		t.Errorf("the third report is %+v", r)
	}
	if diff := cmp.Diff(want, objects(t, out)); diff != "" {
		t.Errorf("objects (-first +third):\n%s", diff)
	}
	if diff := cmp.Diff(rows, events(t, bring(t, out, to))); diff != "" {
		t.Errorf("rows (-first +third):\n%s", diff)
	}
}

// TestBeforeALake imports all events where some are delivered: each is there once.
func TestBeforeALake(t *testing.T) {
	delivered, in, out, to := store.NewMemory("delivered"), store.NewMemory("in"), store.NewMemory("out"), store.NewMemory("lake")
	for i := 60; i < 100; i++ { // workspace 4 is not delivered
		if i%5 < 4 {
			at := time.Date(2023, 1, 1, 6, 0, 0, 0, time.UTC).Add(time.Duration(i) * 12 * time.Hour)
			put(t, delivered, fmt.Sprintf("workspaceId=%d/date=%s/%d.json", i%5, at.Format(time.DateOnly), i),
				fmt.Sprintf(`{"timestamp":%d,"workspaceId":"%d","requestId":"r%d"}`, at.UnixMilli(), i%5, i))
		}
	}
	cut, err := history.BeforeLake(t.Context(), bring(t, delivered, to))
	if err != nil {
		t.Fatal(err)
	}
	put(t, in, "a.json", export(0, 100))
	r, err := history.Import(t.Context(), history.Files(in, "in"), out, history.Options{Cut: &cut})
	if err != nil {
		t.Fatal(err)
	}
	if r.Lines != 68 || r.Left != 32 || r.Workspaces["4"].Left != 0 || r.Workspaces["3"].Left != 8 {
		t.Errorf("report %+v", r)
	}
	seen := map[string]int{}
	for _, row := range events(t, bring(t, out, to))["_unknown"] {
		_, rest, _ := strings.Cut(row, `"requestId":"`)
		id, _, _ := strings.Cut(rest, `"`)
		seen[id]++
	}
	for i := range 100 {
		if n := seen[fmt.Sprintf("r%d", i)]; n != 1 {
			t.Errorf("event %d is in the lake %d times", i, n)
		}
	}
	// The lake has the history now. An import that goes on does not ask it again.
	if err := out.Delete(t.Context(), "_done.json"); err != nil {
		t.Fatal(err)
	}
	if cut, err = history.BeforeLake(t.Context(), lake.New(to, lake.Options{})); err != nil {
		t.Fatal(err)
	}
	if again, err := history.Import(t.Context(), history.Files(in, "in"), out, history.Options{Cut: &cut}); err != nil || again.Lines != r.Lines {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	in, out := store.NewMemory("in"), store.NewMemory("out")
	put(t, in, "a.json", export(0, 10))
	o := everything()
	o.DryRun = true
	r, err := history.Import(t.Context(), history.Files(in, "in"), out, o)
	if err != nil || r.Lines != 10 || r.Objects != 10 {
		t.Errorf("%+v, %v", r, err)
	}
	for o := range out.List(t.Context(), "", "") {
		t.Errorf("it wrote %s", o.Key)
	}
}

func TestWhatCannotBeImportedIsSaid(t *testing.T) {
	march := history.Before(time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC))
	begun := func(in, out store.Store) {
		if _, err := history.Import(t.Context(), history.Files(in, "in"), out, everything()); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		key, body string
		before    func(in, out store.Store)
		opts      history.Options
		is        error
		want      string
	}{
		"no cut":               {"a.json", "", nil, history.Options{}, history.ErrNoCut, ""},
		"a place with another": {"a.json", "", func(_, out store.Store) { put(t, out, "date=2024-01-01/a.json", "{}") }, everything(), history.ErrOther, "date=2024-01-01/a.json"},
		"another cut":          {"a.json", "", begun, history.Options{Cut: &march}, history.ErrOther, "events of all times, not before 2024-03-01T00:00:00Z"},
		"another input": {"a.json", "", func(in, out store.Store) {
			if _, err := history.Import(t.Context(), history.Files(in, "elsewhere"), out, everything()); err != nil {
				t.Fatal(err)
			}
		}, everything(), history.ErrOther, "is for the import of files elsewhere"},
		"files that changed": {"a.json", "{}\n", func(in, out store.Store) {
			begun(in, out)
			put(t, in, "b.json", "{}\n")
			if err := out.Delete(t.Context(), "_done.json"); err != nil {
				t.Fatal(err)
			}
		}, everything(), history.ErrChanged, "there were 1 files"},
		"lines that changed": {"a.json", "{}\n", func(in, out store.Store) {
			begun(in, out)
			put(t, in, "a.json", "{ \n")
			if err := out.Delete(t.Context(), "_done.json"); err != nil {
				t.Fatal(err)
			}
		}, everything(), history.ErrOther, "other lines"},
		"a Delta table":          {"x/_delta_log/0.json", "", nil, everything(), history.ErrFormat, "--table"},
		"a file of another kind": {"a.orc", "", nil, everything(), history.ErrFormat, "a.orc"},
		"no files":               {"_x", "", nil, everything(), history.ErrFormat, "no files"},
		"an array":               {"a.json", "[{}]", nil, everything(), history.ErrFormat, "one object a line"},
		"CSV of Spark":           {"a.csv", "a,b\n1,\"{\\\"a\\\":1}\"\n", nil, everything(), history.ErrFormat, "option escape"},
		"a broken file":          {"a.json.gz", "\x1f\x8bcut", nil, everything(), history.ErrFormat, "breaks off"},
		"no Parquet":             {"a.parquet", "PAR1", nil, everything(), nil, "a.parquet"},
	} {
		t.Run(name, func(t *testing.T) {
			in, out := store.NewMemory("in"), store.NewMemory("out")
			put(t, in, tc.key, tc.body)
			if tc.before != nil {
				tc.before(in, out)
			}
			_, err := history.Import(t.Context(), history.Files(in, "in"), out, tc.opts)
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %v with %q", err, tc.is, tc.want)
			}
		})
	}
}

// TestTablesOfOthers imports tables that the reference implementations wrote: rows that
// are no events become lines all the same, and features that are not read are named.
func TestTablesOfOthers(t *testing.T) {
	root := filepath.Join(os.Getenv("AUDITLAKE_FIXTURES"), "delta-fixtures", "golden")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the Delta fixture tables are not at hand: AUDITLAKE_FIXTURES names no folder that has delta-fixtures")
	}
	for name, want := range map[string]string{
		"data-reader-primitives":              "11",
		"data-reader-partition-values":        "3",
		"data-reader-map":                     "10",
		"data-reader-nested-struct":           "10",
		"multi-part-checkpoint":               "31",
		"dv-partitioned-with-checkpoint":      "deletion vector",
		"table-with-columnmapping-mode-name":  "delta.columnMapping.mode = none",
		"time-travel-start":                   "10",
		"data-skipping-basic-stats-all-types": "1",
	} {
		t.Run(name, func(t *testing.T) {
			out := store.NewMemory("out")
			r, err := history.Import(t.Context(), history.Table(folder(t, filepath.Join(root, name, "delta")), name), out, everything())
			switch {
			case errors.Is(err, delta.ErrUnsupported) && strings.Contains(err.Error(), want):
			case err != nil:
				t.Errorf("error %v, want %q", err, want)
			case fmt.Sprint(r.Lines) != want:
				t.Errorf("%d lines, want %s", r.Lines, want)
			default:
				bring(t, out, store.NewMemory("lake"))
			}
		})
	}
}
