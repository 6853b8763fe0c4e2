// Package queries measures what panels ask: twelve questions, answered by the
// embedded executor and by DuckDB from the same rows; and statements that users might
// write, which are the part sql.
//
//	question   a query.Plan for us        duckdb/NN_name.sql for DuckDB
//	statement  text/NN_name.sql for both, or for each its own
//	             |                           |
//	side       one process, one lake      files: read_parquet of the live files
//	             |                        tables: CREATE TABLE AS of the same rows
//	             v                           v
//	answer     rows as text, compared one by one before anything is measured
//
// Cold is a process, or a lake, that has answered nothing yet; warm is one that has
// answered the same question before. The data is in the page cache of the system
// either way, on every side: what is cold is the engine.
//
// The SQL is what somebody who knows DuckDB well would write. Where there is a
// choice it is the faster one: times are cut by arithmetic on microseconds and not
// by date_trunc, which knows time zones, and a time range is also said of the
// partition column.
package queries

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

//go:embed duckdb/*.sql
var statements embed.FS

// Question is what all sides are asked.
type Question struct {
	Name   string // that of its .sql file
	Title  string
	Tables []string // that it reads
	Plan   query.Plan
	Text   string // SQL of ours, in the place of a plan
	SQL    string // DuckDB's
}

// Subject is what the questions are asked about.
type Subject struct {
	All    query.TimeRange // all of the lake
	Window query.TimeRange // seven days of it
	Needle string          // a requestId that the lake has
}

