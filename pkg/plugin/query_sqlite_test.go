package plugin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
)

// A statement that no plan says is answered by SQLite, within what may be seen and
// within the limits, and kept like any other answer.
func TestSQLOnSQLite(t *testing.T) {
	lake := memory(t, map[string]string{"clusters": clusterEvents + "\ncreate | 2019-12-28 | 2019-12-28T13:00:00Z | eve | null | true | 0 | c4 | 2"})
	d := plugin.NewWith(lake, `"workspaces": [9007199254740993], "maxRows": 3,`)
	defer d.Dispose()
	sql := func(text string) backend.DataResponse {
		t.Helper()
		model, err := json.Marshal(map[string]string{"queryType": "sql", "sql": text})
		if err != nil {
			t.Fatal(err)
		}
		return ask(t, d, nil, backend.DataQuery{RefID: "A", TimeRange: bothDays, JSON: model})["A"]
	}
	about := func(text string) (rows int, engine, cache string) {
		t.Helper()
		res := sql(text)
		if res.Error != nil {
			t.Fatalf("%s: %v", text, res.Error)
		}
		custom, err := json.Marshal(res.Frames[0].Meta.Custom)
		if err != nil {
			t.Fatal(err)
		}
		var a struct{ Engine, Cache string }
		if err := json.Unmarshal(custom, &a); err != nil {
			t.Fatal(err)
		}
		return res.Frames[0].Rows(), a.Engine, a.Cache
	}
	const text = "select date_trunc('day', date_time) as t, count(*) as n, (select count(*) from clusters) as one from clusters c where exists (select 1 from clusters o where o.clusterId = c.clusterId and o.actionName = 'create') group by 1 order by 1"
	for _, want := range []string{"miss", "hit"} {
		if rows, engine, cache := about(text); rows != 2 || engine != "sqlite" || cache != want {
			t.Errorf("%d rows by %s, %s, want %s", rows, engine, cache, want)
		}
	}
	frame := sql(text).Frames[0]
	for i, want := range []string{"[]*time.Time", "[]*int64", "[]*int64"} {
		if got := frame.Fields[i].Type().ItemTypeString(); "[]"+got != want {
			t.Errorf("%s is %s", frame.Fields[i].Name, got)
		}
	}
	if n, ok := frame.Fields[2].ConcreteAt(0); !ok || n != int64(4) {
		t.Errorf("%v events of the workspace are seen, there are 4", n)
	}
	if _, engine, _ := about("select count(*) as n from clusters"); engine != "plan" {
		t.Errorf("a plan is answered by %s", engine)
	}
	for text, want := range map[string]string{
		"select a.clusterId from clusters a, clusters b":                                                        "raise maxRows",
		"select clusterId from clusters where exists (select 1 from clusters o where o.jobId = clusters.jobIt)": "no column clusters.jobIt",
		"drop table clusters":         "only SELECT is answered",
		"select * from sqlite_master": "does not have a table",
	} {
		res := sql(text)
		if res.Error == nil || !strings.Contains(res.Error.Error(), want) {
			t.Errorf("%s\n%v, want %s", text, res.Error, want)
		}
		if diff := cmp.Diff(backend.ErrorSourceDownstream, res.ErrorSource); diff != "" {
			t.Error(diff)
		}
	}
}
