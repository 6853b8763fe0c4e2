package provisioning_test

import (
	"flag"
	"fmt"
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

// TestRulesLeadToTheirPanel: from every alert to a panel that asks its query.
func TestRulesLeadToTheirPanel(t *testing.T) {
	set := shipped(t)
	asked := map[string][]string{} // by dashboard and panel
	for _, d := range set.Dashboards {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				place := fmt.Sprint(d.UID, " ", p.ID)
				asked[place] = append(asked[place], target.Named)
			}
		}
	}
	// What is on the panel of a query much like it.
	elsewhere := map[string]string{"clusters_created": "clusters_created_per_day"}
	for _, g := range set.Groups {
		for _, r := range g.Rules {
			name := r.Data[0].Query.Named
			if r.Annotations["__dashboardUid__"] == "" {
				t.Errorf("%s: no panel asks %s: put one on a dashboard in internal/dashboards", r.Title, name)
				continue
			}
			place := r.Annotations["__dashboardUid__"] + " " + r.Annotations["__panelId__"]
			if !slices.Contains(asked[place], name) && !slices.Contains(asked[place], elsewhere[name]) {
				t.Errorf("%s: panel %q asks %q, and the rule %s", r.Title, place, asked[place], name)
			}
		}
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
	want := []string{"admin_changes", "clusters_without_autotermination_now", "failed_logins_repeated", "files_overwritten", "ip_lists_changed", "job_spike", "verbose_audit_disabled"}
	if diff := cmp.Diff(want, running); diff != "" {
		t.Errorf("rules that are not paused (-want +got):\n%s", diff)
	}
}
