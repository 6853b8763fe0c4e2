package truth

import "slices"

func jobQueries() []query {
	return []query{
		{name: "job_runs", params: options{"limit": "100"}, other: options{"limit": "9"}, rows: jobRuns},
		{name: "job_runs_per_day", rows: jobRunsPerDay},
		{name: "jobs_failing", params: options{"hours": "24", "threshold": "3"}, other: options{"hours": "72", "threshold": "2"}, span: endedSpan, rows: jobsFailing},
		{name: "failed_runs_by_cluster_type", params: options{"limit": "100"}, other: options{"limit": "4"}, rows: failedRunsByClusterType},
		{name: "jobs_on_interactive_clusters", params: options{"limit": "100"}, other: options{"limit": "6"}, rows: jobsOnInteractiveClusters},
		{name: "jobs_changed", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			return k.list(k.in("jobs", action("create", "update", "reset", "delete")), func(e *Event) []any {
				return []any{e.actor, e.action, e.jobID, e.column("name"), e.workspace, e.outcome}
			}, "user", "action", "jobId", "name", "workspaceId", "outcome")
		}},
		{name: "job_failures", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			return k.list(k.in("jobs", failed), func(e *Event) []any { return []any{e.jobID, e.runID, e.workspace} }, "jobId", "runId", "workspaceId")
		}},
		{name: "job_run_duration", params: options{"limit": "100"}, other: options{"limit": "8"}, rows: jobRunDuration},
	}
}

var (
	succeeded = action("runSucceeded")
	failed    = action("runFailed")
	ended     = action("runSucceeded", "runFailed")
)

func byJob(e *Event) labels { return labels{e.jobID} }

func jobRuns(k *look) *Answer {
	a := columns("jobId", "succeeded", "failed", "reliability")
	for id, g := range groups(k.in("jobs", ended), byJob) {
		a.add(id[0], g.count(succeeded), g.count(failed), 100*float64(g.count(succeeded))/float64(len(g)))
	}
	return a.order("-failed", "jobId").limit(k.int("limit"))
}

func jobRunsPerDay(k *look) *Answer {
	a := columns("date", "succeeded", "failed")
	for d, g := range groups(k.in("jobs", ended), func(e *Event) labels { return labels{e.date()} }) {
		a.add(d[0], g.count(succeeded), g.count(failed))
	}
	return a.order("date")
}

func jobsFailing(k *look) *Answer {
	a := columns("jobId", "num_failed", "last")
	recent := within(k.log.tables["jobs"], k.to-k.span("hours", hour), k.to)
	for id, g := range groups(pick(recent, []test{ended}), byJob) {
		if id[0] != nil && g.count(succeeded) == 0 && len(g) >= k.int("threshold") {
			a.add(id[0], len(g), g.last())
		}
	}
	return a.order("-num_failed", "jobId")
}

func failedRunsByClusterType(k *look) *Answer {
	made := groups(k.history("clusters", action("create")), func(e *Event) labels { return labels{e.clusterID} })
	a := columns("nodeType", "sparkVersion", "num_failed")
	for l, g := range groups(k.in("jobs", failed), func(e *Event) labels {
		creates := made[labels{e.clusterID}]
		if e.clusterID == nil || creates == nil {
			return labels{}
		}
		create := creates.newest()
		return labels{create.column("node_type_id"), create.column("spark_version")}
	}) {
		a.add(l[0], l[1], len(g))
	}
	return a.order("-num_failed", "nodeType", "sparkVersion").limit(k.int("limit"))
}

func jobsOnInteractiveClusters(k *look) *Answer {
	existing := func(e *Event) bool { return e.column("jobClusterType") == "existing" }
	a := columns("jobId", "num_runs", "num_clusters", "last")
	for id, g := range groups(k.in("jobs", action("runStart"), existing), byJob) {
		a.add(id[0], len(g), g.distinct(func(e *Event) any { return e.clusterID }), g.last())
	}
	return a.order("-num_runs", "jobId").limit(k.int("limit"))
}

func jobRunDuration(k *look) *Answer {
	lasted := map[any][]Time{}
	for run, g := range groups(k.in("jobs"), func(e *Event) labels { return labels{e.workspace, e.jobID, e.runID} }) {
		starts, ends := group(pick(g, []test{action("runStart")})), group(pick(g, []test{ended}))
		if run[1] != nil && run[2] != nil && len(starts) > 0 && len(ends) > 0 && ends.last() >= starts.first() {
			lasted[run[1]] = append(lasted[run[1]], ends.last()-starts.first())
		}
	}
	a := columns("jobId", "num_runs", "p50", "p95", "longest")
	for id, times := range lasted {
		slices.Sort(times)
		a.add(id, len(times), nearestRank(times, 50).seconds(), nearestRank(times, 95).seconds(), times[len(times)-1].seconds())
	}
	return a.order("-p95", "jobId").limit(k.int("limit"))
}

// nearestRank is the smallest of the sorted times that percent of them do not
// exceed.
func nearestRank(sorted []Time, percent int) Time {
	return sorted[(percent*len(sorted)+99)/100-1]
}
