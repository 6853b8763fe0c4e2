package plugin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// Resources, through the real binary.

func TestResources(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	code, body := h.get("named-queries")
	var catalog []struct {
		Name, Title, Description, Visualization string
		Alertable                               bool
		Params                                  []struct {
			Name, Description, Default string
			Required                   bool
		}
	}
	if err := json.Unmarshal(body, &catalog); code != http.StatusOK || err != nil || len(catalog) != len(named.All()) {
		t.Fatalf("catalog %d %v: %s", code, err, body)
	}
	for _, q := range catalog {
		if q.Name == "job_owner" && (len(q.Params) != 1 || q.Params[0].Name != "job_id" || !q.Params[0].Required) {
			t.Errorf("catalog entry %+v", q)
		}
		if q.Params == nil || q.Title == "" || !slices.Contains([]string{"timeseries", "table", "barchart", "stat"}, q.Visualization) {
			t.Errorf("catalog entry %+v", q)
		}
	}

	code, body = h.get("status")
	var status etl.Status
	if err := json.Unmarshal(body, &status); code != http.StatusOK || err != nil || len(status.Runs) != 1 {
		t.Fatalf("status %d %v: %s", code, err, body)
	}
	for _, table := range status.Tables {
		if table.Name == "bronze" && table.Rows != w.truth.Layers.Bronze {
			t.Errorf("bronze has %d rows", table.Rows)
		}
	}

	if code, body = h.get("etc/passwd"); code != http.StatusNotFound || !strings.Contains(string(body), `"message":"Not found: no such resource: GET etc/passwd`) {
		t.Errorf("unknown resource: %d %s", code, body)
	}
}

func TestResourcesThatAreAskedForWrongly(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	for _, table := range []string{"../../x", "..", "silver/", "./silver", "silver/../bronze", "a\x00b", "\xff", "_auditlake", "Silver", strings.Repeat("x", 5000)} {
		for _, path := range []string{"columns?", "values?column=actor&"} {
			code, body := h.get(path + url.Values{"table": {table}}.Encode())
			if code != http.StatusNotFound && string(body) != "[]" || strings.Contains(string(body), w.folder) {
				t.Errorf("%s of %.20q: %d %s", path, table, code, body)
			}
		}
		if code, body := h.post("etl/optimize?"+url.Values{"table": {table}}.Encode(), host.As(admin)); code != http.StatusNotFound {
			t.Errorf("optimize %.20q: %d %s", table, code, body)
		}
	}
	for _, query := range []string{
		"table=silver&column=response", "table=silver&column=requestParams", "table=silver&column=.", "table=silver&column=nothing",
		"table=silver&column=%ff", "table=runs&column=batchId&from=1",
	} {
		if code, body := h.get("values?" + query); code != http.StatusBadRequest {
			t.Errorf("values of %s: %d %s", query, code, body)
		}
	}
}

func TestValuesAreTextsAsTheirPrefixIs(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	for column, prefix := range map[string]string{"date": "2019-12-2", "date_time": "2019-12-28T", "fileId": "1", "serviceName": "c"} {
		var values []struct{ Value string }
		code, body := h.get("values?table=silver&column=" + column + "&prefix=" + prefix)
		if err := json.Unmarshal(body, &values); code != http.StatusOK || err != nil || len(values) == 0 {
			t.Errorf("%s: %d %v %s", column, code, err, body)
		}
		for _, v := range values {
			if !strings.HasPrefix(v.Value, prefix) {
				t.Errorf("%s: %s does not begin with %s", column, v.Value, prefix)
			}
		}
	}
}

