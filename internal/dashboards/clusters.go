package dashboards

// noJobSpike is said where there is none.
const noJobSpike = "No job started far more clusters than usual in the 24 hours before the end of the time range."

func clusters() Dashboard {
	top := map[string]string{"limit": "20"}
	spike := map[string]string{"ratio": "3", "floor": "50"}
	return Dashboard{
		name: clustersName, title: "Databricks audit: Clusters and cost hygiene", from: "now-30d",
		description: "Who created which clusters, which of them nothing will stop, and what else costs money without need. Days are in UTC.",
		variables:   []variable{workspaceVariable(), userVariable(), jobVariable("clusters")},
		marks:       []mark{{named: "cluster_storms", color: "red"}},
		sections: []section{
			{panels: []panel{
				{id: 1, w: 16, h: 8, named: "clusters_created_per_day", todo: "A day that stands out: the panels beside and below say whether people or one job did it."},
				{id: 2, w: 8, h: 8, named: "clusters_by_creator", todo: "Many by the job launcher mean that a job starts too often."},
				{id: 3, w: 12, h: 8, named: "clusters_by_job", params: top, todo: "Click a job to see its runs and owner."},
				{id: 15, w: 12, h: 8, named: "clusters_by_user", params: top, todo: "Many from one person are often one cluster too few that is shared."},
				{id: 4, w: 24, h: 4, named: "job_owner", title: "Owner of job ${job}", params: map[string]string{"job_id": "${job}"}, todo: "Ask whoever is behind the user id before the job is stopped."},
				{id: 5, w: 10, h: 8, named: "clusters_without_autotermination_per_day", color: "purple", todo: "A policy for clusters that sets autotermination keeps this at none."},
				{id: 6, w: 14, h: 8, named: "clusters_without_autotermination", hidden: []string{"workspaceId"}, todo: "Ask their creators to switch it on, or stop the clusters."},
			}},
			{id: 101, title: "Spikes", panels: []panel{
				{id: 7, w: 13, h: 5, named: "cluster_spike_details", params: spike, todo: "With few samples only the floor counts."},
				{id: 8, w: 11, h: 5, named: "job_spike_details", none: noJobSpike, hidden: []string{"days"}, params: spike, todo: "Look for a schedule that is too tight, or retries without end."},
			}},
			{id: 102, title: "Running without need", panels: []panel{
				{id: 9, w: 14, h: 8, named: "clusters_without_autotermination_now", hidden: []string{"workspaceId"}, steps: []step{{"text", 0}, {"orange", 24}, {"red", 168}}, todo: "These cost money now. The oldest come first."},
				{id: 10, w: 10, h: 8, named: "autotermination_off", color: "purple", todo: "Who leads here needs a word, or a policy."},
				{id: 11, w: 24, h: 6, named: "autotermination_removed", todo: "There may be a reason; if so it should be written down, and the cluster stopped when it has gone."},
				{id: 12, w: 24, h: 8, named: "warehouses_changed", params: top, todo: "A warehouse that never stops costs like a cluster that never does."},
				{id: 13, w: 12, h: 7, named: "pools_with_idle_instances", hidden: []string{"poolId"}, todo: "Idle instances are paid to the cloud, though not to Databricks: keep none outside working hours."},
				{id: 14, w: 12, h: 7, named: "clusters_without_tag", hidden: []string{"workspaceId"}, params: map[string]string{"limit": "20", "tag": "team"}, todo: "Without it nobody can be charged. The name of the tag is a parameter of the panel."},
			}},
			{id: 103, title: "Who uses what", panels: []panel{
				{id: 16, w: 12, h: 8, named: "node_types", params: top, color: "green", todo: "Compare with the types you have reserved."},
				{id: 17, w: 12, h: 8, named: "spark_versions", params: top, todo: "Versions past their end get no fixes of security: move them."},
				{id: 18, w: 12, h: 8, named: "large_clusters", hidden: []string{"workspaceId"}, params: map[string]string{"limit": "20", "workers": "20"}, todo: "Ask whether so many are needed; autoscaling from fewer may do."},
				{id: 19, w: 12, h: 8, named: "notebooks_per_cluster", params: top, todo: "A cluster with none is not used by people."},
			}},
			{id: 104, title: "Operations", panels: []panel{
				{id: 20, w: 12, h: 8, named: "cluster_failures", params: top, todo: "The message usually names the quota or the permission that is missing."},
				{id: 21, w: 12, h: 8, named: "cluster_churn", hidden: []string{"num_changes"}, params: top, todo: "Starting costs minutes each time: a longer autotermination or a pool may be cheaper."},
				{id: 22, w: 24, h: 8, named: "clusters_deleted", params: map[string]string{"limit": "50"}, todo: "For whoever misses one."},
			}},
		},
	}
}
