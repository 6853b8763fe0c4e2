package etl_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// azureEvent is event in Azure's envelope, its members JSON as text.
func azureEvent(n int, service, action, params string) string {
	at := now().Add(-time.Duration(n) * time.Second)
	return fmt.Sprintf(`{"resourceId":"/SUBSCRIPTIONS/S/WORKSPACES/W","operationName":"Microsoft.Databricks/%s/%s","time":%q,"category":%q,`+
		`"identity":"{\"email\":\"u%d@example.com\"}","properties":{"serviceName":%q,"actionName":%q,"requestId":"r-%d","requestParams":%q,"response":"{\"statusCode\":200}","logId":"l-%d"}}`,
		service, action, at.Format("2006-01-02T15:04:05Z"), service, n%3, service, action, n, params, n)
}

func records(events ...string) string { return `{"records":[` + strings.Join(events, ",") + `]}` }

func azureKey(category string, hour int) string {
	return fmt.Sprintf("insights-logs-%s/resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/W/y=2024/m=03/d=10/h=%02d/m=00/PT1H.json", category, hour)
}

// TestABlobThatGrows is read again and again during its hour, as Azure appends to it.
func TestABlobThatGrows(t *testing.T) {
	w := newWorld(t)
	var lines []string
	for hour := range 3 {
		lines = nil
		for i := range 4 {
			lines = append(lines, azureEvent(10*hour+i, "clusters", "create", fmt.Sprintf(`{"cluster_name":"c%d"}`, i)))
			w.deliver(azureKey("clusters", hour), lines...)
			if sum := w.run(); sum.Bronze != 1 || sum.Silver != 1 || sum.Gold != 1 || sum.Superseded != 0 || sum.Unrecognised != 0 {
				t.Fatalf("hour %d, append %d: %+v", hour, i, sum)
			}
		}
	}
	expectCounts(t, w.lake, map[string]int{"bronze": 12, "silver": 12, "clusters": 12})
	sound(t, w.source, w.lake)
	if row := rowsOf(t, w.lake, "clusters")[0]; row["workspaceId"] != nil || row["email"] == nil || row["auditLevel"] != "WORKSPACE_LEVEL" {
		t.Errorf("row %v", row)
	}
	if got := ofDate(t, w.lake, lake.Bronze); !slices.Equal(got, []string{"2024-03-10"}) {
		t.Errorf("bronze has dates %v", got)
	}
}

