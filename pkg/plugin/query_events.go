package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// logContract is the version of the contract of log lines, which is a draft still.
var logContract = data.FrameTypeVersion{0, 0}

// events answers with events as log lines.
func (d *Datasource) events(ctx context.Context, q question, m model) (*answer, error) {
	if q.alert {
		return nil, fmt.Errorf("%w: events are lines; rules can be set on their number, a query of the type %s, on named queries and on SQL", errNotAlertable, typeVolume)
	}
	asked, err := m.question(q)
	if err != nil {
		return nil, err
	}
	asked.Limit = min(asked.Limit, d.settings.Limits.MaxRows)
	ctx, cancel := context.WithTimeoutCause(ctx, d.settings.Limits.QueryTimeout, errQueryTimeout) // for all pieces
	defer cancel()
	tables, table, err := d.pin(ctx, q, asked.Table)
	if err != nil {
		return nil, err
	}
	var schema columnar.Schema
	if table != nil {
		schema = table.Schema()
	}
	whole, err := asked.Plan(schema)
	if err != nil {
		return nil, err
	}
	var all *result
	lines, err := asked.Ask(table, func(p query.Plan) (*columnar.Batch, error) {
		r, err := d.run(ctx, tables, p)
		if err != nil {
			return nil, err
		}
		batch := r.Batch
		all = all.and(r)
		return batch, nil
	})
	if err != nil {
		return nil, err
	}
	return &answer{
		shape: data.FrameTypeLogLines, plan: whole, result: all, made: data.Frames{logFrame(lines)},
		about: about{Limit: asked.Limit, SearchWords: events.Highlights(asked.Words)},
	}, nil
}

// question is what the query asks of events. The last millisecond of the time range is
// in it, but for a rule, whose next range begins there: Explore goes on from a line
// with a range that ends at its time, and there may be others of that time.
func (m model) question(q question) (events.Question, error) {
	end := q.TimeRange.To
	if !q.alert {
		end = end.Add(time.Millisecond)
	}
	out := events.Question{
		Table:     cmp.Or(m.Table, lake.Silver),
		Range:     query.TimeRange{From: q.TimeRange.From, To: end},
		Where:     append(m.AdhocFilters[:len(m.AdhocFilters):len(m.AdhocFilters)], m.Filters...),
		Direction: cmp.Or(m.Direction, events.Backward),
		Limit:     events.DefaultLimit,
	}
	if m.Limit != nil {
		out.Limit = *m.Limit
	}
	var err error
	if out.Words, err = events.SearchWords(m.Search); err != nil {
		return out, err
	}
	if out.After, err = optionalID(m.After); err != nil {
		return out, err
	}
	if out.Before, err = optionalID(m.Before); err != nil {
		return out, err
	}
	return out, out.Check()
}

func optionalID(text string) (*events.ID, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no id is no error
	}
	id, err := events.ParseID(text)
	return &id, err
}

// pin is what who asks may see, with the newest snapshot of one table held fast, so
// that all plans of a question are answered from it. The table is nil if there is
// none.
func (d *Datasource) pin(ctx context.Context, q question, name string) (query.Catalog, query.Table, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.settings.Limits.QueryTimeout, errQueryTimeout)
	defer cancel()
	seen := d.view(q.user)
	table, err := seen.Table(ctx, name)
	if err != nil && !errors.Is(err, query.ErrNoTable) {
		return nil, nil, cause(ctx, err)
	}
	return pinned{seen, name, table}, table, nil
}

type pinned struct {
	query.Catalog
	name  string
	table query.Table // nil: there is none
}

func (p pinned) Table(ctx context.Context, name string) (query.Table, error) {
	switch {
	case name != p.name:
		return p.Catalog.Table(ctx, name)
	case p.table == nil:
		return nil, query.ErrNoTable
	}
	return p.table, nil
}

// and is two results, of which the first may be nil, as one that took what both took.
// Its rows have no columns, and its notices are those of the second.
func (r *result) and(next *result) *result {
	if r == nil {
		r = &result{how: answers.Kept, computed: &computed{Result: &exec.Result{Batch: &columnar.Batch{}}}}
	}
	sum := &computed{
		Result: &exec.Result{
			Batch:   &columnar.Batch{Len: r.Batch.Len + next.Batch.Len},
			Stats:   exec.Stats{Scan: r.Stats.Scan, Memory: max(r.Stats.Memory, next.Stats.Memory)},
			Notices: next.Notices,
		},
		waited: r.waited + next.waited, ran: r.ran + next.ran,
	}
	sum.Stats.Scan.Add(next.Stats.Scan)
	out := &result{computed: sum, how: r.how, tables: maps.Clone(next.tables), bound: r.bound + next.bound, took: r.took + next.took}
	maps.Copy(out.tables, r.tables)
	if r.how == answers.Kept {
		out.how = next.how
	}
	return out
}

// logFrame is lines as Grafana's contract has them: time, body, severity, id and
// labels, by which it finds the fields.
func logFrame(lines []events.Line) *data.Frame {
	n := len(lines)
	times, bodies, severities, ids := make([]time.Time, n), make([]string, n), make([]string, n), make([]string, n)
	labels := make([]json.RawMessage, n)
	for i, l := range lines {
		times[i], bodies[i], severities[i], ids[i] = l.Time, l.Body, l.Severity, l.ID.String()
		labels[i], _ = json.Marshal(l.Labels) // texts always can be
	}
	return data.NewFrame("",
		data.NewField("timestamp", nil, times),
		data.NewField("body", nil, bodies),
		data.NewField("severity", nil, severities),
		data.NewField("id", nil, ids),
		data.NewField("labels", nil, labels),
	)
}

// volume answers with how many events of each severity there are over time.
func (d *Datasource) volume(ctx context.Context, q question, m model) (*answer, error) {
	asked, err := m.question(q)
	if err != nil {
		return nil, err
	}
	tables, table, err := d.pin(ctx, q, asked.Table)
	if err != nil {
		return nil, err
	}
	var schema columnar.Schema
	if table != nil {
		schema = table.Schema()
	}
	step := events.Step(q.TimeRange.To.Sub(q.TimeRange.From), q.Interval)
	plan, err := asked.VolumePlan(schema, step)
	if err != nil {
		return nil, err
	}
	r, err := d.run(ctx, tables, plan)
	if err != nil {
		return nil, err
	}
	buckets, volumes, err := events.Volumes(r.Batch, asked.Range, step)
	if err != nil {
		return nil, err
	}
	return &answer{
		shape: data.FrameTypeTimeSeriesMulti, plan: plan, result: r, made: volumeFrames(buckets, volumes, step),
		about: about{Alertable: true, LogsVolume: "FullRange", AbsoluteRange: &absoluteRange{q.TimeRange.From.UnixMilli(), q.TimeRange.To.UnixMilli()}},
	}, nil
}

func volumeFrames(buckets []time.Time, volumes []events.Volume, step time.Duration) (out data.Frames) {
	for _, v := range volumes {
		at := data.NewField("Time", nil, buckets)
		at.Config = &data.FieldConfig{Interval: float64(step.Milliseconds())}
		count := data.NewField("Value", data.Labels{"level": v.Level}, v.Counts)
		count.Config = &data.FieldConfig{DisplayNameFromDS: v.Level}
		out = append(out, data.NewFrame("", at, count))
	}
	return out
}
