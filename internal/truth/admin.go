package truth

import (
	"slices"
	"strconv"
	"strings"
)

func adminQueries() []query {
	listed := options{"limit": "100"}
	more := options{"limit": "1000"}
	return []query{
		{name: "admin_changes", params: listed, other: more, rows: adminChanges},
		{name: "privilege_bursts", params: burstParams("26", "60"), other: burstParams("3", "240"), rows: func(k *look) *Answer {
			return k.burst(k.silver(privileges))
		}},
		{name: "configuration_changes", params: listed, other: more, rows: configurationChanges},
		{name: "ip_lists_changed", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.in("accounts", action("createIpAccessList", "updateIpAccessList", "deleteIpAccessList")), func(e *Event) []any {
				return []any{e.actor, e.action, e.column("ipAccessListId"), e.level, e.workspace, e.outcome}
			}, "user", "action", "listId", "level", "workspaceId", "outcome")
		}},
		{name: "tokens_long_lived", params: options{"limit": "100", "hours": "72"}, other: options{"limit": "1000", "hours": "4320"}, rows: tokensLongLived},
		{name: "tokens_active", params: listed, other: more, span: endedSpan, rows: tokensActive},
		{name: "terms_accepted", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.in("accounts", action("acceptTos", "sendTos")), func(e *Event) []any {
				return []any{e.actor, e.action, e.outcome}
			}, "user", "action", "outcome")
		}},
		{name: "compute_acl_changes", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.silver(action("changeClusterAcl", "changeIamRoleAcl", "changeInstancePoolAcl")), func(e *Event) []any {
				return []any{e.actor, e.action, e.entry("targetUserId"), e.entry("resourceId"), e.entry("aclPermissionSet"), e.outcome}
			}, "user", "action", "target", "resource", "permission", "outcome")
		}},
		{name: "shell_sessions", params: listed, other: more, rows: shellSessions},
	}
}

// ofAdmins are changes of who is an administrator.
func ofAdmins(e *Event) bool {
	direct := action("setAccountAdmin", "removeAccountAdmin", "changeAccountOwner", "setAdmin", "removeAdmin")
	members := action("addPrincipalToGroup", "addPrincipalsToGroup", "removePrincipalFromGroup", "removePrincipalsFromGroup")
	return direct(e) || members(e) && e.column("targetGroupName") == "admins"
}

func configurationChanges(k *look) *Answer {
	lists := action("createIpAccessList", "updateIpAccessList", "deleteIpAccessList")
	all := slices.Concat(k.in("workspace", action("workspaceConfEdit")), k.in("accounts", lists), k.in("accounts", ofAdmins))
	return k.list(all, func(e *Event) []any {
		what := target(e)
		switch {
		case lists(e):
			what = e.column("ipAccessListId")
		case e.table == "workspace":
			what = e.column("workspaceConfKeys")
		}
		return []any{e.actor, e.action, what, e.workspace, e.outcome}
	}, "user", "action", "target", "workspaceId", "outcome")
}

func adminChanges(k *look) *Answer {
	return k.list(k.in("accounts", ofAdmins), func(e *Event) []any {
		return []any{e.actor, e.action, target(e), e.outcome}
	}, "user", "action", "target", "outcome")
}

var privileges = action("addPrincipalToGroup", "changeDatabricksSqlAcl", "changeDatabricksWorkspaceAcl", "changeDbTokenAcl",
	"changePasswordAcl", "changeServicePrincipalAcls", "generateDbToken", "setAdmin", "changeClusterAcl", "changeClusterPolicyAcl",
	"changeWarehouseAcls", "changePermissions", "transferObjectOwnership", "changePipelineAcls", "changeFeatureTableAcl",
	"changeIamRoleAcl", "changeInstancePoolAcl", "changeJobAcl", "resetJobAcl", "changeRegisteredModelAcl",
	"changeInferenceEndpointAcl", "putAcl", "changeSecurableOwner", "grantPermission", "changeWorkspaceAcl",
	"updateRoleAssignment", "setAccountAdmin", "changeAccountOwner", "updatePermissions", "updateSharePermissions")

// expiry is when the token of an event ends, nil for never.
func expiry(e *Event) any {
	n, _ := whole(e.column("tokenExpirationTime")).(int64)
	if n <= 0 {
		return nil
	}
	return Time(n)
}

func tokensLongLived(k *look) *Answer {
	lifetime := func(e *Event) any {
		if ends, limited := expiry(e).(Time); limited {
			return float64(ends-e.at) / float64(hour)
		}
		return nil
	}
	long := func(e *Event) bool {
		hours, limited := lifetime(e).(float64)
		return !limited || hours > float64(k.int("hours"))
	}
	return k.list(k.in("accounts", action("generateDbToken"), long), func(e *Event) []any {
		return []any{e.actor, e.column("tokenHash"), expiry(e), lifetime(e), e.outcome}
	}, "user", "tokenHash", "expires", "lifetime_hours", "outcome")
}

