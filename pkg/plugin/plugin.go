// Package plugin is THE SHELL: the data source as Grafana sees it. Grafana's
// types stop here; what lies below knows lakes, plans and batches.
//
//	settings.go    what the user configured -> Settings, or words about what is wrong;
//	               fields.go reads values, location.go and awsauth.go say where and how
//	admin.go       what grafana.ini decides for all data sources
//	redaction.go   who does not see what
//	datasource.go  one instance per configured data source: opens its stores
//	query.go       queries of a panel, side by side, each with its own outcome
//	frames.go      rows -> frames, typed for panels and for alert rules
//	health.go      "Save & test": each part that fails, with its remedy;
//	               health_source.go and health_lake.go look at the parts
//	resources.go   what the editors ask for
//	errors.go      the one table from errors to status, source and words
//
// Invariants:
//
//   - Bad settings make an instance that says what is wrong, never a data source
//     that cannot be created.
//   - A query's failure is its own: the others of the request are answered.
//   - Neither secrets nor what is in events reach a log line; secrets reach no
//     answer either.
//   - Ids are text, because a browser makes doubles of whole numbers.
//
// The package reads lakes. What it writes is two objects, by which a health check
// tries out whether an ETL could write; it deletes them again.
package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
)

// ID is the id in src/plugin.json.
const ID = "auditlake-databricks-datasource"

// Factory makes the instances of the SDK's instance manager, one for each data
// source and each change of its settings. It never fails.
func Factory(admin Admin) datasource.InstanceFactoryFunc {
	return func(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
		return New(ctx, s, admin), nil
	}
}
