package dashboards

func dataAccess() Dashboard {
	top := map[string]string{"limit": "20"}
	recent := map[string]string{"limit": "50"}
	return Dashboard{
		name: dataAccessName, title: "Databricks audit: Data access", from: "now-30d",
		description: "Who reads, downloads, shares and deletes what, who is denied, and what looks like data or secrets on their way out. Days are in UTC.",
		variables:   []variable{workspaceVariable(), userVariable()},
		sections: []section{
			{panels: []panel{
				{
					id: 1, w: 12, h: 8, title: "Requests to Unity Catalog", draw: bars,
					what: "How many requests Unity Catalog answered on each day (UTC), by what became of them.",
					todo: "Denied requests that rise are a grant that was taken away, or somebody who tries doors.",
					sql: `select date,
  outcome,
  count(*) as num_events
from unitycatalog
where ` + inRange + `
group by date, outcome
order by date, outcome`,
				},
				{id: 2, w: 12, h: 8, named: "popular_tables", params: top, todo: "What is used most should be owned, documented and backed up."},
				{id: 3, w: 12, h: 8, named: "data_access_denials", steps: []step{{"text", 0}, {"orange", 16}, {"red", 50}}, todo: "A missing grant, or somebody who tries doors: click the user."},
				{id: 4, w: 12, h: 8, named: "unity_catalog_denials", steps: []step{{"text", 0}, {"orange", 26}, {"red", 50}}, todo: "Reading of metadata counts here too: an explorer of schemas looks like this."},
			}},
			{id: 101, title: "Out of the house", panels: []panel{
				{id: 5, w: 14, h: 9, named: "downloads", params: top, todo: "Switch downloads off in workspaces where nobody needs them."},
				{id: 6, w: 10, h: 9, named: "download_bursts", hidden: []string{"last"}, steps: []step{{"text", 0}, {"orange", 21}, {"red", 100}}, todo: "See what was downloaded, and whether the user leaves the company."},
				{id: 7, w: 12, h: 8, named: "read_then_written_elsewhere", hidden: []string{"num_writes"}, todo: "A copy of many tables to places that only this user knows."},
				{id: 8, w: 12, h: 8, named: "mounts", params: recent, todo: "A mount is open to every user of the workspace: prefer external locations."},
				{id: 9, w: 12, h: 8, named: "recipients_without_ip_list", params: recent, todo: "Give them a list: a token that leaks is of use from anywhere."},
				{id: 11, w: 12, h: 8, named: "recipient_token_lifetime", params: recent, todo: "Longer than a quarter is too long."},
				{id: 10, w: 24, h: 8, named: "share_ip_denials", params: top, todo: "A recipient that moved, or a token that leaked."},
			}},
			{id: 102, title: "Secrets", panels: []panel{
				{id: 12, w: 10, h: 8, named: "secret_bursts", steps: []step{{"text", 0}, {"orange", 10}, {"red", 30}}, todo: "A job reads a few secrets; who reads many collects them."},
				{id: 13, w: 14, h: 8, named: "secret_enumeration", steps: []step{{"red", 0}}, todo: "Look what else the user did on that day, and rotate the secrets."},
				{id: 14, w: 24, h: 7, named: "secret_scanners", params: recent, todo: "A credential of yours has been found by somebody: revoke it at once."},
				{id: 15, w: 12, h: 8, named: "credentials_in_commands", hidden: []string{"requestId"}, params: recent, todo: "They are in the logs now: rotate them, and use secrets."},
				{id: 16, w: 12, h: 8, named: "printing_commands", params: top, todo: "What is printed stays in the notebook for who may read it."},
			}},
			{id: 103, title: "Deleted, overwritten, taken over", panels: []panel{
				{id: 17, w: 10, h: 8, named: "destructive_days", steps: []step{{"text", 0}, {"orange", 51}, {"red", 200}}, todo: "Tidying up, or revenge: ask, while things can still be restored."},
				{id: 18, w: 14, h: 8, named: "destructive_actions", params: top, todo: "Filter by a user to see one alone."},
				{id: 19, w: 12, h: 8, named: "dbfs_writes", params: top, todo: "Data below DBFS's root is open to the whole workspace."},
				{id: 20, w: 12, h: 8, named: "metastore_owner_changed", params: recent, todo: "An owner can grant anything to anybody: have it confirmed."},
				{id: 21, w: 12, h: 8, named: "malware_found", params: recent, todo: "Stop the cluster, and find out which library brought it."},
				{id: 22, w: 12, h: 8, named: "host_alerts", params: top, todo: "Give it to whoever watches your hosts."},
			}},
		},
	}
}
