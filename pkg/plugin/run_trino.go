package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// dialectTrino marks SQL that is written for Trino; all other is ours.
const dialectTrino = "trino"

// errPrinted: Trino does not take what a plan was printed as.
var errPrinted = errors.New("trino refuses the statement of a plan")

// trinoTask is a statement for the cluster.
type trinoTask struct {
	d         *Datasource
	statement string
	bound     *query.Bound // that it was printed from; nil for one of the user's own
	info      trino.Info   // after Run
}

// Key of an answer of Trino differs from that of the same plan here: should the two ever
// disagree, each engine has its own.
func (t *trinoTask) Key() (string, bool) {
	if t.bound == nil {
		return "", false
	}
	key, ok := t.bound.Key()
	return "trino\n" + key, ok
}

func (t *trinoTask) Versions() map[string]int64 {
	if t.bound == nil {
		return map[string]int64{}
	}
	return t.bound.Versions()
}

func (t *trinoTask) Run(ctx context.Context, o exec.Options) (res *exec.Result, err error) {
	if t.bound == nil {
		res, t.info, err = t.d.trino.Run(ctx, t.statement, nil, o)
		return res, err
	}
	if res, t.info, err = t.d.trino.Run(ctx, t.statement, t.bound.Schema(), o); err != nil {
		if errors.Is(err, trino.ErrStatement) {
			err = fmt.Errorf("%w: %w", errPrinted, err)
		}
		return nil, err
	}
	for _, table := range t.bound.Missing() {
		res.Notices = append(res.Notices, exec.MissingNotice(table))
	}
	return res, nil
}

// askTrino waits for one of the places of the cluster and completes c. The place is none
// of those that turns gives: the work is done elsewhere.
func (d *Datasource) askTrino(ctx context.Context, t *trinoTask, c *computed) (err error) {
	came := time.Now()
	select {
	case d.onTrino <- struct{}{}:
		defer func() { <-d.onTrino }()
	case <-ctx.Done():
		return ctx.Err()
	}
	began := time.Now()
	limits := d.settings.Limits
	c.Result, err = t.Run(ctx, exec.Options{MaxMemory: limits.QueryMemoryBytes, MaxRows: limits.MaxRows})
	c.waited, c.ran, c.trino = began.Sub(came), time.Since(began), aboutOf(t.info)
	return err
}

// engineOf is the engine that a query wants. The settings have the last word: a data
// source without a cluster has one engine.
func (d *Datasource) engineOf(m model) (routing.Engine, error) {
	if m.Engine == "" {
		return d.settings.Trino.Engine, nil
	}
	e, err := routing.ParseEngine(m.Engine)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", errQuery, err)
	case e == routing.Trino && !d.settings.Trino.Asks():
		return "", fmt.Errorf("%w: this data source asks no Trino: set trinoUrl in its settings, and engine to %s or %s", errQuery, routing.Auto, routing.Trino)
	case !d.settings.Trino.Asks():
		return routing.Embedded, nil
	}
	return e, nil
}

// routed is how a query came to its engine.
type routed struct {
	routing.Choice
	task task
}

// route chooses the engine for a bound plan that here is the task embedded.
func (d *Datasource) route(ctx context.Context, b *query.Bound, engine routing.Engine, embedded task) (routed, error) {
	if !d.settings.Trino.Asks() {
		return routed{task: embedded}, nil
	}
	t := d.settings.Trino
	choice, err := routing.Choose(ctx, b, routing.Rules{
		Engine: engine, Above: t.Above, Names: trino.Names{Catalog: t.Config.Catalog, Schema: t.Config.Schema},
	})
	r := routed{choice, embedded}
	if choice.Engine == routing.Trino {
		r.task = &trinoTask{d: d, statement: choice.Statement, bound: b}
	}
	return r, err
}

// tell says in an answer who gave it, and what Trino says of it.
func (r routed) tell(a *answer) {
	a.about.EngineReason = r.Reason
	if r.Engine == routing.Trino {
		a.explained, a.about.Engine = r.Statement, string(routing.Trino)
		a.about.Trino = a.result.trino
	} else if r.Engine != "" && a.about.Engine == "" {
		a.about.Engine = string(routing.Embedded)
	}
}

// aboutTrino is what a frame's meta says of a query on Trino.
type aboutTrino struct {
	QueryID string `json:"queryId"`
	URL     string `json:"url"` // of the query's page
	Splits  int64  `json:"splits"`
	Nodes   int64  `json:"nodes"`
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"` // read from the store
	CPUMs   int64  `json:"cpuMs"`
}

func aboutOf(i trino.Info) *aboutTrino {
	return &aboutTrino{i.QueryID, i.URL, i.Splits, i.Nodes, i.Rows, i.Bytes, i.CPU.Milliseconds()}
}

// trinoSQL answers a statement that is written for Trino. Nothing stands between it and
// the tables, so it is for who may see everything.
func (d *Datasource) trinoSQL(ctx context.Context, q question, m model) (*answer, error) {
	if err := d.mayAskTrino(q.user); err != nil {
		return nil, err
	}
	expanded, err := sql.Expand(m.SQL, sql.Macros{
		Range: query.TimeRange{From: q.TimeRange.From, To: q.TimeRange.To}, Interval: q.Interval, Dialect: sql.Trino,
	})
	if err != nil {
		return nil, err
	}
	statement := strings.TrimRight(strings.TrimSpace(expanded), ";")
	if err := trino.CheckReads(statement); err != nil {
		return nil, fmt.Errorf("%w: %w", errSQL, err)
	}
	r, err := d.work(ctx, func(context.Context) (task, error) { return &trinoTask{d: d, statement: statement}, nil })
	if err != nil {
		return nil, err
	}
	shape, err := m.Format.shape(r.Schema, q.alert)
	if err != nil {
		return nil, err
	}
	out := &answer{shape: shape, statement: statement, result: r, about: about{Alertable: isAlertable(shape)}}
	routed{Choice: routing.Choice{Engine: routing.Trino, Reason: "the SQL is Trino's"}}.tell(out)
	if len(m.AdhocFilters) > 0 {
		out.notices = append(out.notices, data.Notice{
			Severity: data.NoticeSeverityWarning,
			Text:     "The filters of the dashboard do not narrow SQL that is written for Trino: put them into the statement.",
		})
	}
	for _, f := range r.Schema {
		if f.Type.Kind == columnar.Decimal {
			out.notices = append(out.notices, data.Notice{
				Severity: data.NoticeSeverityInfo,
				Text:     fmt.Sprintf("Column %s is a %s and shown as text, to the last digit: cast it to double for a graph.", f.Name, f.Type),
			})
		}
	}
	if m.Zero != nil && *m.Zero {
		out.zeros, err = zerosOf(query.Plan{}, r.Schema, shape, q.TimeRange)
	}
	return out, err
}

// mayAskTrino says whether somebody may write SQL for Trino, which nothing can be hidden
// from.
func (d *Datasource) mayAskTrino(user *backend.User) error {
	switch {
	case !d.settings.Trino.Asks():
		return fmt.Errorf("%w: this data source asks no Trino: set trinoUrl in its settings, or write the statement for the embedded engine", errQuery)
	case d.settings.Scope.Workspaces != nil:
		return &forbiddenError{"SQL for Trino would show all workspaces, and this data source shows some: write the statement for the embedded engine"}
	case d.settings.Redaction.hides() && d.settings.Redaction.Applies(user):
		return &forbiddenError{"SQL for Trino would show texts and keys that are hidden from this role: write the statement for the embedded engine"}
	}
	return nil
}
