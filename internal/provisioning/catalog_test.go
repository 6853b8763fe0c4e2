package provisioning_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/provisioning"
	"github.com/auditlake/auditlake/pkg/query/named"
)

var update = flag.Bool("update", false, "write provisioning/alerting/catalog.yaml anew")

// TestCatalogRulesAreOfTheCatalog: catalog.yaml has a rule for each alertable query
// that no other file has one for.
func TestCatalogRulesAreOfTheCatalog(t *testing.T) {
	path := filepath.Join("..", "..", "provisioning", "alerting", "catalog.yaml")
	want := shipped(t).CatalogRules()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("catalog.yaml is not that of the catalog: go test ./internal/provisioning -update writes it (-want +got):\n%s", diff)
	}
}

func TestEveryAlertableQueryHasARule(t *testing.T) {
	rules := map[string]provisioning.Rule{}
	var running []string
	for _, g := range shipped(t).Groups {
		for _, r := range g.Rules {
			name := r.Data[0].Query.Named
			if _, twice := rules[name]; twice {
				t.Errorf("there are two rules on %s", name)
			}
			rules[name] = r
			if strings.HasPrefix(g.Name, provisioning.CatalogGroup) && !r.IsPaused {
				running = append(running, name)
			}
		}
	}
	for _, q := range named.All() {
		r, has := rules[q.Name]
		if has != q.Alertable() {
			t.Errorf("%s: a rule %v, alertable %v", q.Name, has, q.Alertable())
		}
		if has && r.Labels["severity"] != string(q.Severity) {
			t.Errorf("%s: severity %s, and the query's is %s", q.Name, r.Labels["severity"], q.Severity)
		}
	}
	slices.Sort(running)
	want := []string{"admin_changes", "clusters_without_autotermination_now", "failed_logins_repeated", "ip_lists_changed", "job_spike", "verbose_audit_disabled"}
	if diff := cmp.Diff(want, running); diff != "" {
		t.Errorf("rules that are not paused (-want +got):\n%s", diff)
	}
}
