package dashboards

func admin() Dashboard {
	recent := map[string]string{"limit": "50"}
	return Dashboard{
		name: adminName, title: "Databricks audit: Admin and configuration", from: "now-30d",
		description: "Who changed administrators, permissions, settings, tokens and what runs on every cluster. Days are in UTC.",
		variables:   []variable{workspaceVariable(), userVariable()},
		marks:       []mark{{named: "configuration_changes", color: "orange", idle: true}},
		sections: []section{
			{panels: []panel{
				{
					id: 1, w: 24, h: 7, title: "Changes by kind per day", draw: bars,
					colors: map[string]string{"administrators": "red", "IP access lists": "yellow", "settings": "orange", "permissions": "blue", "tokens": "purple"},
					what:   "How many changes of administrators, settings, IP access lists, permissions and tokens were made or tried on each day (UTC).",
					todo:   "Changes on a day on which nobody planned any are worth a look; the tables below have each of them.",
					sql: `with changes as (
  select date,
    case when actionName in ('setAdmin', 'removeAdmin', 'setAccountAdmin', 'removeAccountAdmin', 'changeAccountOwner') then 'administrators'
      when actionName in ('createIpAccessList', 'updateIpAccessList', 'deleteIpAccessList') then 'IP access lists'
      when actionName in ('workspaceConfEdit', 'setSetting') then 'settings'
      when actionName in ('generateDbToken', 'revokeDbToken') then 'tokens'
      when actionName in ('changePermissions', 'updatePermissions', 'changeClusterAcl', 'changeWorkspaceAcl', 'changeJobAcl', 'changeIamRoleAcl', 'putAcl', 'updateRoleAssignment') then 'permissions'
    end as kind
  from silver
  where ` + inRange + `
)
select date,
  kind,
  count(*) as num_changes
from changes
where kind is not null
group by date, kind
order by date, kind`,
				},
				{id: 2, w: 14, h: 8, named: "admin_changes", params: recent, todo: "Each should be known to you. Denied attempts by people who are no administrators are worth a question."},
				{id: 3, w: 10, h: 8, named: "privilege_bursts", hidden: []string{"last"}, steps: []step{{"text", 0}, {"red", 26}}, todo: "A script that sets up a project, or somebody who takes over: see what was granted to whom."},
			}},
			{id: 101, title: "Settings", panels: []panel{
				{id: 4, w: 24, h: 6, named: "verbose_audit_disabled", params: recent, todo: "Commands are not logged from then on: switch it on again, and ask why."},
				{id: 5, w: 24, h: 7, named: "ip_lists_changed", params: recent, todo: "Compare the list in the account console with what you expect."},
				{id: 6, w: 24, h: 8, named: "workspace_settings_changed", params: recent, todo: "Settings that loosen downloads, exports or tokens need a reason."},
				{id: 7, w: 24, h: 8, named: "account_settings_changed", params: recent, todo: "They hold for all workspaces: each should be known to you."},
				{id: 9, w: 24, h: 8, named: "workspaces_changed", params: recent, todo: "Workspaces that nobody asked for cost money and are watched by nobody."},
				{id: 8, w: 12, h: 8, named: "sso_changed", params: recent, todo: "Who controls single sign-on can be anybody: have it confirmed."},
				{id: 10, w: 12, h: 8, named: "terms_accepted", params: recent, todo: "For your lawyers."},
			}},
			{id: 102, title: "Tokens", panels: []panel{
				{id: 11, w: 12, h: 9, named: "tokens_long_lived", hidden: []string{"expires", "outcome"}, params: recent, todo: "Replace them by OAuth, or set a longest lifetime for the workspace."},
				{id: 12, w: 12, h: 9, named: "tokens_active", params: recent, todo: "Revoke those of people who have left."},
			}},
			{id: 103, title: "What runs everywhere, and who gets in", panels: []panel{
				{id: 13, w: 24, h: 8, named: "init_scripts_changed", params: recent, todo: "Such a script runs as root on every cluster: compare its hash with the one in your repository."},
				{id: 14, w: 12, h: 8, named: "libraries_on_all_clusters", hidden: []string{"workspaceId"}, params: recent, todo: "Prefer cluster policies; a library that everybody has is one that everybody trusts."},
				{id: 16, w: 12, h: 8, named: "shell_sessions", params: recent, todo: "What is done in a shell is not in the audit log."},
				{id: 15, w: 24, h: 8, named: "compute_acl_changes", params: recent, todo: "Who may attach to a cluster may use its credentials."},
			}},
		},
	}
}
