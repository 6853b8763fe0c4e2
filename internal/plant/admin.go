package plant

import "fmt"

func admins(s *stage) {
	const changes, bursts = "admin_changes", "privilege_bursts"
	change := func(who, action, params string, status int) {
		s.do(event{at: s.at(16, "08:00"), service: "accounts", action: action, who: mail(who), params: params, status: status})
	}
	change("admin.of.groups", "addPrincipalToGroup", with("targetUserName", mail("made.admin"), "targetGroupName", "admins"), 200)
	change("admin.of.groups", "removePrincipalsFromGroup", with("targetUserId", "4711100", "targetGroupName", "admins"), 403)
	change("admin.maker", "setAccountAdmin", with("targetUserName", mail("account.admin")), 200)
	change("admin.maker", "removeAccountAdmin", with("targetUserName", mail("no.account.admin")), 200)
	change("admin.maker", "changeAccountOwner", with("targetUserName", mail("account.owner")), 200)
	s.in(changes, mail("made.admin"), "4711100", mail("account.admin"), mail("no.account.admin"), mail("account.owner"))
	change("admin.of.others", "addPrincipalToGroup", with("targetUserName", mail("engineer"), "targetGroupName", "data-engineers"), 200)
	change("admin.of.others", "addPrincipalToGroup", with("targetUserName", mail("group.case"), "targetGroupName", "Admins"), 200)
	change("admin.of.others", "addPrincipalToGroup", with("targetUserName", mail("no.group")), 200)
	change("admin.of.others", "createGroup", with("targetUserName", mail("group.made"), "targetGroupName", "admins"), 200)
	s.out(changes, mail("engineer"), mail("group.case"), mail("no.group"), mail("group.made"))

	grab := func(who string, n int, step int64) {
		acts := [][2]string{{"clusters", "changeClusterAcl"}, {"workspace", "changeWorkspaceAcl"}, {"unityCatalog", "updatePermissions"}, {"secrets", "putAcl"}, {"jobs", "resetJobAcl"}}
		for i := range n {
			act := acts[i%len(acts)]
			s.do(event{at: s.at(16, "09:00") + int64(i)*step, service: act[0], action: act[1], who: who})
		}
	}
	grab(mail("grabber"), 26, 144*second) // the last exactly an hour after the first
	s.in(bursts, mail("grabber"))
	grab(mail("grabber.of.25"), 25, second)
	grab(mail("grabber.slow"), 26, 145*second)
	grab("System-User", 40, second)
	s.times(40, second, event{at: s.at(16, "09:00"), service: "jobs", action: "getJobAcl", who: mail("grabber.reads")})
	s.out(bursts, mail("grabber.of.25"), mail("grabber.slow"), "System-User", mail("grabber.reads"))

	const lists, terms, acls, shells = "ip_lists_changed", "terms_accepted", "compute_acl_changes", "shell_sessions"
	for _, act := range []string{"create", "update", "delete"} {
		s.do(event{at: s.at(16, "11:00"), service: "accounts", action: act + "IpAccessList", who: mail("list.keeper"), params: with("ipAccessListId", "planted-list-"+act)})
		s.in(lists, "planted-list-"+act)
	}
	s.do(event{at: s.at(16, "11:00"), service: "accounts", action: "getIpAccessList", who: mail("list.keeper"), params: with("ipAccessListId", "planted-list-read")})
	s.out(lists, "planted-list-read")

	s.do(event{at: s.at(16, "11:30"), service: "accounts", action: "acceptTos", who: mail("tos.signer")})
	s.do(event{at: s.at(16, "11:30"), service: "accounts", action: "sendTos", who: mail("tos.sender"), account: true})
	s.do(event{at: s.at(16, "11:30"), service: "accounts", action: "readTos", who: mail("tos.reader")})
	s.in(terms, mail("tos.signer"), mail("tos.sender"))
	s.out(terms, mail("tos.reader"))

	for i, act := range [][2]string{{"clusters", "changeClusterAcl"}, {"iamRole", "changeIamRoleAcl"}, {"instancePools", "changeInstancePoolAcl"}, {"clusterPolicies", "changeClusterPolicyAcl"}} {
		resource := fmt.Sprintf("planted-resource-%d", i)
		s.do(event{at: s.at(16, "12:00"), service: act[0], action: act[1], who: mail("acl.keeper"), params: with("targetUserId", "4711", "resourceId", resource, "aclPermissionSet", "CAN_USE")})
		if i < 3 {
			s.in(acls, resource)
		} else {
			s.out(acls, resource)
		}
	}

	s.do(event{at: s.at(16, "12:30"), service: "ssh", action: "login", who: mail("shell.user"), params: with("instanceId", "i-planted-shell")})
	s.do(event{at: s.at(16, "12:31"), service: "ssh", action: "logout", who: mail("shell.leaver"), params: with("instanceId", "i-planted-left")})
	s.do(event{at: s.at(16, "12:30"), service: "webTerminal", action: "startSession", who: mail("terminal.user"), status: 403, params: with("clusterId", "planted-terminal")})
	s.do(event{at: s.at(16, "12:31"), service: "webTerminal", action: "closeSession", who: mail("terminal.leaver"), params: with("clusterId", "planted-terminal-left")})
	s.in(shells, "i-planted-shell", "planted-terminal")
	s.out(shells, "i-planted-left", "planted-terminal-left")
}

