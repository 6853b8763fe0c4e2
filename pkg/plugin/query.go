package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/config"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// QueryData answers the queries of a panel or an alert rule, side by side. Each
// has its own outcome; the request as a whole never fails.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	d.use()
	ctx, done := d.under(ctx)
	defer done()
	alert := req.Headers[backend.FromAlertHeaderName] == "true"
	answers := make([]backend.DataResponse, len(req.Queries))
	var queries errgroup.Group
	queries.SetLimit(d.parallel(ctx))
	for i, q := range req.Queries {
		queries.Go(func() error {
			answers[i] = d.answer(ctx, question{q, req.PluginContext.User, alert})
			return nil
		})
	}
	_ = queries.Wait() // no query gives an error here
	res := backend.NewQueryDataResponse()
	for i, q := range req.Queries {
		res.Responses[q.RefID] = answers[i]
	}
	return res, nil
}

// parallel is how many queries of one request run side by side: as many as the
// data source runs at all, or fewer if Grafana says so.
func (d *Datasource) parallel(ctx context.Context) int {
	n := d.settings.Limits.ParallelQueries
	if allowed, err := config.GrafanaConfigFromContext(ctx).ConcurrentQueryCount(); err == nil && allowed > 0 {
		n = min(n, allowed)
	}
	return max(n, 1)
}

// question is one query and who asks.
type question struct {
	backend.DataQuery
	user  *backend.User // nil: nobody, as in the background
	alert bool          // an alert rule
}

func (d *Datasource) answer(ctx context.Context, q question) backend.DataResponse {
	m, err := parseModel(q.DataQuery)
	if err != nil {
		return d.refusal(err)
	}
	ctx, done := d.shell.metrics.query(ctx, m.metricType(), d.metricName(m))
	frames, r, err := d.frames(ctx, q, m)
	if err != nil {
		res := d.refusal(cause(ctx, err))
		done(r, res.Status)
		return res
	}
	done(r, backend.StatusOK)
	return backend.DataResponse{Status: backend.StatusOK, Frames: frames}
}

func (d *Datasource) refusal(err error) backend.DataResponse {
	status, source, text := d.explain(err)
	return backend.DataResponse{Status: status, ErrorSource: source, Error: errors.New(text)}
}

// model is the JSON of a query; see AuditlakeQuery in src/types.ts.
type model struct {
	QueryType string               `json:"queryType"`
	Named     string               `json:"named"`
	Params    map[string]paramText `json:"params"`
	SQL       string               `json:"sql"`
	Dialect   string               `json:"dialect"` // of SQL: empty is ours, trino is Trino's
	Engine    string               `json:"engine"`  // of named queries and SQL; empty leaves it to the settings
	Format    format               `json:"format"`  // of SQL

	// Of events and volume: see events.Question. Filters are of the query itself.
	Table     string            `json:"table"`
	Search    string            `json:"search"`
	Filters   []query.Condition `json:"filters"`
	Limit     *int64            `json:"limit"`
	Direction events.Direction  `json:"direction"`
	After     string            `json:"after"`  // the id of an event
	Before    string            `json:"before"` // of another

	// Of line.
	FileID     paramText `json:"fileId"`
	LineNumber paramText `json:"lineNumber"`

	// Of pipeline.
	View pipelineView `json:"view"`

	// Zero says whether no rows are the number 0; see docs/alerting.md for who does not
	// say.
	Zero *bool `json:"zero"`
	// AdhocFilters are the dashboard's. They narrow whatever the query asks.
	AdhocFilters []query.Condition `json:"adhocFilters"`
	// Display says how ids are shown.
	Display display `json:"display"`
}

// paramText is a parameter as text. Who writes JSON by hand, for an alert rule,
// writes numbers as numbers.
type paramText string

// UnmarshalJSON takes a string, a number or a boolean.
func (p *paramText) UnmarshalJSON(raw []byte) error {
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil:
	case len(raw) > 0 && (raw[0] == '{' || raw[0] == '['):
		return errors.New("a parameter is a text or a number")
	default:
		text = string(raw)
	}
	*p = paramText(text)
	return nil
}

