// Package monitoring writes the Grafana dashboard of Auditlake's own metrics, for
// who runs it: whether the ETL keeps up, how long queries take, what the store does.
// It asks a Prometheus that scrapes /metrics/plugins/auditlake-databricks-datasource.
//
//	panels()  what is shown: a line or a few for each panel
//	JSON()    docs/metrics-dashboard.json
//
// A test holds the file equal, writes it with -update, and fails when a metric of
// the plugin is on no panel.
package monitoring

import (
	"bytes"
	"encoding/json"
	"strings"
)

// only is what every query is limited to: the Grafana that is chosen.
const only = `instance=~"$instance"`

// series is one query of a panel. The text $only stands for the label matcher.
type series struct{ legend, expr string }

// panel is a panel of the dashboard; a width of 24 is a whole row.
type panel struct {
	title, doc string
	kind       string // stat, timeseries, or row
	unit       string
	width      int
	bad        float64 // where a stat turns red; 0 for never
	series     []series
}

const (
	stat = "stat"
	line = "timeseries"
	row  = "row"
)

func percentiles(metric, by string) []series {
	var out []series
	for _, p := range []struct{ name, value string }{{"p50", "0.5"}, {"p95", "0.95"}} {
		out = append(out, series{"{{" + by + "}} " + p.name, "histogram_quantile(" + p.value + ", sum by (le, " + by + ") (rate(" + metric + "_bucket{$only}[$__rate_interval])))"})
	}
	return out
}

func rate(metric, by string) series {
	return series{"{{" + by + "}}", "sum by (" + by + ") (rate(" + metric + "{$only}[$__rate_interval]))"}
}

func panels() []panel {
	return []panel{
		{kind: row, title: "Is all well?"},
		{
			kind: stat, title: "Since the last good run", unit: "s", width: 6, bad: 7200,
			doc:    "Time since the ETL of a data source last succeeded. More than two intervals of its schedule: look at Pipeline health.",
			series: []series{{"{{org}} {{uid}}", `time() - max by (org, uid) (auditlake_etl_last_success_timestamp_seconds{$only})`}},
		},
		{
			kind: stat, title: "Failed tasks", unit: "short", width: 6, bad: 1,
			doc:    "Runs, optimizations and replays that failed in the time range. The log of Grafana has why.",
			series: []series{{"{{task}}", `sum by (task) (increase(auditlake_tasks_total{$only, outcome="failed"}[$__range]))`}},
		},
		{
			kind: stat, title: "Lines lost at the source", unit: "short", width: 6, bad: 1,
			doc:    "Lines of delivered files that a newer version of the file lacks. Databricks promises none; the lake keeps them.",
			series: []series{{"lines", `sum(increase(auditlake_etl_superseded_lines_total{$only}[$__range]))`}},
		},
		{
			kind: stat, title: "Queries that failed", unit: "percentunit", width: 6, bad: 0.05,
			doc:    "Share of queries that were answered with an error of any kind.",
			series: []series{{"share", `sum(increase(auditlake_queries_total{$only, status!="200"}[$__range])) / sum(increase(auditlake_queries_total{$only}[$__range]))`}},
		},

		{kind: row, title: "ETL"},
		{kind: line, title: "Rows added", unit: "rowsps", width: 8, doc: "Rows that runs add, by layer.", series: []series{rate("auditlake_etl_rows_total", "layer")}},
		{
			kind: line, title: "Delivered files read", unit: "short", width: 8, doc: "Files per second, and their bytes.",
			series: []series{{"files", `sum(rate(auditlake_etl_files_total{$only}[$__rate_interval]))`}, {"bytes", `sum(rate(auditlake_etl_bytes_total{$only}[$__rate_interval]))`}},
		},
		{kind: line, title: "Time of a task", unit: "s", width: 8, doc: "A run should take much less than the schedule's interval.", series: percentiles("auditlake_task_duration_seconds", "task")},
		{
			kind: line, title: "Tasks by outcome", unit: "short", width: 24, doc: "A run that is put off finds another Grafana at work on the lake.",
			series: []series{{"{{task}} {{outcome}}", `sum by (task, outcome) (increase(auditlake_tasks_total{$only}[$__rate_interval]))`}},
		},

		{kind: row, title: "Queries"},
		{
			kind: line, title: "Queries answered", unit: "reqps", width: 8, doc: "By type and by status of HTTP.",
			series: []series{{"{{type}} {{status}}", `sum by (type, status) (rate(auditlake_queries_total{$only}[$__rate_interval]))`}},
		},
		{kind: line, title: "Time to answer", unit: "s", width: 8, doc: "Waiting for a turn included.", series: percentiles("auditlake_query_duration_seconds", "type")},
		{
			kind: line, title: "Rows and bytes read", unit: "short", width: 8, doc: "What queries read: a dashboard over a long range shows here.",
			series: []series{{"rows", `sum(rate(auditlake_query_scanned_rows_total{$only}[$__rate_interval]))`}, {"bytes", `sum(rate(auditlake_query_scanned_bytes_total{$only}[$__rate_interval]))`}},
		},
		{kind: line, title: "Data files read and left out", unit: "short", width: 12, doc: "Files that statistics rule out are not read.", series: []series{rate("auditlake_query_files_total", "fate")}},
		{
			kind: line, title: "Answers from memory", unit: "short", width: 12, doc: "Answers found in memory, shared with an equal query at work, and worked out.",
			series: []series{
				{"found", `sum(rate(auditlake_result_cache_hits_total{$only}[$__rate_interval]))`},
				{"shared", `sum(rate(auditlake_result_cache_shared_total{$only}[$__rate_interval]))`},
				{"worked out", `sum(rate(auditlake_result_cache_misses_total{$only}[$__rate_interval]))`},
			},
		},

		{kind: row, title: "Object store"},
		{
			kind: line, title: "Calls", unit: "reqps", width: 8, doc: "Of source and lake. What is not ok for long is refused or throttled.",
			series: []series{{"{{root}} {{operation}} {{outcome}}", `sum by (root, operation, outcome) (rate(auditlake_store_requests_total{$only}[$__rate_interval]))`}},
		},
		{kind: line, title: "Time of a call", unit: "s", width: 8, doc: "Body or listing included.", series: percentiles("auditlake_store_request_duration_seconds", "operation")},
		{
			kind: line, title: "Bytes", unit: "Bps", width: 8, doc: "Read and written.",
			series: []series{{"{{root}} {{operation}}", `sum by (root, operation) (rate(auditlake_store_bytes_total{$only}[$__rate_interval]))`}},
		},

		{kind: row, title: "Memory"},
		{
			kind: line, title: "Memory of the plugin", unit: "bytes", width: 8, doc: "Resident memory of the process, and what its caches hold.",
			series: []series{
				{"process", `process_resident_memory_bytes{$only}`},
				{"answers", `auditlake_result_cache_bytes{$only}`},
				{"footers", `auditlake_footer_cache_bytes{$only}`},
				{"pages", `auditlake_page_cache_bytes{$only}`},
			},
		},
		{
			kind: line, title: "Parquet footers and pages", unit: "short", width: 8, doc: "Found in memory, and read.",
			series: []series{
				{"footers found", `sum(rate(auditlake_footer_cache_hits_total{$only}[$__rate_interval]))`},
				{"footers read", `sum(rate(auditlake_footer_cache_misses_total{$only}[$__rate_interval]))`},
				{"pages found", `sum(rate(auditlake_page_cache_hits_total{$only}[$__rate_interval]))`},
				{"pages read", `sum(rate(auditlake_page_cache_misses_total{$only}[$__rate_interval]))`},
			},
		},
		{
			kind: line, title: "Processor and open files", unit: "short", width: 8, doc: "Cores at work, goroutines, and open files.",
			series: []series{
				{"cores", `rate(process_cpu_seconds_total{$only}[$__rate_interval])`},
				{"goroutines", `go_goroutines{$only}`},
				{"open files", `process_open_fds{$only}`},
			},
		},
	}
}

