package dashboards

func logins() Dashboard {
	top := map[string]string{"limit": "20"}
	recent := map[string]string{"limit": "50"}
	return Dashboard{
		name: loginsName, title: "Databricks audit: Logins and identity", from: "now-30d",
		description: "Who logs in how and from where, who fails to, whose tokens and sessions are used by several, and who came and went. Days are in UTC.",
		variables:   []variable{workspaceVariable(), userVariable()},
		sections: []section{
			{panels: []panel{
				{id: 1, w: 8, h: 8, named: "active_users", todo: "It looks back from the end of the time range, however long that is."},
				{id: 2, w: 16, h: 8, named: "active_users_per_day", color: "purple", todo: "People that left and still count have an account that nobody closed."},
				{id: 3, w: 24, h: 8, named: "logins_by_method", todo: "Click a method in the legend to see it alone."},
			}},
			{id: 101, title: "Failed and suspicious logins", panels: []panel{
				{id: 4, w: 10, h: 8, named: "failed_logins", color: "orange", todo: "A day that stands out: the tables beside say whose."},
				{id: 5, w: 14, h: 8, named: "failed_logins_by_user", params: top, steps: []step{{"text", 0}, {"orange", 10}, {"red", 50}}, todo: "Click a user to see all that was done under that name."},
				{id: 6, w: 12, h: 8, named: "failed_logins_repeated", steps: []step{{"text", 0}, {"orange", 5}, {"red", 20}}, todo: "A program with an old password, or somebody who guesses."},
				{id: 7, w: 12, h: 8, named: "login_after_failures", steps: []step{{"red", 0}}, todo: "Ask the user. If it was somebody else: revoke sessions and tokens, and investigate."},
				{id: 8, w: 12, h: 8, named: "logins_without_sso", params: top, todo: "Switch these ways off where single sign-on is the rule."},
				{id: 9, w: 12, h: 8, named: "new_networks", none: "Nobody whose logins of the 90 days before are in the lake came from a new network.", todo: "A journey, a new provider, or somebody else."},
			}},
			{id: 102, title: "Addresses", panels: []panel{
				{id: 10, w: 12, h: 8, named: "ip_denials_per_hour", color: "orange", todo: "A burst from one address is a scan; a steady rate is an office that is not on the list."},
				{id: 11, w: 12, h: 8, named: "ip_denials", params: top, todo: "Add the address to the list only if you know whose it is."},
				{id: 12, w: 24, h: 9, named: "login_addresses", params: recent, todo: "Filter by a user to see all addresses of one; click an address to see all that came from it."},
			}},
			{id: 103, title: "Tokens and sessions", panels: []panel{
				{id: 13, w: 12, h: 8, named: "tokens_shared", params: top, todo: "Give each program a token of its own and revoke this one."},
				{id: 14, w: 12, h: 8, named: "sessions_shared", params: top, todo: "A stolen cookie looks like this; so does a change of network, once."},
				{id: 15, w: 12, h: 8, named: "users_of_many_workspaces", params: top, todo: "Ordinary for administrators, and for nobody else."},
				{id: 16, w: 12, h: 8, named: "credential_changes", params: recent, todo: "A second factor that is removed after failed logins is an attack."},
			}},
			{id: 104, title: "Who came and went", panels: []panel{
				{id: 17, w: 24, h: 9, named: "principals_changed", params: recent, todo: "Changes that do not come by SCIM were made by hand: they should be few."},
				{id: 18, w: 24, h: 7, named: "databricks_staff_access", params: recent, todo: "Each should belong to a ticket of yours."},
				{id: 19, w: 24, h: 7, named: "databricks_staff_logins", params: recent, todo: "Each should fall into a time for which access was given."},
			}},
		},
	}
}