func settings(s *stage) {
	const changed, silent = "workspace_settings_changed", "verbose_audit_disabled"
	set := func(who, action, key, value string, status int) {
		s.do(event{at: s.at(17, "08:00"), service: "workspace", action: action, who: mail(who), status: status, params: with("workspaceConfKeys", key, "workspaceConfValues", value)})
	}
	set("silencer", "workspaceConfEdit", "enableVerboseAuditLogs", "False", 200)
	set("silencer.refused", "workspaceConfEdit", "maxTokenLifetimeDays,enableVerboseAuditLogs", `{"enableVerboseAuditLogs":"false"}`, 403)
	s.in(silent, mail("silencer"), mail("silencer.refused"))
	set("listener", "workspaceConfEdit", "enableVerboseAuditLogs", "true", 200)
	set("key.case.silencer", "workspaceConfEdit", "enableverboseauditlogs", "false", 200)
	set("other.switch", "workspaceConfEdit", "enableResultsDownloading", "false", 200)
	set("looker", "workspaceConfRead", "enableVerboseAuditLogs", "false", 200)
	s.in(changed, mail("silencer"), mail("other.switch"), mail("listener"))
	s.out(changed, mail("looker"))
	s.out(silent, mail("listener"), mail("key.case.silencer"), mail("other.switch"), mail("looker"))

	const sso, account = "sso_changed", "account_settings_changed"
	for _, act := range []string{"create", "update", "get"} {
		s.do(event{at: s.at(17, "09:00"), service: "ssoConfigBackend", action: act, who: mail("sso." + act), account: true})
	}
	s.in(sso, mail("sso.create"), mail("sso.update"))
	s.out(sso, mail("sso.get"))

	put := func(level, name, kind string) {
		s.do(event{at: s.at(17, "09:30"), service: "accounts", action: "setSetting", who: mail("setter"), level: level, params: with(
			"settingName", name, "settingTypeName", kind, "settingKeyName", "default", "settingValueForAudit", `{"on":true}`)})
	}
	put("ACCOUNT_LEVEL", "planted_setting", "planted_type_unseen")
	put("ACCOUNT_LEVEL", "", "planted_type")
	put("WORKSPACE_LEVEL", "planted_local_setting", "planted_type_unseen")
	s.in(account, "planted_setting", "planted_type")
	s.out(account, "planted_type_unseen", "planted_local_setting")

	const scripts, libraries, workspaces = "init_scripts_changed", "libraries_on_all_clusters", "workspaces_changed"
	s.do(event{at: s.at(17, "10:00"), service: "globalInitScripts", action: "update", who: mail("script.writer"), params: with(
		"name", "planted script", "script_id", "planted-script", "script-SHA256", "5ca1ab1e") + `,"enabled":true`})
	s.do(event{at: s.at(17, "10:00"), service: "globalInitScripts", action: "delete", who: mail("script.writer"), status: 404, params: with("script_id", "planted-script-gone")})
	s.in(scripts, "planted-script", "5ca1ab1e", "planted-script-gone")
	s.do(event{at: s.at(17, "10:00"), service: "workspace", action: "update", who: mail("script.other"), params: with("script_id", "planted-script-other")})
	s.out(scripts, "planted-script-other")

	s.do(event{at: s.at(17, "10:30"), service: "clusterLibraries", action: "installLibraryOnAllClusters", who: mail("librarian"), params: `"library":{"jar":"dbfs:/planted.jar"}`})
	s.do(event{at: s.at(17, "10:30"), service: "clusterLibraries", action: "installLibraries", who: mail("librarian"), params: with("library", `{"jar":"dbfs:/one.jar"}`)})
	s.in(libraries, `{"jar":"dbfs:/planted.jar"}`)
	s.out(libraries, `{"jar":"dbfs:/one.jar"}`)

	for _, act := range []string{"createWorkspaceConfiguration", "updateWorkspaceConfiguration", "deleteWorkspaceConfiguration", "createNetworkConfiguration"} {
		name := "planted " + act
		s.do(event{at: s.at(17, "11:00"), service: "accountsManager", action: act, who: mail("builder"), account: true, params: with("workspace_id", "4242424242424242", "workspace_name", name)})
		if act == "createNetworkConfiguration" {
			s.out(workspaces, name)
		} else {
			s.in(workspaces, name)
		}
	}
}
