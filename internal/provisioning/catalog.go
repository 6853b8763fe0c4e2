package provisioning

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/query/named"
)

// CatalogGroup begins the names of the rule groups that CatalogRules writes.
const CatalogGroup = "auditlake-catalog-"

// lateness is how long an event may take to get into the lake: Databricks delivers
// within an hour or so, and the ETL runs every 15 minutes. A rule that looked at less
// would not see an event that comes late.
const lateness = 2 * time.Hour

// watch is what a rule on a query looks at and when it fires.
type watch struct {
	window    time.Duration
	evaluator string // gt or lt
	limit     float64
}

// limits are those of rules on numbers that are not themselves a finding. They are a
// beginning: what is usual differs from place to place.
func limits() map[string]watch {
	const day = 24 * time.Hour
	return map[string]watch{
		"active_users_per_day":                 {day, "gt", 1000},
		"cluster_failures":                     {day, "gt", 10},
		"clusters_by_creator":                  {day, "gt", 100},
		"clusters_by_job":                      {day, "gt", 50},
		"clusters_by_user":                     {day, "gt", 20},
		"clusters_created":                     {day, "gt", 500},
		"clusters_created_per_day":             {day, "gt", 500},
		"clusters_without_autotermination_now": {day, "gt", 24}, // hours
		"events_per_day":                       {day, "lt", 1},
		"failed_logins":                        {day, "gt", 50},
		"freshness_by_workspace":               {day, "gt", 7200},  // seconds
		"ingest_lag":                           {day, "gt", 7200},  // seconds
		"job_run_duration":                     {day, "gt", 14400}, // seconds
		"job_runs_per_day":                     {day, "gt", 20},
		"ip_denials":                           {lateness, "gt", 10},
		"lines_quarantined":                    {2 * day, "gt", 0}, // by the date of delivery
		"logins_by_method":                     {day, "gt", 10000},
	}
}

// enabled are the rules that are not paused: what they find is rare, and matters
// everywhere.
var enabled = []string{
	"admin_changes", "clusters_without_autotermination_now", "failed_logins_repeated", "files_overwritten", "ip_lists_changed", "job_spike", "verbose_audit_disabled",
}

// watchOf is that of a query: a row that is found within the time that events take, or
// more than nothing within a day.
func watchOf(q *named.Query) watch {
	if w, ok := limits()[q.Name]; ok {
		return w
	}
	w := watch{window: lateness, evaluator: "gt"}
	if q.Alert.Value != "" {
		w.window = 24 * time.Hour
	}
	if slices.ContainsFunc(q.Params, func(p named.Param) bool { return p.Name == "window_minutes" }) {
		w.window = lateness + time.Hour
	}
	return w
}

