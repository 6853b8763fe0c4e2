package dashboards

import "strings"

// objectParams are the request parameters that say what a request was about, the
// telling ones first.
func objectParams() []string {
	names := []string{
		"full_name_arg", "table_full_name", "volume_full_name", "path", "notebookId", "cluster_id", "clusterId", "existing_cluster_id",
		"jobId", "job_id", "warehouseId", "instance_pool_id", "scope", "mountPoint", "recipient_name", "share", "script_id", "targetUserName", "name", "url",
	}
	for i, name := range names {
		names[i] = "requestParams." + name
	}
	return names
}

// objectOf is what a request was about, if it says so.
func objectOf() string { return "coalesce(" + strings.Join(objectParams(), ", ") + ")" }

// ofInterest limits a statement over silver to what the dashboard is about: what
// is left empty does not limit.
func ofInterest() string {
	given := func(variable, condition string) string {
		return "\n  and ('${" + variable + "}' = '' or " + condition + ")"
	}
	return inRange +
		given("actor", "actor = '${actor}' or email = '${actor}'") +
		given("address", "sourceIPAddress = '${address}'") +
		given("token", "requestParams.tokenId = '${token}' or requestParams.tokenHash = '${token}'") +
		given("object", strings.Join(objectParams(), " = '${object}' or ")+" = '${object}'")
}

