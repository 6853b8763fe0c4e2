package dashboards

// column is how the values of a column are shown in every panel.
type column struct {
	title string
	unit  string
	width int // in pixels, of a column in a table; 0 is what is left
	links []link
	// outcome colors what became of a request.
	outcome bool
}

// Units, as Grafana calls them.
const (
	timeUnit    = "dateTimeAsIso"
	dateUnit    = "time:YYYY-MM-DD"
	countUnit   = "locale" // whole, with separators
	secondsUnit = "s"
	hoursUnit   = "h"
	bytesUnit   = "bytes"
	percentUnit = "percent"
)

// columns are those that answers have, by name.
func columns() map[string]column {
	out := map[string]column{
		"outcome":     {title: "Outcome", width: 110, outcome: true},
		"workspaceId": {title: "Workspace", width: 165},
		"user":        {title: "User", links: []link{investigate("actor")}},
		"email":       {title: "User", links: []link{investigate("actor")}},
		"address":     {title: "Address", links: []link{investigate("address")}},
		"tokenId":     {title: "Token", links: []link{investigate("token")}},
		"tokenHash":   {title: "Token hash", links: []link{investigate("token")}},
		"jobId":       {title: "Job", links: []link{about(jobsName, "job", "Show job ${__value.text}")}},
		"clusterId":   {title: "Cluster id", links: []link{investigate("object")}},
		"object":      {title: "What", links: []link{investigate("object")}},
		"securable":   {title: "Table, volume or path", links: []link{investigate("object")}},
		"recipient":   {title: "Recipient", links: []link{investigate("object")}},
		"scriptId":    {title: "Script id", links: []link{investigate("object")}},
		"poolId":      {title: "Pool id", links: []link{investigate("object")}},
		"userId":      {title: "User id"},
		"age_seconds": {title: "Age", unit: secondsUnit, width: 110},
		"age_hours":   {title: "Age", unit: hoursUnit, width: 110},
		"seconds":     {title: "Duration", unit: secondsUnit},
		"p50":         {title: "Median", unit: secondsUnit},
		"p95":         {title: "95th percentile", unit: secondsUnit},
		"longest":     {title: "Longest", unit: secondsUnit},
		"reliability": {title: "Reliability", unit: percentUnit, width: 140},
		"bytesRead":   {title: "Read", unit: bytesUnit},
		"date":        {title: "Date (UTC)", unit: dateUnit, width: 120},

		"lifetime_hours": {title: "Lifetime", unit: hoursUnit},
		"lifetime_days":  {title: "Lifetime", unit: "d"},
	}
	for name, title := range times() {
		out[name] = column{title: title, unit: timeUnit, width: 165}
	}
	for name, title := range counts() {
		out[name] = column{title: title, unit: countUnit, width: widthOf(title)}
	}
	for name, title := range texts() {
		out[name] = column{title: title}
	}
	return out
}

// widthOf is what a column of numbers needs for its title, the arrow and the funnel.
func widthOf(title string) int { return max(110, 8*len(title)+50) }

func times() map[string]string {
	return map[string]string{
		"time": "Time", "first": "First", "last": "Last", "since": "Since", "created": "Created",
		"expires": "Expires", "newest": "Newest event", "firstCreated": "First created",
	}
}

func counts() map[string]string {
	return map[string]string{
		"active_users": "Active users", "autoStopMinutes": "Stops after minutes", "baseline": "Usual", "before": "Minutes before",
		"bronzeRows": "Bronze", "count": "Clusters", "daily": "In a day", "days": "Days", "failed": "Failed",
		"failures": "Refused before", "filesRead": "Files", "goldRows": "Gold", "infected": "Infected files",
		"lostLines": "Lost lines", "lost_lines": "Lost lines", "minIdle": "Kept idle", "monthly": "In 28 days", "most": "Most",
		"most_workers": "Most workers", "numClusters": "Clusters", "num_accesses": "Accesses", "num_addresses": "Addresses",
		"num_agents": "User agents", "num_alerts": "Alerts", "num_attached": "Times attached", "num_changes": "Changes",
		"num_clusters": "Clusters", "num_commands": "Commands", "num_denied": "Denied", "num_downloads": "Downloads",
		"num_events": "Events", "num_extra": "Rows too many", "num_failed": "Failed", "num_failures": "Failures", "num_files": "Files",
		"num_keys": "Events", "num_lines": "Lines", "num_lists": "Lists of scopes", "num_logins": "Logins", "num_notebooks": "Notebooks",
		"num_reads": "Reads", "num_rows": "Rows", "num_runs": "Runs", "num_secrets": "Secrets", "num_services": "Services",
		"num_unread": "Written, never read", "num_users": "Users", "num_workspaces": "Workspaces", "num_writes": "Writes",
		"overwrittenFiles": "Overwritten", "quarantineRows": "Quarantined", "resizes": "Resized", "restarts": "Restarted",
		"samples": "Weeks compared", "silverRows": "Silver", "starts": "Started", "status": "Status",
		"succeeded": "Succeeded", "threshold": "Limit", "weekly": "In 7 days", "workers": "Workers",
	}
}

func texts() map[string]string {
	return map[string]string{
		"action": "Action", "agent": "User agent", "approver": "Approved by", "clusterName": "Cluster", "creator": "Creator",
		"duration": "Duration", "enabled": "Enabled", "endOfLife": "Past its end", "endpoint": "By way of", "error": "Error",
		"fileId": "File", "group": "Group", "instance": "Instance", "key": "Key", "kind": "Kind", "layer": "Layer", "level": "Level",
		"library": "Library", "lineNumber": "Delivered line", "listId": "List", "machine": "Machine", "message": "Message",
		"metastore": "Metastore", "method": "Method", "mountPoint": "Mount point", "name": "Name", "network": "Network",
		"neverStops": "Never stops", "nodeType": "Node type", "owner": "Owner", "path": "Path", "permission": "Permission",
		"poolName": "Pool", "reason": "Reason", "requestId": "Request", "resource": "Resource", "service": "Service",
		"sessionId": "Session", "setting": "Setting", "sha256": "SHA-256", "share": "Share", "spike": "Spike", "sparkVersion": "Spark version",
		"target": "Whose", "value": "Value", "workspace": "Workspace",
	}
}

// outcome is what may have become of a request, with its color.
type outcome struct{ value, color string }

func outcomes() []outcome {
	return []outcome{{"succeeded", "green"}, {"denied", "orange"}, {"error", "red"}, {"failed", "red"}, {"unknown", "text"}}
}

func outcomeMappings() []mapping {
	options := map[string]mapped{}
	for i, o := range outcomes() {
		options[o.value] = mapped{Text: o.value, Color: o.color, Index: i}
	}
	return []mapping{{Type: "value", Options: options}}
}