// ofDate are the dates of a table's rows.
func ofDate(t *testing.T, s store.Store, table string) []string {
	t.Helper()
	var out []string
	for _, row := range rowsOf(t, s, table) {
		out = append(out, fmt.Sprintf("%.10s", fmt.Sprint(row["date"])))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestALineThatWrapsEvents is one row of bronze, and each of its events one of
// silver or quarantine.
func TestALineThatWrapsEvents(t *testing.T) {
	w := newWorld(t)
	a, b, c := azureEvent(1, "clusters", "create", `{"cluster_id":"1"}`), event(2, "jobs", "runNow", ""), `{"no":"time"}`
	single := azureEvent(3, "jobs", "runNow", `{"jobId":"1"}`)
	line := records(a, c, b, a)
	w.deliver(azureKey("clusters", 0), line, single, `{"records":[]}`)
	sum := w.run()
	if sum.Bronze != 3 || sum.Silver != 4 || sum.Quarantine != 2 || sum.Gold != 4 || sum.Quality.Lost != 0 || sum.Quality.Repeated != 1 {
		t.Errorf("summary %+v", sum)
	}
	places := func(table string) (out []string) {
		for _, row := range rowsOf(t, w.lake, table) {
			out = append(out, fmt.Sprint(row["lineNumber"], " ", row["eventIndex"], "/", row["eventCount"]))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff([]string{"1 1/4", "1 3/4", "1 4/4", "2 <nil>/<nil>"}, places("silver")); diff != "" {
		t.Errorf("silver (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1 2/4", "3 <nil>/<nil>"}, places("quarantine")); diff != "" {
		t.Errorf("quarantine (-want +got):\n%s", diff)
	}
	for _, row := range rowsOf(t, w.lake, "quarantine") {
		if row["eventIndex"] != nil && row["raw"] != c {
			t.Errorf("quarantine has %v of the line, want the record alone", row["raw"])
		}
	}
	if r := sound(t, w.source, w.lake); r.Bronze != 3 || r.Silver+r.Quarantine-r.Wrapped != r.Bronze || r.Wrapped != 3 {
		t.Errorf("report %+v", r)
	}
}

// wrapped is a lake with lines that wrap events, refused ones among them; one event
// is some seconds old.
func wrapped(t testing.TB, old int) *world {
	w := newWorld(t)
	w.deliver(azureKey("clusters", 0), records(azureEvent(1, "clusters", "create", ""), azureEvent(2, "clusters", "edit", ""), "7"), records(event(4, "clusters", "delete", "")))
	w.deliver(file1, event(5, "clusters", "create", ""), records(event(old, "jobs", "runNow", ""), event(7, "clusters", "create", ""), event(8, "jobs", "create", "")))
	w.run()
	return w
}

// TestVerifyFindsALostEventOfALine: whichever row of a chain is gone, doubled or
// says another place, in whichever layer.
func TestVerifyFindsALostEventOfALine(t *testing.T) {
	for name, of := range map[string]struct {
		table  string
		change func(*columnar.Batch) *columnar.Batch
		want   string
	}{
		"an event of silver":        {"silver", without(0), "silver: "},
		"another event of silver":   {"silver", without(1), "silver: "},
		"an event twice":            {"silver", doubled, "silver: "},
		"a record of quarantine":    {"quarantine", without(0), "silver: "},
		"an event of gold":          {"clusters", without(1), "gold: table clusters"},
		"another place in the line": {"silver", withValue("eventIndex", "", 3), "silver: "},
		"another count":             {"silver", withValue("eventCount", "", 2), "silver: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := wrapped(t, 6)
			sound(t, w.source, w.lake)
			rewrite(t, w, of.table, of.change)
			if got := problems(t, w.lake); !strings.Contains(strings.Join(got, "\n"), of.want) {
				t.Errorf("problems %q, want one with %q", got, of.want)
			}
		})
	}
}

// TestUpkeepOfLinesThatWrapEvents: replay, OPTIMIZE and retention keep the account.
func TestUpkeepOfLinesThatWrapEvents(t *testing.T) {
	w := wrapped(t, 26*3600)
	before := content(t, w.lake)
	open := func() *lake.Lake { return lake.New(w.lake, lake.Options{Engine: "auditlake/test", Now: now}) }
	for _, table := range []string{"", "clusters"} {
		if _, err := etl.Replay(t.Context(), open(), etl.ReplayOptions{Table: table}); err != nil {
			t.Fatal(err)
		}
		same(t, "replay "+table, before, content(t, w.lake))
		sound(t, w.source, w.lake)
	}
	for _, o := range []etl.RetentionOptions{{GoldDays: 1}, {SilverDays: 1}} {
		later := lake.New(w.lake, lake.Options{Engine: "auditlake/test", Now: func() time.Time { return now().AddDate(0, 0, 1) }})
		if _, err := etl.Retain(t.Context(), later, o); err != nil {
			t.Fatal(err)
		}
		sound(t, w.source, w.lake)
		if _, err := etl.Replay(t.Context(), open(), etl.ReplayOptions{}); err != nil {
			t.Fatal(err)
		}
		sound(t, w.source, w.lake)
	}
}

// makeOlder takes the columns that came later out of a table's first log entry.
func makeOlder(t *testing.T, s store.Store, key string) {
	t.Helper()
	body, _, err := store.ReadAll(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(body), `"auditlake.rules":"2"`, `"auditlake.rules":"1"`, 1)
	for _, name := range []string{
		"eventIndex", "eventCount", "refusedText", "refusedJson", "refusedTime", "refusedDamaged", "repeatedEvents", "newTables", "newKeys",
		"overwrittenFiles", "overwriteLines", "lostLines", "deliveryLagP50Ms", "deliveryLagP95Ms", "deliveryLagMaxMs",
	} {
		text = strings.Replace(text, `,{\"name\":\"`+name+`\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}`, "", 1)
	}
	if strings.Contains(text, `\"name\":\"eventCount`) || strings.Contains(text, `\"name\":\"lostLines`) || text == string(body) {
		t.Fatalf("%s did not become older:\n%s", key, text)
	}
	if _, err := s.Put(t.Context(), key, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// TestALakeOfAnOlderVersionGrows: its tables get the columns they lack with the
// rows that come next, and an older binary does not write any more.
func TestALakeOfAnOlderVersionGrows(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", `{"a":"1"}`), "no event")
	w.run()
	l := lake.New(w.lake, lake.Options{Engine: "auditlake/test", Now: now})
	tables := map[string]string{lake.Silver: "silver/", lake.Quarantine: "quarantine/", lake.Runs: "runs/", "clusters": "gold/clusters/"}
	for _, root := range tables {
		makeOlder(t, w.lake, root+"_delta_log/00000000000000000000.json")
	}
	if status, err := etl.ReadStatus(t.Context(), l); err != nil || len(status.Runs) != 1 {
		t.Errorf("status of the old lake: %+v, %v", status, err)
	}
	w.deliver(file2, records(event(3, "clusters", "create", `{"b":"1"}`), `{}`))
	w.run()
	for name := range tables {
		snap, err := l.Table(name).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		column := "eventCount"
		if name == lake.Runs {
			column = "deliveryLagMaxMs"
		}
		if snap.Schema().Index(column) < 0 || snap.Metadata().Configuration["auditlake.rules"] != "2" {
			t.Errorf("%s has columns %v under rules %s", name, snap.Schema(), snap.Metadata().Configuration["auditlake.rules"])
		}
	}
	expectCounts(t, w.lake, map[string]int{"bronze": 3, "silver": 2, "quarantine": 2, "clusters": 2})
	sound(t, w.source, w.lake)
}
