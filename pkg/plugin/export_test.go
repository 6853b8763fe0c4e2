package plugin

import (
	"context"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// NewOver is a data source over any catalog, with the default settings.
func NewOver(catalog query.Catalog) *Datasource { return NewWith(catalog, "") }

// NewWith is a data source over any catalog, with further settings: the inside of
// an object of JSON, with a comma after each.
func NewWith(catalog query.Catalog, settings string) *Datasource {
	d := NewShell(Admin{}, "test", prometheus.NewRegistry()).New(context.Background(), backend.DataSourceInstanceSettings{
		JSONData: []byte(`{` + settings + `"lake": "s3://memory/lake", "defaultRegion": "eu-central-1"}`),
	})
	if d.settingsErr != nil {
		panic(d.settingsErr)
	}
	d.tables = catalog
	return d
}

// S3Of is how a location is reached; nil for a folder.
func S3Of(l Location) *store.S3Config { return l.s3 }

// Part is a part of a health check.
type Part = part

// OutcomeWords are the words of each row of the error table.
func OutcomeWords() (words []string) {
	for _, o := range append(slices.Clone(outcomes), unforeseen) {
		words = append(words, o.words)
	}
	return words
}

// OutcomeOf is the error table: how err is shown.
func OutcomeOf(err error) (backend.Status, backend.ErrorSource, string) {
	o := outcomeOf(err)
	return o.status, o.source, o.text(err)
}

// Frames are the frames of a result.
func Frames(n *named.Query, r *exec.Result) data.Frames {
	shape := shapeOf(n, r.Schema)
	frames, err := answer{
		name: n.Name, shape: shape, plan: query.From("t", query.TimeRange{}), result: &result{computed: &computed{Result: r}},
		about: about{Named: n.Name, Alertable: isAlertable(shape)},
	}.frames()
	if err != nil {
		panic(err) // there are no zeros
	}
	return frames
}

// OpenPipeline is the ETL that the owner's job runs.
func (s *Shell) OpenPipeline(ctx context.Context, settings Settings, owner supervisor.Owner) (supervisor.Pipeline, error) {
	return s.spec(settings, owner, 1).Open(ctx)
}

// RunPlan answers a plan as for a query, and says how the answer came about.
func (d *Datasource) RunPlan(ctx context.Context, user *backend.User, plan query.Plan) (*exec.Result, string, error) {
	r, err := d.run(ctx, d.view(user), plan)
	if err != nil {
		return nil, "", err
	}
	return r.Result, string(r.how), nil
}

// Identified is what became of asking Databricks after the owner's last run.
func (s *Shell) Identified(owner supervisor.Owner) identifying {
	if out := s.identifiedOf(owner); out != nil {
		return *out
	}
	return identifying{Error: "nobody was asked"}
}

// RegisterError is what went wrong when an owner's tables were last registered, and
// tried is false if they never were.
func (s *Shell) RegisterError(owner supervisor.Owner) (text string, tried bool) {
	last := s.registeredOf(owner)
	if last == nil {
		return "", false
	}
	return last.Error, true
}

// Routes are the patterns of all resources.
func Routes() (patterns []string) {
	for _, r := range routes() {
		patterns = append(patterns, r.pattern)
	}
	return patterns
}
