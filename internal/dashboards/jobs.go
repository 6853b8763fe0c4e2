package dashboards

func jobs() Dashboard {
	top := map[string]string{"limit": "20"}
	return Dashboard{
		name: jobsName, title: "Databricks audit: Jobs", from: "now-30d",
		description: "Which jobs fail, take long or run where it is dear, who changed them, and all about one job. Days are in UTC.",
		variables:   []variable{workspaceVariable(), jobVariable("jobs")},
		marks:       []mark{{named: "job_failures", color: "red", idle: true}},
		sections: []section{
			{panels: []panel{
				{id: 1, w: 16, h: 8, named: "job_runs_per_day", colors: map[string]string{"succeeded": "green", "failed": "red"}, todo: "Click Failed in the legend to see failures alone."},
				{
					id: 2, w: 8, h: 8, named: "jobs_failing", params: map[string]string{"hours": "168"}, none: "Every job that failed three times in the last seven days succeeded as well.",
					what: "Jobs of which at least three runs failed in the seven days before the end of the time range, and none succeeded.", hidden: []string{"last"}, steps: []step{{"text", 0}, {"orange", 3}, {"red", 10}}, todo: "Nobody seems to look at these: mend them or switch them off.",
				},
				{id: 3, w: 12, h: 9, named: "job_runs", params: top, todo: "Click a job to see it below."},
				{id: 4, w: 12, h: 9, named: "job_run_duration", hidden: []string{"longest"}, params: top, todo: "A 95th percentile far above the median is a job that sometimes hangs."},
				{id: 5, w: 12, h: 8, named: "failed_runs_by_cluster_type", params: top, todo: "One kind far above the others: look at its Spark version first."},
				{id: 6, w: 12, h: 8, named: "jobs_on_interactive_clusters", params: top, todo: "Give them clusters of their own, which cost less per hour."},
				{id: 7, w: 16, h: 8, named: "jobs_changed", hidden: []string{"name", "workspaceId"}, params: map[string]string{"limit": "50"}, todo: "The first place to look when a job fails since yesterday."},
				{id: 8, w: 8, h: 8, named: "job_spike", none: noJobSpike, color: "red", params: map[string]string{"ratio": "3", "floor": "50"}, todo: "Look for a schedule that is too tight, or retries without end."},
			}},
			{id: 101, title: "Job ${job}", panels: []panel{
				{
					id: 9, w: 12, h: 8, title: "Runs of job ${job} per day", draw: bars, colors: map[string]string{"succeeded": "green", "failed": "red"},
					what: "How many runs of this job succeeded and failed on each day (UTC).",
					todo: "The day of the first failure is the one to look for a change on.",
					sql: `select date,
  count(*) filter (where actionName = 'runSucceeded') as succeeded,
  count(*) filter (where actionName = 'runFailed') as failed
from jobs
where ` + inRange + ` and actionName in ('runSucceeded', 'runFailed') and jobId = '${job}'
group by date
order by date`,
				},
				{
					id: 10, w: 12, h: 8, title: "Duration of runs of job ${job}", draw: lines,
					what: "How long the runs of this job that ended on each day (UTC) took: median and longest, in seconds.",
					todo: "A slow rise is data that grows; a jump is a change.",
					sql: `with runs as (
  select runId,
    min(date_time) filter (where actionName = 'runStart') as started,
    max(date_time) filter (where actionName in ('runSucceeded', 'runFailed')) as ended
  from jobs
  where ` + inRange + ` and jobId = '${job}' and runId is not null
  group by runId
)
select date_trunc('day', ended) as time,
  percentile(ended - started, 0.5) as p50,
  max(ended - started) as longest
from runs
where ended >= started
group by date_trunc('day', ended)
order by time`,
				},
				{id: 11, w: 12, h: 7, named: "job_owner", hidden: []string{"userId"}, title: "Owner of job ${job}", params: map[string]string{"job_id": "${job}"}, todo: "Whom to ask."},
				{
					id: 12, w: 12, h: 7, title: "What was done to job ${job}",
					what: "Who created, changed, started, cancelled or deleted this job, or changed its permissions. What Databricks itself does is left out.",
					todo: "Compare with the day from which on it fails or takes longer.",
					sql: `select date_time as time,
  actor as user,
  actionName as action,
  outcome
from jobs
where ` + inRange + ` and jobId = '${job}' and actor is distinct from 'System-User'
order by time desc, user, action
limit 100`,
				},
			}},
		},
	}
}

// inRange limits a statement to the time range. Named queries have that by themselves.
const inRange = "date_time >= $__timeFrom() and date_time < $__timeTo()"
