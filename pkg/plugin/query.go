package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// QueryData answers the queries of a panel or an alert rule, side by side. Each
// has its own outcome; the request as a whole never fails.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	ctx, done := d.under(ctx)
	defer done()
	alert := req.Headers[backend.FromAlertHeaderName] == "true"
	answers := make([]backend.DataResponse, len(req.Queries))
	var queries errgroup.Group
	queries.SetLimit(parallelQueries)
	for i, q := range req.Queries {
		queries.Go(func() error {
			answers[i] = d.answer(ctx, question{q, alert})
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

// question is one query and who asks.
type question struct {
	backend.DataQuery
	alert bool // an alert rule
}

func (d *Datasource) answer(ctx context.Context, q question) backend.DataResponse {
	frames, err := d.frames(ctx, q)
	if err != nil {
		var res backend.DataResponse
		var text string
		res.Status, res.ErrorSource, text = d.explain(cause(ctx, err))
		res.Error = errors.New(text)
		return res
	}
	return backend.DataResponse{Status: backend.StatusOK, Frames: frames}
}

// model is the JSON of a query; see AuditlakeQuery in src/types.ts.
type model struct {
	QueryType string               `json:"queryType"`
	Named     string               `json:"named"`
	Params    map[string]paramText `json:"params"`
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

// frames finds out what kind of query it is and waits for its turn.
func (d *Datasource) frames(ctx context.Context, q question) (_ data.Frames, err error) {
	defer guard(ctx, &err)
	var m model
	if err := json.Unmarshal(q.JSON, &m); err != nil {
		return nil, fmt.Errorf(`%w: it is JSON like {"queryType":"named","named":"clusters_by_creator","params":{}}: %w`, errQuery, err)
	}
	if m.QueryType == "" {
		m.QueryType = q.QueryType
	}
	switch m.QueryType {
	case "named", "": // the editor's default, which alert rules may leave out
		if d.settingsErr != nil {
			return nil, d.settingsErr
		}
		if err := d.slots.Acquire(ctx, 1); err != nil {
			return nil, err
		}
		defer d.slots.Release(1)
		return d.named(ctx, q, m)
	}
	return nil, fmt.Errorf("%w: query type %q is not known; there is named", errQuery, m.QueryType)
}

// named answers a query of the catalog about the events From <= t < To.
func (d *Datasource) named(ctx context.Context, q question, m model) (data.Frames, error) {
	if m.Named == "" {
		return nil, fmt.Errorf("%w: no query is chosen; there are %s", errQuery, names(query.All()))
	}
	named, err := query.Lookup(m.Named)
	if err != nil {
		return nil, err
	}
	if q.alert && !named.Alertable {
		return nil, fmt.Errorf("%w: %s gives a table; rules can be set on %s", errNotAlertable, named.Name, names(alertable()))
	}
	params := make(map[string]string, len(m.Params))
	for name, text := range m.Params {
		params[name] = string(text)
	}
	plan, err := query.BuildNamed(named.Name, params, query.TimeRange{From: q.TimeRange.From, To: q.TimeRange.To})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	result, err := exec.Run(ctx, d.catalog, plan, exec.Options{})
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", named.Name, err)
	}
	notices, err := d.notices(ctx, result)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", named.Name, err)
	}
	a := answer{named: named, plan: plan, result: result, notices: notices, took: time.Since(began)}
	log.DefaultLogger.FromContext(ctx).Debug("Answered a query", "named", named.Name,
		"rows", result.Batch.Len, "scanned", result.Stats.Scan.Rows, "took", a.took.String())
	return a.frames(), nil
}

// notices are the executor's, or, where there is no lake at all, that.
func (d *Datasource) notices(ctx context.Context, result *exec.Result) ([]data.Notice, error) {
	if len(result.Notices) == 0 {
		return nil, nil
	}
	if _, err := d.catalog.Table(ctx, lake.Bronze); errors.Is(err, query.ErrNoTable) {
		return []data.Notice{{
			Severity: data.NoticeSeverityWarning,
			Text:     fmt.Sprintf("There is no lake at %s yet: the ETL has not brought anything in.", d.settings.Lake),
		}}, nil
	} else if err != nil {
		return nil, err
	}
	var out []data.Notice
	for _, text := range result.Notices {
		out = append(out, data.Notice{Severity: data.NoticeSeverityInfo, Text: text})
	}
	return out, nil
}

func alertable() (out []query.Named) {
	for _, n := range query.All() {
		if n.Alertable {
			out = append(out, n)
		}
	}
	return out
}

func names(catalog []query.Named) string {
	out := make([]string, len(catalog))
	for i, n := range catalog {
		out[i] = n.Name
	}
	return strings.Join(out, ", ")
}
