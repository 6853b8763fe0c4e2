package plugin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/internal/host"
)

// Resources that are asked for in odd ways, through the real binary.

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
