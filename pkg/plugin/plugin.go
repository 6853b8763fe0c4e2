// Package plugin is THE SHELL: the data source as Grafana sees it. Grafana's
// types stop here; what lies below knows lakes, plans and batches.
//
//	shell.go       what all data sources of the process share
//	admin.go       what grafana.ini decides for all of them
//	supervisor/    which of them writes which lake, and when
//	pipeline.go    the ETL of one data source, as the supervisor runs it
//	metrics.go     counters and spans; metrics_caches.go: of what is kept in memory
//
//	settings.go    what the user configured -> Settings, or words about what is wrong;
//	               fields.go reads values, location.go and awsauth.go say where and how
//	datasource.go  one instance per configured data source: opens its stores
//	asker.go       what who asks may do; redaction.go: what they do not see
//	query.go       queries of a panel, side by side, each with its own outcome; one file
//	               for each type: query_named.go, query_sql.go, query_events.go, query_line.go
//	run.go         a plan -> its answer: from memory, shared with who asks the same, or in
//	               its turn; answers/ keeps and shares, turns/ is who goes first
//	frames.go      rows -> frames, typed for panels and for alert rules
//	health.go      "Save & test": each part that fails, with its remedy;
//	               health_source.go and health_lake.go look at the parts
//	resources.go   what the editors ask for; resource_tables.go, resource_etl.go
//	stream.go      the ETL's progress, live; jobstatus.go puts it into words
//	errors.go      the one table from errors to status, source and words
//
// Invariants:
//
//   - Bad settings make an instance that says what is wrong, never a data source
//     that cannot be created.
//   - A query's failure is its own: the others of the request are answered.
//   - Whatever reads rows for somebody goes through Datasource.view: the scope and
//     the redaction hold however a question is phrased.
//   - Neither secrets nor what is in events reach a log line; secrets reach no
//     answer either.
//   - Ids are text, because a browser makes doubles of whole numbers.
//   - What changes a lake is asked for by an administrator and done by the
//     supervisor's job, never in a request. A health check alone writes in one:
//     two objects, by which it tries out whether the ETL could write, and which it
//     deletes again.
package plugin

// ID is the id in src/plugin.json.
const ID = "auditlake-databricks-datasource"
