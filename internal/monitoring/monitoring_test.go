package monitoring_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/monitoring"
)

var update = flag.Bool("update", false, "write docs/metrics-dashboard.json anew")

const file = "../../docs/metrics-dashboard.json"

func TestTheFileIsTheDashboard(t *testing.T) {
	want, err := monitoring.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("go test ./internal/monitoring -update writes it (-file +code):\n%s", diff)
	}
}

// TestQueriesAreOnesOfPrometheus parses all queries, with a time in the place of
// Grafana's variables.
func TestQueriesAreOnesOfPrometheus(t *testing.T) {
	all := monitoring.Queries()
	if len(all) < 25 {
		t.Errorf("%d queries", len(all))
	}
	for _, q := range all {
		plain := strings.NewReplacer("$__rate_interval", "5m", "$__range", "24h", "$instance", ".*").Replace(q)
		if strings.Contains(plain, "$") {
			t.Errorf("a variable that Grafana does not have: %s", plain)
		}
		if _, err := metricsql.Parse(plain); err != nil {
			t.Errorf("%s: %v", plain, err)
		}
		if !strings.Contains(plain, `instance=~".*"`) {
			t.Errorf("of all instances, whatever is chosen: %s", plain)
		}
	}
}
