package plugin_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/internal/monitoring"
	"github.com/auditlake/auditlake/pkg/plugin"
)

// TestMetricsAreToldAndShown: every metric is on the dashboard of docs/metrics-dashboard.json
// and in docs/resources.md, and neither has one that does not exist.
func TestMetricsAreToldAndShown(t *testing.T) {
	r := prometheus.NewRegistry()
	plugin.NewShell(plugin.Admin{}, "test", r)
	names := described(r)
	if len(names) < 20 {
		t.Fatalf("metrics %v", names)
	}
	page, err := os.ReadFile("../../docs/resources.md")
	if err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`auditlake_[a-z_]+`)
	var told, shown []string
	for _, m := range regexp.MustCompile("`(auditlake_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		told = append(told, m[1])
	}
	for _, q := range monitoring.Queries() {
		for _, name := range ours.FindAllString(q, -1) {
			shown = append(shown, strings.TrimSuffix(name, "_bucket"))
		}
	}
	for _, name := range names {
		if !slices.Contains(told, name) {
			t.Errorf("docs/resources.md does not tell of %s", name)
		}
		if !slices.Contains(shown, name) {
			t.Errorf("internal/monitoring does not show %s", name)
		}
	}
	for _, name := range append(told, shown...) {
		if !slices.Contains(names, name) {
			t.Errorf("there is no metric %s", name)
		}
	}
}

// described are the names of all metrics of a registry, those without a value too.
func described(r *prometheus.Registry) (names []string) {
	ch := make(chan *prometheus.Desc, 100)
	go func() {
		r.Describe(ch)
		close(ch)
	}()
	name := regexp.MustCompile(`fqName: "(auditlake_[a-z_]+)"`)
	for d := range ch {
		if m := name.FindStringSubmatch(d.String()); m != nil {
			names = append(names, m[1])
		}
	}
	return names
}
