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
)

// Resources, through the real binary.

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