func tokensActive(k *look) *Answer {
	revoked := map[any]Time{}
	for _, e := range k.history("accounts", action("revokeDbToken"), ok) {
		revoked[e.column("tokenHash")] = e.at
	}
	a := columns("created", "user", "tokenHash", "expires")
	for _, e := range k.history("accounts", action("generateDbToken"), ok) {
		hash := e.column("tokenHash")
		at, gone := revoked[hash]
		ends, limited := expiry(e).(Time)
		if hash == nil || gone && at >= e.at || limited && ends <= k.to {
			continue
		}
		a.add(e.at, e.actor, hash, expiry(e))
	}
	return a.order("-created", "tokenHash").limit(k.int("limit"))
}

func shellSessions(k *look) *Answer {
	kinds := map[string]string{"ssh": "ssh", "webterminal": "web terminal"}
	started := func(e *Event) bool {
		return e.table == "ssh" && e.is("login") || e.table == "webterminal" && e.is("startSession")
	}
	return k.list(k.silver(started), func(e *Event) []any {
		machine := e.column("instanceId")
		if e.table == "webterminal" {
			machine = e.column("clusterId")
		}
		return []any{e.actor, kinds[e.table], machine, e.outcome}
	}, "user", "kind", "machine", "outcome")
}

func settingQueries() []query {
	listed := options{"limit": "100"}
	more := options{"limit": "1000"}
	return []query{
		{name: "workspace_settings_changed", params: listed, other: more, rows: func(k *look) *Answer { return workspaceSettings(k) }},
		{name: "verbose_audit_disabled", params: listed, other: more, rows: func(k *look) *Answer {
			return workspaceSettings(k, func(e *Event) bool {
				setting, _ := e.column("workspaceConfKeys").(string)
				value, _ := e.column("workspaceConfValues").(string)
				return strings.Contains(setting, "enableVerboseAuditLogs") && strings.Contains(strings.ToLower(value), "false")
			})
		}},
		{name: "sso_changed", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.in("ssoconfigbackend", action("create", "update")), func(e *Event) []any {
				return []any{e.actor, e.action, e.outcome}
			}, "user", "action", "outcome")
		}},
		{name: "account_settings_changed", params: listed, other: more, rows: func(k *look) *Answer {
			account := func(e *Event) bool { return e.level == "ACCOUNT_LEVEL" }
			return k.list(k.in("accounts", action("setSetting"), account), func(e *Event) []any {
				setting := e.column("settingName")
				if !isSet(setting) {
					setting = e.column("settingTypeName")
				}
				return []any{e.actor, setting, e.column("settingKeyName"), e.column("settingValueForAudit"), e.outcome}
			}, "user", "setting", "key", "value", "outcome")
		}},
		{name: "init_scripts_changed", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.in("globalinitscripts"), func(e *Event) []any {
				return []any{e.actor, e.action, e.column("name"), e.column("script_id"), e.column("enabled"), e.column("script-SHA256"), e.outcome}
			}, "user", "action", "name", "scriptId", "enabled", "sha256", "outcome")
		}},
		{name: "libraries_on_all_clusters", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.in("clusterlibraries", action("installLibraryOnAllClusters")), func(e *Event) []any {
				return []any{e.actor, e.column("library"), e.workspace, e.outcome}
			}, "user", "library", "workspaceId", "outcome")
		}},
		{name: "workspaces_changed", params: options{"limit": "100", "workspace_ids": ""}, other: options{"workspace_ids": "4242424242424242,77"}, rows: func(k *look) *Answer {
			ids := k.texts("workspace_ids")
			wanted := func(e *Event) bool { return len(ids) == 0 || contains(ids, e.column("workspace_id")) }
			changed := action("createWorkspaceConfiguration", "updateWorkspaceConfiguration", "deleteWorkspaceConfiguration")
			return k.list(k.in("accountsmanager", changed, wanted), func(e *Event) []any {
				return []any{e.actor, e.action, e.column("workspace_id"), e.column("workspace_name"), e.outcome}
			}, "user", "action", "workspace", "name", "outcome")
		}},
	}
}

func workspaceSettings(k *look, tests ...test) *Answer {
	return k.list(k.in("workspace", append(tests, action("workspaceConfEdit"))...), func(e *Event) []any {
		return []any{e.actor, e.workspace, e.column("workspaceConfKeys"), e.column("workspaceConfValues"), e.outcome}
	}, "user", "workspaceId", "setting", "value", "outcome")
}

// decimal is a text as a number, or nil.
func decimal(text any) any {
	s, _ := text.(string)
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return n
}
