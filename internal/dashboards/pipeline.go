package dashboards

func pipeline() Dashboard {
	top := map[string]string{"limit": "20"}
	none := map[string]mapped{"0": {Text: "none", Color: "green"}}
	return Dashboard{
		name: pipelineName, title: "Databricks audit: Pipeline health", from: "now-7d", refresh: "1m",
		links: []dashboardLink{{
			Title: "Progress and buttons", Type: "link", URL: "/connections/datasources/edit/${datasource}", Icon: "bolt",
			Tooltip: "What the ETL is doing, live; for administrators also run now, optimize and replay", Tags: []string{},
		}},
		description: "Whether the logs arrive, how fast, and whether all of them are in the lake. Days are in UTC.",
		sections: []section{
			{panels: []panel{
				freshness(1, 6, 5),
				{
					id: 2, w: 6, h: 5, named: "files_overwritten", title: "Lines lost", draw: stat, calc: "sum", of: []string{"lost_lines"},
					what:  "Delivered lines that newer versions of overwritten files lack. Databricks promises that there are none.",
					todo:  "Auditlake keeps the lines it has; report it to Databricks.",
					steps: []step{{"green", 0}, {"red", 1}}, shown: none,
				},
				{
					id: 3, w: 6, h: 5, named: "lines_quarantined", title: "Lines in quarantine", draw: stat, calc: "sum", of: []string{"num_lines"},
					what:  "Delivered lines that could not become an event.",
					todo:  "They are kept as they were; the reasons are below.",
					steps: []step{{"green", 0}, {"orange", 1}}, shown: none,
				},
				{
					id: 4, w: 6, h: 5, title: "Failed runs", draw: stat, of: []string{"num_runs"},
					what:  "Runs of the ETL that failed in the time range.",
					todo:  "The table of runs has the error. A run that fails loses nothing: the next one does its work.",
					steps: []step{{"green", 0}, {"orange", 1}, {"red", 3}}, shown: none,
					sql: `select count(*) as num_runs
from runs
where startedAt >= $__timeFrom() and startedAt < $__timeTo() and outcome = 'failed'`,
				},
				{id: 9, w: 24, h: 8, named: "etl_runs", hidden: []string{"overwrittenFiles"}, params: map[string]string{"limit": "50"}, todo: "Only runs that changed something or failed are here."},
			}},
			{id: 101, title: "Arrival", panels: []panel{
				{id: 5, w: 14, h: 8, named: "ingest_lag", draw: lines, todo: "Databricks needs most of it; the rest is the schedule of the ETL."},
				{id: 6, w: 10, h: 8, named: "freshness_by_workspace", steps: []step{{"green", 0}, {"orange", staleSeconds}, {"red", 86400}}, todo: "One workspace that is late alone: look at its delivery. At night many are merely silent."},
				{
					id: 7, w: 14, h: 8, title: "Rows brought in per hour", draw: bars,
					what: "How many rows the runs that started in each hour (UTC) added to the layers.",
					todo: "Hours without rows are hours without deliveries, or without runs.",
					sql: `select date_trunc('hour', startedAt) as time,
  sum(bronzeRows) as bronzeRows,
  sum(silverRows) as silverRows,
  sum(goldRows) as goldRows,
  sum(quarantineRows) as quarantineRows
from runs
where startedAt >= $__timeFrom() and startedAt < $__timeTo()
group by date_trunc('hour', startedAt)
order by time`,
				},
				{id: 8, w: 10, h: 8, named: "files_overwritten", colors: map[string]string{"lost_lines": "red"}, todo: "Overwriting is ordinary: Databricks says that it happens."},
			}},
			{id: 102, title: "Completeness", panels: []panel{
				{id: 10, w: 12, h: 7, named: "layer_counts", todo: "If silver and quarantine together are fewer for longer than a run takes, a run was cut off and the next one goes on."},
				{id: 11, w: 12, h: 7, named: "lines_quarantined", color: "orange", todo: "Auditlake's command line shows the lines: auditlake query over quarantine."},
				{id: 12, w: 12, h: 8, named: "truncated_events", todo: "What was cut cannot be had back; the rest of the event is there."},
				{id: 13, w: 12, h: 8, named: "repeated_events", params: top, todo: "Panels count them as often as they are there."},
				{id: 14, w: 24, h: 8, named: "new_services", params: top, todo: "New services have tables of their own in gold at once, and no panels yet."},
			}},
		},
	}
}