func investigation() Dashboard {
	text := func(name, label, description string) variable {
		return variable{name: name, label: label, description: description + " Left empty, it does not limit."}
	}
	return Dashboard{
		name: investigationName, title: "Databricks audit: Investigation", from: "now-7d",
		description: "Everything that one user, address or token did, or that was done to one cluster, job, notebook or table, on a timeline and event by event. Days are in UTC.",
		variables: []variable{
			text("actor", "User", "E-mail address, or application id of a service principal."),
			text("address", "Address", "Source address, as the events have it."),
			text("token", "Token", "Id or hash of a token."),
			text("object", "What", "Id or name of a cluster, job, notebook, table, path, pool, warehouse, share or recipient."),
			text("words", "Words", `Words that are somewhere in the event, in any letter case, "a phrase" in quotes. Only the log lines are searched.`),
			workspaceVariable(), serviceVariable(),
		},
		sections: []section{
			{panels: []panel{
				{
					id: 1, w: 24, h: 4, title: "At a glance", draw: stat, color: "text",
					what: "How many events there are, how many of them were denied, and how many users, addresses, services and workspaces they are of.",
					todo: "Narrow by the boxes at the top until the numbers are small enough to read on.",
					sql: `select count(*) as num_events,
  count(*) filter (where outcome = 'denied') as num_denied,
  count(distinct actor) as num_users,
  count(distinct sourceIPAddress) as num_addresses,
  count(distinct serviceName) as num_services,
  count(distinct workspaceId) as num_workspaces
from silver
where ` + ofInterest(),
				},
				{
					id: 2, w: 24, h: 9, title: "Timeline by service", draw: bars,
					what: "How many events there were in each hour (UTC), by service.",
					todo: "Drag over an hour to look closer; hours at which nobody works are telling.",
					sql: `select date_trunc('hour', date_time) as time,
  serviceName as service,
  count(*) as num_events
from silver
where ` + ofInterest() + `
group by date_trunc('hour', date_time), serviceName
order by time, service`,
				},
				{
					id: 3, w: 8, h: 9, title: "Timeline by outcome", draw: bars,
					what: "How many events there were in each hour (UTC), by what became of them.",
					todo: "Many denials, then none, is somebody who has found a way in.",
					sql: `select date_trunc('hour', date_time) as time,
  outcome,
  count(*) as num_events
from silver
where ` + ofInterest() + `
group by date_trunc('hour', date_time), outcome
order by time, outcome`,
				},
				{
					id: 4, w: 16, h: 9, title: "What was done",
					what: "The actions, how often, how often denied, and when first and last.",
					todo: "What was done once or twice is often more telling than what was done all day.",
					sql: `select serviceName as service,
  actionName as action,
  count(*) as num_events,
  count(*) filter (where outcome = 'denied') as num_denied,
  min(date_time) as first,
  max(date_time) as last
from silver
where ` + ofInterest() + `
group by serviceName, actionName
order by num_events desc, service, action
limit 200`,
				},
			}},
			{id: 101, title: "Who, from where, with what", panels: []panel{
				{
					id: 5, w: 12, h: 8, title: "Users and addresses", hidden: []string{"first"},
					what: "Who acted from which address, how often, and when last.",
					todo: "Click an address to see who else came from it, or a user to see where else that one was.",
					sql: `select actor as user,
  sourceIPAddress as address,
  count(*) as num_events,
  min(date_time) as first,
  max(date_time) as last
from silver
where ` + ofInterest() + `
group by actor, sourceIPAddress
order by num_events desc, user, address
limit 200`,
				},
				{
					id: 6, w: 12, h: 8, title: "Programs", hidden: []string{"first"},
					what: "With which program, as it names itself, in how many sessions.",
					todo: "A program that this user never used before may be somebody else's.",
					sql: `select userAgent as agent,
  count(*) as num_events,
  count(distinct actor) as num_users,
  min(date_time) as first,
  max(date_time) as last
from silver
where ` + ofInterest() + `
group by userAgent
order by num_events desc, agent
limit 100`,
				},
				{
					id: 7, w: 12, h: 8, title: "Tokens", hidden: []string{"first"},
					what: "Tokens that were used, created or revoked, by whom and from how many addresses.",
					todo: "Click a token to see all that was done with it; revoke it if you do not know it.",
					sql: `select coalesce(requestParams.tokenId, requestParams.tokenHash) as tokenId,
  actor as user,
  count(*) as num_events,
  count(distinct sourceIPAddress) as num_addresses,
  min(date_time) as first,
  max(date_time) as last
from silver
where coalesce(requestParams.tokenId, requestParams.tokenHash) is not null and ` + ofInterest() + `
group by coalesce(requestParams.tokenId, requestParams.tokenHash), actor
order by num_events desc, tokenId, user
limit 100`,
				},
				{
					id: 8, w: 12, h: 8, title: "What it was done to", hidden: []string{"first"},
					what: "Clusters, jobs, notebooks, tables, paths and whatever else the requests name.",
					todo: "Click one to see who else had to do with it; empty the other boxes first.",
					sql: `select serviceName as service,
  ` + objectOf() + ` as object,
  count(*) as num_events,
  min(date_time) as first,
  max(date_time) as last
from silver
where ` + objectOf() + ` is not null and ` + ofInterest() + `
group by serviceName, ` + objectOf() + `
order by num_events desc, service, object
limit 200`,
				},
			}},
			{id: 102, title: "Event by event", panels: []panel{
				{
					id: 10, w: 24, h: 14, title: "Log lines",
					what:   "The newest 500 events that name what is in the boxes at the top anywhere, also those that others did to it, and that have the words.",
					todo:   "Open a line to see all that the event says, and by its delivered line the event as Databricks wrote it.",
					search: `"${actor}" "${address}" "${token}" "${object}" ${words}`,
				},
				{
					id: 9, w: 24, h: 12, title: "Events in columns", hidden: []string{"requestId", "fileId"},
					what: "The newest 500 events that the panels above count.",
					todo: "The number of the delivered line opens the event as Databricks wrote it.",
					sql: `select date_time as time,
  actor as user,
  sourceIPAddress as address,
  serviceName as service,
  actionName as action,
  ` + objectOf() + ` as object,
  outcome,
  lineNumber,
  cast(workspaceId as string) as workspaceId,
  requestId,
  fileId
from silver
where ` + ofInterest() + `
order by time desc, fileId, lineNumber
limit 500`,
				},
			}},
		},
	}
}
