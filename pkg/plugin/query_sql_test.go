package plugin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
)

// What is wrong with a statement is the fault of who wrote it, whichever engine finds it.
func TestWrongSQLIsNoFaultOfThePlugin(t *testing.T) {
	d := plugin.NewOver(crowdedLake())
	for text, want := range map[string]string{
		"select nothing from some":                                                            "no column nothing",
		"select sum(s) from some":                                                             "s is string, not a number",
		"select hour(s) from some":                                                            "there is hour(timestamp",
		"select i from some where s":                                                          "s is string, not boolean",
		"select ntile(0) over (order by i) from same":                                         "argument of ntile must be a positive integer",
		"select sum(i * 9000000000000) from some where exists (select 1)":                     "beyond the range of a long",
		"select 1" + strings.Repeat(" union select 1", 700):                                   "too many terms",
		"select length(replace(repeat(s, 9000), 'a', repeat(s, 9000))) from same where i = 1": "longer than 16 MiB",
	} {
		raw, err := json.Marshal(map[string]any{"queryType": "sql", "sql": text})
		if err != nil {
			t.Fatal(err)
		}
		res, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Queries: []backend.DataQuery{
			{RefID: "A", JSON: raw, TimeRange: backend.TimeRange{From: time.Unix(0, 0), To: time.Unix(1, 0)}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		got := res.Responses["A"]
		if got.Status != backend.StatusBadRequest || got.ErrorSource != backend.ErrorSourceDownstream || got.Error == nil || !strings.Contains(got.Error.Error(), want) {
			t.Errorf("%.80s\n%d %s %v, want %s", text, got.Status, got.ErrorSource, got.Error, want)
		}
	}
}