// Tables are all tables that the questions read.
func Tables() []string {
	var out []string
	for _, q := range plans(Subject{}) {
		for _, table := range q.plan.Tables() {
			if !slices.Contains(out, table) {
				out = append(out, table)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Questions are the twelve, in the order of the report.
func Questions(s Subject) ([]Question, error) {
	files, err := fs.Glob(statements, "duckdb/*.sql")
	if err != nil {
		return nil, err
	}
	asked := plans(s)
	if len(files) != len(asked) {
		return nil, fmt.Errorf("%d questions have %d statements", len(asked), len(files))
	}
	var out []Question
	for i, file := range files {
		text, err := statements.ReadFile(file)
		if err != nil {
			return nil, err
		}
		q := asked[i]
		name := strings.TrimSuffix(strings.TrimPrefix(file, "duckdb/"), ".sql")
		if want := fmt.Sprintf("%02d_%s", i+1, q.name); name != want {
			return nil, fmt.Errorf("the statement of %s is in %s", want, file)
		}
		out = append(out, Question{Name: name, Title: q.title, Tables: q.plan.Tables(), Plan: q.plan, SQL: s.fill(string(text))})
	}
	return out, nil
}

// fill puts the subject in the place of $from, $to, $from_date, $to_date (the last
// day), $needle.
func (s Subject) fill(sql string) string {
	instant := func(t time.Time) string {
		return "TIMESTAMPTZ '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
	}
	date := func(t time.Time) string { return "DATE '" + t.UTC().Format(time.DateOnly) + "'" }
	return strings.NewReplacer(
		"$from_date", date(s.Window.From), "$to_date", date(s.Window.To.Add(-time.Microsecond)),
		"$from", instant(s.Window.From), "$to", instant(s.Window.To),
		"$needle", "'"+strings.ReplaceAll(s.Needle, "'", "''")+"'",
	).Replace(sql)
}

type asked struct {
	name, title string
	plan        query.Plan
}

var (
	at        = query.Column(columnar.Timestamp, query.TimeColumn)
	date      = query.Column(columnar.Date, query.DateColumn)
	actor     = query.Column(columnar.String, "actor")
	service   = query.Column(columnar.String, "serviceName")
	action    = query.Column(columnar.String, "actionName")
	requestID = query.Column(columnar.String, "requestId")
	userAgent = query.Column(columnar.String, "userAgent")
	runID     = query.Column(columnar.String, "runId")
)

// plans are the questions without their SQL. A question that the catalog has is
// taken from there.
func plans(s Subject) []asked {
	silver := func() query.Plan { return query.From("silver", query.TimeRange{}) }
	named := func(name string) query.Plan {
		p, err := named.Build(name, nil, s.All)
		if err != nil {
			panic(err) // the catalog lacks a name that is written below
		}
		return p
	}
	by := func(x ...query.Expr) []query.Output {
		var out []query.Output
		for _, e := range x {
			c := e.(query.Col)
			out = append(out, query.As(c.Path[len(c.Path)-1], c))
		}
		return out
	}
	events := query.CountRows("events")
	return []asked{
		{"clusters_created_per_day", "Clusters created per day", named("clusters_created_per_day")},
		{"clusters_by_creator", "Clusters by creator", named("clusters_by_creator")},
		{"clusters_without_autotermination", "Clusters without autotermination", named("clusters_without_autotermination")},
		{"failed_logins", "Failed logins per day", named("failed_logins")},
		{"events_by_action", "Events by service and action", silver().
			Aggregate(by(service, action), events).
			Sort(query.Desc("events"), query.Asc("serviceName"), query.Asc("actionName"))},
		{"top_users", "The 100 users with the most events", silver().
			Aggregate(by(actor), events).
			Sort(query.Desc("events"), query.Asc("actor")).Limit(100)},
		{"users_per_day", "Distinct users per day", silver().
			Aggregate(by(date), query.Agg{Name: "users", Func: query.CountDistinct, Arg: actor}).
			Sort(query.Asc("date"))},
		{"needle", "One event by its request id", silver().
			Filter(query.Eq(requestID, query.Str(s.Needle))).
			Project(event()...).Sort(order()...)},
		{"window", "Events per hour in a window of 7 days", query.From("silver", s.Window).
			Aggregate([]query.Output{query.As("hour", query.Bucket{X: at, Unit: "hour"})}, events).
			Sort(query.Asc("hour"))},
		{"agent_regex", "Events per day from scripts, by a regular expression on the user agent", silver().
			Filter(query.Match{X: userAgent, Pattern: `(?i)(terraform|databricks-cli|python-requests)[-/][0-9]+\.`}).
			Aggregate(by(date), events, query.Agg{Name: "agents", Func: query.CountDistinct, Arg: userAgent}).
			Sort(query.Asc("date"))},
		{"run_time_p95", "95th percentile of the run time of jobs, by day", runTimes()},
		{"latest_events", "The latest 100 events, whole rows", silver().
			Project(event()...).Sort(order()...).Limit(100)},
	}
}

// runTimes is from the first runStart of a run to its last end.
func runTimes() query.Plan {
	is := func(actions ...string) query.Expr { return query.In{X: action, List: query.Strs(actions...)} }
	start, end := is("runStart"), is("runSucceeded", "runFailed")
	seconds := query.Arith{Op: query.Sub, L: query.Name("ended"), R: query.Name("started")}
	return query.From("jobs", query.TimeRange{}).
		Filter(is("runStart", "runSucceeded", "runFailed"), query.NotNull(runID)).
		Aggregate([]query.Output{query.As("runId", runID)},
			query.Agg{Name: "started", Func: query.Min, Arg: at, Where: start},
			query.Agg{Name: "ended", Func: query.Max, Arg: at, Where: end}).
		Filter(query.NotNull(query.Name("started")), query.NotNull(query.Name("ended"))).
		Project(query.As("day", query.Bucket{X: query.Name("ended"), Unit: "day"}), query.As("seconds", seconds)).
		Aggregate([]query.Output{query.As("day", query.Name("day"))},
			query.CountRows("runs"),
			query.Agg{Name: "p95", Func: query.Percentile, Arg: query.Name("seconds"), P: 0.95}).
		Sort(query.Asc("day"))
}

// event is the columns of a silver row that have an order of their own, and so can
// be compared; the two nested ones by their fields and a key.
func event() []query.Output {
	var out []query.Output
	add := func(kind columnar.Kind, names ...string) {
		for _, name := range names {
			out = append(out, query.As(name, query.Column(kind, name)))
		}
	}
	add(columnar.Timestamp, query.TimeColumn)
	add(columnar.String, "serviceName", "actionName", "actor", "email", "subjectName", "sourceIPAddress", "userAgent",
		"sessionId", "requestId", "version", "auditLevel", "accountId", "shardName", "outcome", "identityMetadata", "extra", "eventKey")
	add(columnar.Long, "timestamp", "workspaceId", "fileId", "lineNumber")
	out = append(out,
		query.As("statusCode", query.Column(columnar.Long, "response", "statusCode")),
		query.As("errorMessage", query.Column(columnar.String, "response", "errorMessage")),
		query.As("result", query.Column(columnar.String, "response", "result")),
		query.As("requestParams", query.Column(columnar.Map, "requestParams")))
	return out
}

// order is the newest event first, and a total one.
func order() []query.SortKey {
	return []query.SortKey{query.Desc(query.TimeColumn), query.Asc("eventKey"), query.Asc("fileId"), query.Asc("lineNumber")}
}
