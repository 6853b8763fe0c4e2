package dashboards

// alarm is a stat about findings, green where there are none.
func alarm(id int, named, title, todo, dashboard string) panel {
	l := to(dashboard, "Show them").with("workspace", "user")
	return panel{
		id: id, w: 4, h: 4, named: named, title: title, todo: todo, draw: stat, calc: "countAll", of: []string{textOf(named)},
		steps: []step{{"green", 0}, {"orange", 1}}, shown: map[string]mapped{"0": {Text: "none", Color: "green"}}, link: &l,
	}
}

// textOf is the column of a named query by which a stat counts rows. It is one of
// text: what a stat makes of a time, it draws as a time.
func textOf(named string) string { return panel{named: named}.question().labels()[0] }

func (p panel) with(params map[string]string) panel {
	p.params = params
	return p
}

// red is an alarm that nobody should wait with.
func (p panel) red() panel {
	p.steps = []step{{"green", 0}, {"red", 1}}
	return p
}

// seconds an event may be old before it is a matter of concern, and of alarm.
const (
	lateSeconds  = 3600
	staleSeconds = 7200
)

func freshness(id, w, h int) panel {
	l := to(pipelineName, "Show the pipeline")
	return panel{
		id: id, w: w, h: h, named: "data_freshness", title: "Data freshness",
		what:  "Time since the newest event in the lake.",
		todo:  "Databricks delivers within minutes of an hour; more than two hours means that deliveries or the ETL have stopped: see Pipeline health.",
		none:  "no events",
		steps: []step{{"green", 0}, {"yellow", lateSeconds}, {"red", staleSeconds}}, link: &l,
	}
}

func overview() Dashboard {
	toClusters := to(clustersName, "Show the clusters").with("workspace", "user")
	toPipeline := to(pipelineName, "Show the pipeline")
	top := map[string]string{"limit": "20"}
	many := map[string]string{"limit": "10000"}
	return Dashboard{
		name: overviewName, title: "Databricks audit: Overview", from: "now-30d",
		description: "What needs attention, how much is going on, and where to look further. A click on a number leads to what it counts. Days are in UTC.",
		variables:   []variable{workspaceVariable(), userVariable(), serviceVariable()},
		marks:       []mark{{named: "cluster_storms", color: "red"}, {named: "configuration_changes", color: "orange", idle: true}},
		sections: []section{
			{panels: []panel{
				freshness(1, 4, 4),
				{
					id: 2, w: 4, h: 4, named: "cluster_spike", title: "Cluster spike",
					what:  "Clusters created in the 24 hours before the end of the time range, if they are more than 50 and more than three times as many as is usual at this time of the week; otherwise none.",
					todo:  "Clusters and cost hygiene names the job and its owner.",
					steps: []step{{"green", 0}, {"red", 1}}, shown: map[string]mapped{"0": {Text: "none", Color: "green"}}, link: &toClusters,
				},
				alarm(19, "clusters_without_autotermination_now", "Clusters left on", "Ask their owners to switch autotermination on.", clustersName),
				alarm(20, "failed_logins_repeated", "Login failures", "Look whether one of them got in afterwards.", loginsName),
				alarm(21, "login_after_failures", "Guessed logins", "Ask the user; if it was somebody else, revoke sessions and tokens.", loginsName).red(),
				alarm(22, "admin_changes", "Admin changes", "Each should be known to you.", adminName).with(many),
				alarm(23, "verbose_audit_disabled", "Audit logs off", "Switch them on again, and ask why.", adminName).with(many).red(),
				alarm(24, "ip_lists_changed", "IP lists changed", "Compare the list in the account console with what you expect.", adminName).with(many),
				alarm(25, "privilege_bursts", "Privilege bursts", "See what was granted to whom.", adminName),
				alarm(26, "download_bursts", "Downloads", "See what left, and whether that was the user's work.", dataAccessName),
				alarm(27, "data_access_denials", "Data denials", "A missing grant, or somebody who tries doors.", dataAccessName),
				{
					id: 28, w: 4, h: 4, named: "files_overwritten", title: "Lines lost", draw: stat, calc: "sum", of: []string{"lost_lines"},
					what:  "Delivered lines that newer versions of overwritten files lack. Databricks promises that there are none.",
					todo:  "Auditlake keeps the lines it has; report it to Databricks.",
					steps: []step{{"green", 0}, {"red", 1}}, shown: map[string]mapped{"0": {Text: "none", Color: "green"}}, link: &toPipeline,
				},
			}},
			{id: 101, title: "Activity", panels: []panel{
				{id: 29, w: 12, h: 8, named: "events_per_day", todo: "A day without events, or with far fewer, is one that was not delivered."},
				{id: 30, w: 12, h: 8, named: "active_users_per_day", color: "purple", todo: "It puts the other numbers into proportion."},
				{id: 31, w: 12, h: 9, named: "top_users", params: top, todo: "A person far above the others is usually a script that should be a service principal."},
				{id: 32, w: 12, h: 9, named: "events_by_service", params: top, todo: "Filter by a service at the top to see one alone."},
			}},
			{id: 102, title: "Clusters", panels: []panel{
				{id: 6, w: 10, h: 8, named: "clusters_created_per_day", todo: "Clusters and cost hygiene says who created them."},
				{id: 14, w: 14, h: 8, named: "clusters_without_autotermination", hidden: []string{"workspaceId"}, todo: "Nothing stops these when they are idle: ask their creators."},
			}},
			{id: 103, title: "Logins", panels: []panel{
				{id: 17, w: 10, h: 8, named: "failed_logins", color: "orange", todo: "A day that stands out is worth a look at Logins and identity."},
				{id: 18, w: 14, h: 8, named: "failed_logins_by_user", params: top, steps: []step{{"text", 0}, {"orange", 10}, {"red", 50}}, todo: "Click a user to see all that was done under that name."},
			}},
		},
	}
}