func parseModel(q backend.DataQuery) (m model, err error) {
	if err := json.Unmarshal(q.JSON, &m); err != nil {
		return m, fmt.Errorf(`%w: it is JSON like {"queryType":"named","named":"clusters_by_creator","params":{}}: %w`, errQuery, err)
	}
	if m.QueryType == "" {
		m.QueryType = q.QueryType
	}
	if m.QueryType == "" {
		m.QueryType = typeNamed // the editor's default, which alert rules may leave out
	}
	return m, nil
}

// The query types.
const (
	typeNamed  = "named"
	typeSQL    = "sql"
	typeEvents = "events" // as log lines
	typeVolume = "volume" // how many events over time
	typeLine   = "line"   // a delivered line, verbatim

	typePipeline = "pipeline" // the tables of the lake, or its last runs
)

// kinds are what answers each type of query.
func kinds() map[string]func(*Datasource, context.Context, question, model) (*answer, error) {
	return map[string]func(*Datasource, context.Context, question, model) (*answer, error){
		typeNamed:  (*Datasource).named,
		typeSQL:    (*Datasource).sql,
		typeEvents: (*Datasource).events,
		typeVolume: (*Datasource).volume,
		typeLine:   (*Datasource).line,

		typePipeline: (*Datasource).pipeline,
	}
}

// metricType and metricName have few values, whatever is sent.
func (m model) metricType() string {
	if _, known := kinds()[m.QueryType]; !known {
		return "unknown"
	}
	return m.QueryType
}

// metricName is that of a query of the catalog, and empty for other types.
func (d *Datasource) metricName(m model) string {
	if m.QueryType != typeNamed {
		return ""
	}
	if _, err := d.catalog().Lookup(m.Named); err != nil {
		return "unknown"
	}
	return m.Named
}

// frames answers by the type of the query.
func (d *Datasource) frames(ctx context.Context, q question, m model) (_ data.Frames, _ *result, err error) {
	defer guard(ctx, &err)
	answerOf, known := kinds()[m.QueryType]
	if !known {
		return nil, nil, fmt.Errorf("%w: query type %q is not known; there are %s", errQuery, m.QueryType,
			strings.Join(slices.Sorted(maps.Keys(kinds())), ", "))
	}
	if d.settingsErr != nil {
		return nil, nil, d.settingsErr
	}
	if err := m.Display.check(); err != nil {
		return nil, nil, err
	}
	a, err := answerOf(d, ctx, q, m)
	if err != nil {
		return nil, nil, err
	}
	if len(a.result.Notices) > 0 { // a table is missing
		exists, err := d.lakeExists(ctx)
		if err != nil {
			return nil, a.result, err
		}
		a.notices = d.notices(a.result.Result)
		if !exists {
			a.notices, a.zeros = []data.Notice{d.noLake()}, nil // nothing is known, so nothing is 0
		}
	}
	// Frames that are made otherwise show no names, and the labels of a rule are what
	// tells its alerts apart.
	if m.Display == displayNames && a.made == nil && !q.alert {
		var missing []string
		a.names, missing = d.nameColumns(ctx, q, a.result)
		for _, text := range missing {
			a.notices = append(a.notices, data.Notice{Severity: data.NoticeSeverityWarning, Text: text})
		}
	}
	a.notices = append(a.notices, m.unfiltered(a.tables())...)
	log.DefaultLogger.FromContext(ctx).Debug("Answered a query", "type", m.QueryType, "named", a.about.Named,
		"rows", a.result.Batch.Len, "scanned", a.result.Stats.Scan.Rows, "cache", string(a.result.how), "took", a.result.took.String())
	frames, err := a.frames()
	return frames, a.result, err
}

// lakeExists says whether the ETL has brought anything in.
func (d *Datasource) lakeExists(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.settings.Limits.QueryTimeout, errQueryTimeout)
	defer cancel()
	_, err := d.tables.Table(ctx, lake.Bronze)
	if errors.Is(err, query.ErrNoTable) {
		return false, nil
	}
	return err == nil, cause(ctx, err)
}

func (d *Datasource) noLake() data.Notice {
	return data.Notice{
		Severity: data.NoticeSeverityWarning,
		Text:     fmt.Sprintf("There is no lake at %s yet: the ETL has not brought anything in.", d.settings.Lake),
	}
}

// notices are the executor's.
func (d *Datasource) notices(result *exec.Result) (out []data.Notice) {
	for _, text := range result.Notices {
		out = append(out, data.Notice{Severity: data.NoticeSeverityInfo, Text: text})
	}
	return out
}
