package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// named answers a query of the catalog about the events From <= t < To.
func (d *Datasource) named(ctx context.Context, q question, m model) (*answer, error) {
	if m.Named == "" {
		return nil, fmt.Errorf("%w: no query is chosen: the editor lists all %d, and so does auditlake queries", errQuery, len(d.catalog().All()))
	}
	chosen, err := d.catalog().Lookup(m.Named)
	if err != nil {
		return nil, err
	}
	build := chosen.Plan
	switch {
	case q.alert && m.Format == formatAnnotations:
		return nil, fmt.Errorf("%w: annotations are none", errNotAlertable)
	case !q.alert:
	case !chosen.Alertable():
		return nil, fmt.Errorf("%w: %s gives a table; rules can be set on %s", errNotAlertable, chosen.Name, names(alertable(d.catalog())))
	case m.Format == formatSeries:
		build = chosen.AlertSeries
	default:
		build = chosen.AlertPlan
	}
	params := make(map[string]string, len(m.Params))
	for name, text := range m.Params {
		params[name] = string(text)
	}
	plan, err := build(params, query.TimeRange{From: q.TimeRange.From, To: q.TimeRange.To})
	if err != nil {
		return nil, err
	}
	if plan, err = query.Narrow(plan, m.AdhocFilters); err != nil {
		return nil, err
	}
	engine, err := d.engineOf(m)
	if err != nil {
		return nil, err
	}
	var by routed
	r, err := d.work(ctx, func(ctx context.Context) (task, error) {
		bound, err := query.Bind(ctx, d.view(q.user), plan)
		if err != nil {
			return nil, err
		}
		by, err = d.route(ctx, bound, engine, planned{bound})
		return by.task, err
	})
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", chosen.Name, err)
	}
	shape := shapeOf(chosen, r.Schema)
	if m.Format == formatAnnotations {
		shape = shapeAnnotations
	}
	out := &answer{
		title: chosen.Title, tags: tagsOf(chosen),
		name: chosen.Name, shape: shape, plan: plan, result: r,
		about: about{Named: chosen.Name, Alertable: isAlertable(shape)},
	}
	by.tell(out)
	zero := q.alert && !chosen.Alert.NoData
	if m.Zero != nil {
		zero = *m.Zero
	}
	if zero {
		out.zeros, err = zerosOf(plan, r.Schema, shape, q.TimeRange)
	}
	return out, err
}

// tagsOf are the tags of annotations that a query is made to: what it is, and how much
// it matters if a rule can be set on it.
func tagsOf(q *named.Query) []string {
	tags := []string{q.Name}
	if q.Severity != "" {
		tags = append(tags, string(q.Severity))
	}
	return tags
}

func alertable(c *named.Catalog) (out []*named.Query) {
	for _, n := range c.All() {
		if n.Alertable() {
			out = append(out, n)
		}
	}
	return out
}

func names(catalog []*named.Query) string {
	out := make([]string, len(catalog))
	for i, n := range catalog {
		out[i] = n.Name
	}
	return strings.Join(out, ", ")
}