// TestFiltersOfALake: what is offered can be asked for, silver and gold say the same,
// and a query that is narrowed is one with a WHERE.
func TestFiltersOfALake(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	offered := func(path string) (values []string) {
		t.Helper()
		var list []struct{ Value string }
		code, body := h.get(path)
		if err := json.Unmarshal(body, &list); code != http.StatusOK || err != nil {
			t.Fatalf("%s: %d %v %s", path, code, err, body)
		}
		for _, o := range list {
			values = append(values, o.Value)
		}
		return values
	}
	if keys := offered("filter-keys"); !slices.Contains(keys, "requestParams.cluster_name") || !slices.Contains(keys, "creator") {
		t.Errorf("keys are %s", keys)
	}
	gold, silver := offered("filter-values?key=requestParams.autotermination_minutes&table=clusters"), offered("filter-values?key=requestParams.autotermination_minutes")
	if diff := cmp.Diff(gold, silver); diff != "" || len(gold) < 2 {
		t.Errorf("values (-gold +silver):\n%s", diff)
	}
	year := backend.TimeRange{From: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	const counts = "select actionName, count(*) as n from clusters"
	narrowed := model("narrowed", map[string]any{"queryType": "sql", "sql": counts + " group by actionName order by actionName", "adhocFilters": []any{
		filter("request_params.autotermination_minutes", "=|", gold[0], gold[0], gold[1]), filter("service_name", "=~", "clus.*"), filter("requestParams.cluster_source", "!=", "UI"),
	}})
	where := model("where", map[string]any{"queryType": "sql", "sql": counts + fmt.Sprintf(
		" where requestParams.autotermination_minutes in ('%s', '%s') and requestParams.cluster_source is distinct from 'UI' group by actionName order by actionName", gold[0], gold[1])})
	narrowed.TimeRange, where.TimeRange = year, year
	res := h.ask([]backend.DataQuery{narrowed, where})
	if res["narrowed"].Error != nil || res["where"].Error != nil {
		t.Fatal(res["narrowed"].Error, res["where"].Error)
	}
	if diff := cmp.Diff(rows(t, res["where"].Frames), rows(t, res["narrowed"].Frames)); diff != "" || res["where"].Frames[0].Rows() == 0 {
		t.Errorf("%d rows (-where +narrowed):\n%s", res["where"].Frames[0].Rows(), diff)
	}
}

func TestWhatAnEditorCompletesWith(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	var got struct {
		Tables []struct {
			Name, Layer, Description, Params string
			Columns                          []struct{ Name, Type, Description string }
			Keys                             []string
		}
		Functions []struct{ Name, Signature, Description, Kind string }
		Macros    []struct{ Name, Signature, Description string }
	}
	code, body := h.get("sql-metadata")
	if err := json.Unmarshal(body, &got); code != http.StatusOK || err != nil {
		t.Fatal(code, err)
	}
	tables := map[string]string{}
	for _, table := range got.Tables {
		columns := ""
		for _, c := range table.Columns {
			columns += c.Name + " " + c.Type + "; "
		}
		keys := ""
		if slices.Contains(table.Keys, "cluster_name") {
			keys = "cluster_name"
		}
		tables[table.Name] = strings.Join([]string{table.Layer, table.Params, keys, columns}, " | ")
	}
	for name, want := range map[string][]string{
		"clusters": {"gold | requestParams | cluster_name | ", "date_time timestamp; ", "response.statusCode long", "clusterId string; "},
		"silver":   {"silver | requestParams | cluster_name | ", "requestParams map<string,string>; "},
		"audit":    {"view | request_params | cluster_name | account_id string; workspace_id string; ", "user_identity.email string; ", "request_params map<string,string>; "},
		"runs":     {"runs |  |  | "},
	} {
		for _, part := range want {
			if !strings.Contains(tables[name], part) {
				t.Errorf("%s is %s, without %s", name, tables[name], part)
			}
		}
	}
	if strings.Contains(tables["clusters"], "requestParams.") {
		t.Errorf("parameters are columns: %s", tables["clusters"])
	}
	said := map[string]string{}
	for _, f := range got.Functions {
		said[f.Name+" "+f.Kind] = f.Signature
		if f.Description == "" {
			t.Errorf("%s is not described", f.Name)
		}
	}
	for _, m := range got.Macros {
		said[m.Name] = m.Signature
		if m.Description == "" {
			t.Errorf("%s is not described", m.Name)
		}
	}
	for name, want := range map[string]string{
		"date_trunc function": "date_trunc(unit, x[, zone])",
		"substr function":     "substr(string, long[, long]) string",
		"abs function":        "abs(long) long\nabs(double) double",
		"count aggregate":     "count(* | [distinct] x, ...)",
		"row_number window":   "row_number() over (partition by x order by y)",
		"$__timeGroup":        "$__timeGroup(column, interval)",
		"$__interval":         "$__interval",
	} {
		if said[name] != want {
			t.Errorf("%s is %q", name, said[name])
		}
	}
}

func TestTheViewInSQLAndInResources(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	res := h.ask([]backend.DataQuery{{RefID: "A", TimeRange: bothDays, Interval: time.Hour, JSON: []byte(`{"queryType":"sql","format":"time_series","sql":"SELECT $__timeGroup(event_time, $__interval) AS time, count(*) AS n FROM system.access.audit WHERE $__timeFilter(event_time) AND service_name = 'clusters' GROUP BY 1 ORDER BY 1"}`)}})
	got := res["A"]
	if got.Error != nil || len(got.Frames) != 1 || got.Frames[0].Rows() == 0 {
		t.Fatalf("%v %v", got.Error, got.Frames)
	}
	if said := got.Frames[0].Meta.ExecutedQueryString; !strings.Contains(said, "SELECT time_bucket('hour', event_time) AS time") || !strings.Contains(said, "scan silver") {
		t.Errorf("executed %s", said)
	}
	res = h.ask([]backend.DataQuery{{RefID: "A", TimeRange: bothDays, JSON: []byte(`{"queryType":"sql","sql":"select * from audit order by event_time desc limit 3"}`)}})
	if got := res["A"]; got.Error != nil || got.Frames[0].Rows() != 3 || len(got.Frames[0].Fields) != 22 {
		t.Errorf("%v %v", got.Error, got.Frames)
	}
	res = h.ask([]backend.DataQuery{{RefID: "A", TimeRange: bothDays, JSON: []byte(`{"queryType":"sql","sql":"select $__timeFiltr(event_time) from audit"}`)}})
	if got := res["A"]; got.Status != backend.StatusBadRequest || !strings.Contains(got.Error.Error(), "line 1, column 8: there is no macro $__timeFiltr") {
		t.Errorf("%v", got)
	}
	if code, body := h.get("columns?table=audit"); code != http.StatusOK || !strings.Contains(string(body), `{"name":"user_identity.email","type":"string"}`) {
		t.Errorf("%d %s", code, body)
	}
	if code, body := h.get("values?table=audit&column=service_name&prefix=cl"); code != http.StatusOK || !strings.Contains(string(body), `"value":"clusters"`) {
		t.Errorf("%d %s", code, body)
	}
}
