package plugin_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/plugin"
)

const builtEvents = `
date_time timestamp  | date date  | serviceName string | actionName string | email string       | workspaceId long | response.statusCode long | response.result string | requestParams map<string,string>
2019-12-27T10:00:00Z | 2019-12-27 | clusters           | create            | o'hara@example.com | 77               | 200                      | null                   | {num_workers: 4}
2019-12-28T10:00:00Z | 2019-12-28 | jobs               | runNow            | bob@x              | 0                | 500                      | x                      | {num_workers: 8}`

// TestWhatTheBuilderMakesIsPlanned: each statement that the query builder of the front
// end makes of the parts beside it, which src/sqlBuilder.test.ts sees to, becomes a plan
// and is answered.
func TestWhatTheBuilderMakesIsPlanned(t *testing.T) {
	raw, err := os.ReadFile("testdata/builder.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Title, SQL string }
	if err := json.Unmarshal(raw, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	d := plugin.NewOver(memory(t, map[string]string{"silver": builtEvents, "clusters": builtEvents}))
	for _, tt := range cases {
		t.Run(tt.Title, func(t *testing.T) {
			// A variable alone is replaced by Grafana, which quotes its values.
			statement := strings.ReplaceAll(tt.SQL, "${user:sqlstring}", "'ann@x','bob@x'")
			got := answerOf(t, d, map[string]any{"queryType": "sql", "sql": statement})
			if got.Error != nil {
				t.Fatalf("%v\n%s", got.Error, statement)
			}
			if text := custom(t, got.Frames[0]); !strings.Contains(text, `"engine":"plan"`) {
				t.Errorf("%s is not of a plan:\n%s", text, statement)
			}
		})
	}
}