// Queries are the PromQL of all panels, with the variables of Grafana in it.
func Queries() (all []string) {
	for _, p := range panels() {
		for _, s := range p.series {
			all = append(all, strings.ReplaceAll(s.expr, "$only", only))
		}
	}
	return all
}

type object = map[string]any

var prometheus = object{"type": "prometheus", "uid": "${datasource}"}

// JSON is the dashboard's file.
func JSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(object{
		"uid": "auditlake-metrics", "title": "Auditlake: its own metrics",
		"description":   "How the plugin is doing, by a Prometheus that scrapes Grafana at /metrics/plugins/auditlake-databricks-datasource.",
		"tags":          []string{"auditlake"},
		"schemaVersion": 42, "version": 1, "editable": true, "graphTooltip": 1, "timezone": "browser", "refresh": "1m",
		"time": object{"from": "now-24h", "to": "now"},
		"templating": object{"list": []object{
			{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
			{
				"name": "instance", "label": "Grafana", "type": "query", "datasource": prometheus, "refresh": 2,
				"query": "label_values(auditlake_store_requests_total, instance)", "definition": "label_values(auditlake_store_requests_total, instance)",
				"includeAll": true, "multi": true, "allValue": ".*", "current": object{"text": "All", "value": []string{"$__all"}},
			},
		}},
		"panels": layOut(panels()),
	})
	return out.Bytes(), err
}

// layOut puts panels from left to right, and begins a new line where one is full.
func layOut(all []panel) (out []object) {
	x, y, height := 0, 0, 0
	for i, p := range all {
		width, h := p.width, 8
		switch p.kind {
		case row:
			width, h = 24, 1
		case stat:
			h = 4
		}
		if x+width > 24 {
			x, y = 0, y+height
		}
		at := object{"x": x, "y": y, "w": width, "h": h}
		x, height = x+width, h
		out = append(out, p.json(i+1, at))
	}
	return out
}

func (p panel) json(id int, at object) object {
	if p.kind == row {
		return object{"id": id, "type": row, "title": p.title, "collapsed": false, "gridPos": at, "panels": []object{}}
	}
	steps := []object{{"color": "green", "value": nil}}
	if p.bad > 0 {
		steps = append(steps, object{"color": "red", "value": p.bad})
	}
	var targets []object
	for i, s := range p.series {
		targets = append(targets, object{
			"refId": string(rune('A' + i)), "datasource": prometheus, "legendFormat": s.legend,
			"expr": strings.ReplaceAll(s.expr, "$only", only), "instant": p.kind == stat, "range": p.kind != stat,
		})
	}
	return object{
		"id": id, "type": p.kind, "title": p.title, "description": p.doc, "datasource": prometheus, "gridPos": at, "targets": targets,
		"fieldConfig": object{"defaults": object{"unit": p.unit, "thresholds": object{"mode": "absolute", "steps": steps}}, "overrides": []object{}},
		"options":     options(p.kind),
	}
}

func options(kind string) object {
	if kind == stat {
		return object{"colorMode": "background", "graphMode": "none", "reduceOptions": object{"calcs": []string{"lastNotNull"}}}
	}
	return object{"legend": object{"displayMode": "table", "placement": "bottom", "calcs": []string{"mean", "max"}}, "tooltip": object{"mode": "multi", "sort": "desc"}}
}
