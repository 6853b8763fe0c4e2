package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// format is what frames a query of SQL gives.
type format string

// The formats. Empty is a table, and for an alert rule what its columns allow.
const (
	formatTable   format = "table"
	formatSeries  format = "time_series" // the first column is the time
	formatNumeric format = "numeric"     // numbers, told apart by the texts beside them

	formatAnnotations format = "annotations" // of named queries, too
)

// sql answers a statement. What is shown as executed is the statement without macros,
// and what it became: a plan, or for what no plan says a statement on SQLite.
func (d *Datasource) sql(ctx context.Context, q question, m model) (*answer, error) {
	if m.SQL == "" {
		return nil, fmt.Errorf("%w: there is no SQL in it", errQuery)
	}
	switch m.Dialect {
	case "":
	case dialectTrino:
		return d.trinoSQL(ctx, q, m)
	default:
		return nil, fmt.Errorf("%w: dialect %q is not known; there is %s, and without one it is that of the embedded engine", errQuery, m.Dialect, dialectTrino)
	}
	engine, err := d.engineOf(m)
	if err != nil {
		return nil, err
	}
	var by routed
	span := query.TimeRange{From: q.TimeRange.From, To: q.TimeRange.To}
	var route *sqlite.Route
	r, err := d.work(ctx, func(ctx context.Context) (_ task, err error) {
		route, err = sqlite.Choose(ctx, d.view(q.user), sqlite.Question{
			Text: m.SQL, Macros: sql.Macros{Range: span, Interval: q.Interval}, Binding: sql.Binding{Range: span}, Narrow: m.AdhocFilters,
		})
		if a[*query.PlanError](err) { // of a type, say: what is asked is the user's here
			err = fmt.Errorf("%w: %w", errSQL, err)
		}
		if err != nil {
			return nil, err
		}
		bound, ok := route.Bound()
		if !ok {
			by = routed{task: route}
			if d.settings.Trino.Asks() {
				by.Choice = routing.Choice{Engine: routing.Embedded, Reason: "no plan says the statement, so it is one for SQLite"}
			}
			return route, nil
		}
		by, err = d.route(ctx, bound, engine, route)
		return by.task, err
	})
	if err != nil {
		return nil, err
	}
	shape, err := m.Format.shape(r.Schema, q.alert)
	if err != nil {
		return nil, err
	}
	out := &answer{
		shape: shape, statement: route.Expanded, explained: route.Explained, plan: route.Plan, result: r,
		about: about{Alertable: isAlertable(shape), Engine: route.Engine},
	}
	by.tell(out)
	if m.Zero != nil && *m.Zero {
		out.zeros, err = zerosOf(route.Plan, r.Schema, shape, q.TimeRange)
	}
	return out, err
}

// shape is the contract that the format asks for, if the columns allow it.
func (f format) shape(schema columnar.Schema, alert bool) (data.FrameType, error) {
	numbers := slices.ContainsFunc(schema, isNumber)
	timed := len(schema) > 0 && isTime(schema[0])
	switch {
	case f == formatAnnotations && alert:
		return "", fmt.Errorf("%w: annotations are none", errNotAlertable)
	case f == formatAnnotations:
		return shapeAnnotations, nil
	case f == formatSeries && !(timed && numbers):
		return "", fmt.Errorf("%w: a time series needs a time as its first column, and a number", errQuery)
	case f == formatNumeric && !numbers, alert && !numbers:
		return "", fmt.Errorf("%w: no column is a number", errNotAlertable)
	case f == formatSeries, alert && f != formatNumeric && timed:
		return data.FrameTypeTimeSeriesMulti, nil
	case f == formatNumeric, alert:
		return data.FrameTypeNumericLong, nil
	case f == "", f == formatTable:
		return data.FrameTypeTable, nil
	}
	return "", fmt.Errorf("%w: format %q is not known; there are %s, %s, %s and %s", errQuery, f, formatTable, formatSeries, formatNumeric, formatAnnotations)
}
