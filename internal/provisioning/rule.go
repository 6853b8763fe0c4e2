package provisioning

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

type ruleFile struct {
	Head   `yaml:",inline"`
	Groups []RuleGroup `yaml:"groups"`
}

// RuleGroup is rules that are evaluated together.
type RuleGroup struct {
	OrgID    int64         `yaml:"orgId"`
	Name     string        `yaml:"name"`
	Folder   string        `yaml:"folder"`
	Interval time.Duration `yaml:"interval"`
	Rules    []Rule        `yaml:"rules"`
}

// Rule is an alert rule.
type Rule struct {
	UID           string            `yaml:"uid"`
	Title         string            `yaml:"title"`
	Condition     string            `yaml:"condition"`
	Data          []Step            `yaml:"data"`
	NoDataState   string            `yaml:"noDataState"`
	ExecErrState  string            `yaml:"execErrState"`
	For           *time.Duration    `yaml:"for"`
	KeepFiringFor time.Duration     `yaml:"keepFiringFor"`
	Annotations   map[string]string `yaml:"annotations"`
	Labels        map[string]string `yaml:"labels"`
	IsPaused      bool              `yaml:"isPaused"`
}

// Step is one refId of a rule: a query or an expression.
type Step struct {
	RefID             string `yaml:"refId"`
	QueryType         string `yaml:"queryType"`
	RelativeTimeRange struct {
		From int64 `yaml:"from"` // seconds before now
		To   int64 `yaml:"to"`
	} `yaml:"relativeTimeRange"`
	DatasourceUID string    `yaml:"datasourceUid"`
	Model         yaml.Node `yaml:"model"`

	// What Model says, according to DatasourceUID.
	Query      *Target     `yaml:"-"`
	Expression *Expression `yaml:"-"`
}

// Expression is one of Grafana's own steps.
type Expression struct {
	RefID      string     `yaml:"refId"`
	Type       string     `yaml:"type"` // reduce or threshold
	Expression string     `yaml:"expression"`
	Reducer    string     `yaml:"reducer"`
	Conditions []struct { // of a threshold: one
		Evaluator struct {
			Type   string    `yaml:"type"`
			Params []float64 `yaml:"params"`
		} `yaml:"evaluator"`
	} `yaml:"conditions"`
	Datasource reference `yaml:"datasource"`
}

// Range is the time range of the step's query at a moment.
func (s Step) Range(now time.Time) query.TimeRange {
	return query.TimeRange{
		From: now.Add(-time.Duration(s.RelativeTimeRange.From) * time.Second),
		To:   now.Add(-time.Duration(s.RelativeTimeRange.To) * time.Second),
	}
}