// CatalogRules is a file of alert rules, one for each alertable query on which the
// other rules of the set have none. Most are paused.
func (s *Set) CatalogRules() []byte {
	var out bytes.Buffer
	out.WriteString(`# One alert rule for each named query that a rule can be set on, beside those of
# rules.yaml. This file is made from the catalog:
#
#   go test ./internal/provisioning -update
#
# Paused rules need a limit that suits the place: look at a week of the query first.
# Copy a rule to a file of your own, under another uid, and change it there.
# docs/alerting.md says what the numbers are.
apiVersion: 1

groups:
`)
	for _, group := range named.Groups() {
		first := true
		for _, q := range named.All() {
			if !q.Alertable() || q.Group != group || s.hasRuleOn(q.Name) {
				continue
			}
			if first {
				fmt.Fprintf(&out, "  - orgId: 1\n    name: %s\n    folder: Auditlake\n    interval: 10m\n    rules:\n", CatalogGroup+strings.ReplaceAll(strings.ToLower(group), " ", "-"))
				first = false
			}
			writeRule(&out, q, s.panelOf(q.Name))
		}
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}

// hasRuleOn reports whether a rule of another file asks the query.
func (s *Set) hasRuleOn(name string) bool {
	for _, g := range s.Groups {
		if strings.HasPrefix(g.Name, CatalogGroup) {
			continue
		}
		for _, r := range g.Rules {
			if len(r.Data) > 0 && r.Data[0].Query != nil && r.Data[0].Query.Named == name {
				return true
			}
		}
	}
	return false
}

// shownBy are the queries whose answer is on the panel of another.
func shownBy() map[string]string {
	return map[string]string{"clusters_created": "clusters_created_per_day"}
}

// place is a panel on a dashboard.
type place struct {
	dashboard string // uid
	panel     int
}

// panelOf is the panel that asks a query. The overview comes last, because the others
// show more beside it.
func (s *Set) panelOf(name string) place {
	name = cmp.Or(shownBy()[name], name)
	var found place
	for _, d := range s.Dashboards {
		for _, p := range d.Panels {
			asks := slices.ContainsFunc(p.Targets, func(t Target) bool { return t.Named == name })
			if asks && (found.dashboard == "" || found.dashboard == overviewUID) && d.UID != found.dashboard {
				found = place{d.UID, p.ID}
			}
		}
	}
	return found
}

const overviewUID = "auditlake-databricks-audit"

// runbook is the chapter about rules on a query.
func runbook(name string) string {
	for chapter, names := range map[string][]string{
		"audit-data-is-stale":              {"freshness_by_workspace", "ingest_lag", "events_per_day"},
		"cluster-spike":                    {"job_spike", "clusters_by_job", "clusters_by_creator", "clusters_created", "clusters_created_per_day"},
		"failed-logins-of-one-user":        {"failed_logins", "failed_logins_repeated", "login_after_failures"},
		"clusters-without-autotermination": {"clusters_without_autotermination_now", "clusters_without_autotermination_per_day", "autotermination_removed"},
		"administration-changed":           {"admin_changes", "ip_lists_changed", "verbose_audit_disabled", "sso_changed", "privilege_bursts"},
		"lines-lost":                       {"files_overwritten"},
	} {
		if slices.Contains(names, name) {
			return chapter
		}
	}
	return "rules-of-the-catalog"
}

func writeRule(out *bytes.Buffer, q *named.Query, shown place) {
	w := watchOf(q)
	lines := func(indent int, format string, args ...any) {
		for line := range strings.Lines(strings.TrimPrefix(fmt.Sprintf(format, args...), "\n")) {
			out.WriteString(strings.Repeat(" ", indent) + line)
		}
	}
	lines(6, "- uid: %s\n  title: %q\n  condition: C\n  data:\n", ruleUID(q.Name), q.Title)
	if back := q.Lookback.String(); back != "" {
		lines(10, "# The query itself looks back: %s.\n", back)
	}
	lines(10, `
- refId: A
  queryType: named
  relativeTimeRange: { from: %d, to: 0 }
  datasourceUid: auditlake
  model: { refId: A, queryType: named, named: %s, params: {} }
- refId: B
  relativeTimeRange: { from: 0, to: 0 }
  datasourceUid: __expr__
  model: { refId: B, type: reduce, expression: A, reducer: last, datasource: { type: __expr__, uid: __expr__ } }
- refId: C
  relativeTimeRange: { from: 0, to: 0 }
  datasourceUid: __expr__
  model:
    refId: C
    type: threshold
    expression: B
    conditions: [{ evaluator: { type: %s, params: [%v] } }]
    datasource: { type: __expr__, uid: __expr__ }
`, int64(w.window/time.Second), q.Name, w.evaluator, w.limit)
	lines(8, `
noDataState: OK
execErrState: Error
for: 0s
labels: { severity: %s, product: auditlake }
annotations:
  summary: %q
  description: %q
  runbook_url: https://github.com/auditlake/auditlake/blob/main/docs/runbook.md#%s
  __dashboardUid__: %s
  __panelId__: "%d"
`, q.Severity, summary(q), q.Description, runbook(q.Name), shown.dashboard, shown.panel)
	lines(8, "isPaused: %v\n", !slices.Contains(enabled, q.Name))
	out.WriteByte('\n')
}

// summary is the title, the labels and the number.
func summary(q *named.Query) string {
	text := q.Title
	for i, label := range q.Alert.Labels {
		text += map[bool]string{true: ": ", false: ", "}[i == 0] + "{{ $labels." + label + " }}"
	}
	return text + " ({{ with $values.B }}{{ .Value }}{{ end }})"
}

// ruleUID is no longer than Grafana takes.
func ruleUID(name string) string {
	uid := "auditlake-on-" + strings.ReplaceAll(name, "_", "-")
	if len(uid) <= maxUID {
		return uid
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("%s-%08x", uid[:maxUID-9], h.Sum32())
}
