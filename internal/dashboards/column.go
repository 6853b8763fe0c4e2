package dashboards

// column is how the values of a column are shown in every panel.
type column struct {
	title string
	unit  string
	// Of a column in a table, in pixels: width holds, least is what it needs of
	// what is left. One of them is 0.
	width, least int
	wrap         bool // a text that says less when it is cut
	links        []link
	// outcome colors what became of a request.
	outcome bool
}

// Units, as Grafana calls them.
const (
	timeUnit    = "dateTimeAsIso"
	minuteUnit  = "time:YYYY-MM-DD HH:mm"
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
		"outcome":     {title: "Outcome", width: 100, outcome: true},
		"workspaceId": {title: "Workspace", width: 150},
		"user":        {title: "User", least: 130, links: []link{investigate("actor")}},
		"email":       {title: "User", least: 130, links: []link{investigate("actor")}},
		"address":     {title: "Address", least: 120, links: []link{investigate("address")}},
		"tokenId":     {title: "Token", least: 110, links: []link{investigate("token")}},
		"tokenHash":   {title: "Token hash", least: 110, links: []link{investigate("token")}},
		"jobId":       {title: "Job", width: 150, links: []link{about(jobsName, "job", "Show job ${__value.text}")}},
		"clusterId":   {title: "Cluster id", least: 120, links: []link{investigate("object")}},
		"object":      {title: "What", least: 120, links: []link{investigate("object")}},
		"securable":   {title: "Table, volume or path", least: 180, links: []link{investigate("object")}},
		"recipient":   {title: "Recipient", least: leastText, links: []link{investigate("object")}},
		"scriptId":    {title: "Script id", least: leastText, links: []link{investigate("object")}},
		"poolId":      {title: "Pool id", least: leastText, links: []link{investigate("object")}},
		"userId":      {title: "User id", width: 150},
		"age_seconds": {title: "Age", unit: secondsUnit, width: 100},
		"age_hours":   {title: "Age", unit: hoursUnit, width: 100},
		"seconds":     {title: "Duration", unit: secondsUnit, width: 95},
		"p50":         {title: "Median", unit: secondsUnit, width: 95},
		"p95":         {title: "95th percentile", unit: secondsUnit, width: 140},
		"longest":     {title: "Longest", unit: secondsUnit, width: 95},
		"reliability": {title: "Reliability", unit: percentUnit, width: 105},
		"bytesRead":   {title: "Read", unit: bytesUnit, width: 90},
		"date":        {title: "Date (UTC)", unit: dateUnit, width: 105},
		"time":        {title: "Time", unit: timeUnit, width: 160},
		"since":       {title: "Since", unit: timeUnit, width: 160},
		"message":     {title: "Message", least: 160, wrap: true},
		"error":       {title: "Error", least: 160, wrap: true},
		"reason":      {title: "Reason", least: 120, wrap: true},
		"value":       {title: "Value", least: 120, wrap: true},
		"setting":     {title: "Setting", least: 150, wrap: true},
		"agent":       {title: "User agent", least: 180},
		"service":     {title: "Service", least: 110},
		"lineNumber":  {title: "Delivered line", unit: countUnit, width: 125},
		"spike":       {title: "Spike", width: 80},
		"neverStops":  {title: "Never stops", width: 115},
		"endOfLife":   {title: "Past its end", width: 120},

		"lifetime_hours": {title: "Lifetime", unit: hoursUnit, width: 100},
		"lifetime_days":  {title: "Lifetime", unit: "d", width: 100},
	}
	for name, title := range times() {
		out[name] = column{title: title, unit: minuteUnit, width: 145}
	}
	for name, title := range counts() {
		out[name] = column{title: title, unit: countUnit, width: widthOf(title)}
	}
	for name, title := range texts() {
		out[name] = column{title: title, least: leastText}
	}
	return out
}

// leastText is what a column of texts needs to say something.
const leastText = 100

// widthOf is what a column of numbers needs for its title and the arrow.
func widthOf(title string) int { return max(80, 8*len(title)+36) }

// needs is the width that a column has at the least.
func (c column) needs() int { return max(c.width, c.least) }

// isText reports whether a column can be filtered by its values.
func (c column) isText() bool { return c.unit == "" }

func times() map[string]string {
	return map[string]string{
		"first": "First", "last": "Last", "created": "Created",
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
		"action": "Action", "approver": "Approved by", "clusterName": "Cluster", "creator": "Creator",
		"duration": "Duration", "enabled": "Enabled", "endpoint": "By way of",
		"fileId": "File", "group": "Group", "instance": "Instance", "key": "Key", "kind": "Kind", "layer": "Layer", "level": "Level",
		"library": "Library", "listId": "List", "machine": "Machine",
		"metastore": "Metastore", "method": "Method", "mountPoint": "Mount point", "name": "Name", "network": "Network",
		"nodeType": "Node type", "owner": "Owner", "path": "Path", "permission": "Permission",
		"poolName": "Pool", "requestId": "Request", "resource": "Resource",
		"sessionId": "Session", "sha256": "SHA-256", "share": "Share", "sparkVersion": "Spark version",
		"target": "Whose", "workspace": "Workspace",
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