// readModels parses the models, which may hold any keys as far as Grafana goes.
func (g *RuleGroup) readModels() error {
	var errs []error
	for r := range g.Rules {
		for i := range g.Rules[r].Data {
			if err := g.Rules[r].Data[i].readModel(); err != nil {
				errs = append(errs, fmt.Errorf("rule %s, %s: %w", g.Rules[r].Title, g.Rules[r].Data[i].RefID, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Step) readModel() error {
	// A node cannot be decoded strictly, only text can.
	text, err := yaml.Marshal(&s.Model)
	if err != nil {
		return err
	}
	if s.DatasourceUID == expressionUID {
		s.Expression = &Expression{}
		return strictYAML(text, s.Expression)
	}
	s.Query = &Target{}
	return strictYAML(text, s.Query)
}

// shortestInterval is Grafana's own: groups are evaluated at multiples of it.
const shortestInterval = 10 * time.Second

func (s *Set) checkRules(n *notes) {
	var groups, uids, titles []string
	for _, g := range s.Groups {
		where := "rule group " + g.Name
		n.unique(&groups, where, "name", g.Name)
		if g.Folder == "" {
			n.add(where, "the folder is missing")
		}
		if g.Interval <= 0 || g.Interval%shortestInterval != 0 {
			n.add(where, "the interval %s is no multiple of %s", g.Interval, shortestInterval)
		}
		for _, r := range g.Rules {
			where := "rule " + r.Title
			n.uid(&uids, where, r.UID)
			n.unique(&titles, where, "title", r.Title)
			s.checkRule(n, where, r)
		}
	}
}

func (s *Set) checkRule(n *notes, where string, r Rule) {
	n.oneOf(where, "noDataState", r.NoDataState, "OK", "NoData", "Alerting", "KeepLast")
	n.oneOf(where, "execErrState", r.ExecErrState, "OK", "Error", "Alerting", "KeepLast")
	if r.For == nil || *r.For < 0 {
		n.add(where, "for is missing or negative")
	}
	n.oneOf(where, "the label severity", r.Labels["severity"], "info", "warning", "critical")
	for name, value := range r.Labels {
		if strings.Contains(value, "$") {
			n.add(where, "the label %s would be expanded from the environment: %q", name, value)
		}
	}
	for _, key := range []string{"summary", "description", "runbook_url"} {
		if r.Annotations[key] == "" {
			n.add(where, "the annotation %s is missing", key)
		}
	}
	s.checkPanelOf(n, where, r)

	var refIDs []string
	for i, step := range r.Data {
		at := where + ", " + step.RefID
		n.unique(&refIDs, at, "refId", step.RefID)
		if step.Expression != nil {
			step.Expression.check(n, at, step, refIDs[:i])
		} else {
			s.checkStep(n, at, step)
		}
	}
	condition := slices.IndexFunc(r.Data, func(step Step) bool { return step.RefID == r.Condition })
	if condition < 0 {
		n.add(where, "the condition %s is no refId", r.Condition)
	} else if e := r.Data[condition].Expression; e == nil || e.Type != "threshold" {
		n.add(where, "the condition %s is no threshold", r.Condition)
	}
	for _, text := range r.Annotations {
		for _, match := range valueRE.FindAllStringSubmatch(text, -1) {
			i := slices.IndexFunc(r.Data, func(step Step) bool { return step.RefID == match[1] })
			if i < 0 || r.Data[i].Expression == nil {
				n.add(where, "%s is not the value of an expression", match[0])
			}
		}
	}
}

// checkPanelOf looks for the panel that the rule is shown with, if it names one.
func (s *Set) checkPanelOf(n *notes, where string, r Rule) {
	if r.Annotations["__dashboardUid__"] == "" && r.Annotations["__panelId__"] == "" {
		return
	}
	for _, d := range s.Dashboards {
		if d.UID != r.Annotations["__dashboardUid__"] {
			continue
		}
		for _, p := range d.Panels {
			if fmt.Sprint(p.ID) == r.Annotations["__panelId__"] && p.Type != "row" {
				return
			}
		}
	}
	n.add(where, "there is no panel %s of dashboard %s", r.Annotations["__panelId__"], r.Annotations["__dashboardUid__"])
}

func (s *Set) checkStep(n *notes, where string, step Step) {
	if !slices.ContainsFunc(s.Datasources, func(d Datasource) bool { return d.UID == step.DatasourceUID }) {
		n.add(where, "no data source is provisioned with the uid %q", step.DatasourceUID)
	}
	if step.Query.RefID != step.RefID || step.Query.QueryType != step.QueryType {
		n.add(where, "the model is of query %s and type %s", step.Query.RefID, step.Query.QueryType)
	}
	if r := step.RelativeTimeRange; r.From <= r.To || r.To < 0 {
		n.add(where, "the time range from %d to %d seconds before now is empty", r.From, r.To)
	}
	step.Query.check(n, where)
	if q, err := named.Lookup(step.Query.Named); err == nil && !q.Alertable() {
		n.add(where, "no rule can be set on %s", q.Name)
	}
}

func (e Expression) check(n *notes, where string, step Step, before []string) {
	if e.RefID != step.RefID || e.Datasource != (reference{expressionUID, expressionUID}) {
		n.add(where, "the model is of %s and data source %v", e.RefID, e.Datasource)
	}
	if !slices.Contains(before, e.Expression) {
		n.add(where, "it refers to %q, which does not come before it", e.Expression)
	}
	switch e.Type {
	case "reduce":
		n.oneOf(where, "the reducer", e.Reducer, reducerNames()...)
	case "threshold":
		if len(e.Conditions) != 1 {
			n.add(where, "a threshold has one condition, not %d", len(e.Conditions))
			return
		}
		ev := e.Conditions[0].Evaluator
		n.oneOf(where, "the evaluator", ev.Type, "gt", "lt")
		if len(ev.Params) != 1 {
			n.add(where, "the evaluator has %d params, want 1", len(ev.Params))
		}
	default:
		n.add(where, "the expression type %q is none that is used here", e.Type)
	}
}
