package plugin

import (
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// NewOver is a data source over any catalog.
func NewOver(catalog query.Catalog) *Datasource {
	d := newInstance(backend.DataSourceInstanceSettings{})
	d.catalog = catalog
	d.settings.Lake.URL = "memory"
	return d
}

// OutcomeOf is the error table: how err is shown.
func OutcomeOf(err error) (backend.Status, backend.ErrorSource, string) {
	o := outcomeOf(err)
	return o.status, o.source, o.text(err)
}

// Frames are the frames of a result.
func Frames(n query.Named, result *exec.Result) data.Frames {
	return answer{named: n, plan: query.From("t", query.TimeRange{}), result: result}.frames()
}
