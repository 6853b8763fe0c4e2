package generate

// ps shortens the table below.
type ps = []param

// catalogue lists the kinds of events. Services, actions and parameters are
// those of docs.databricks.com and of public code that reads the logs; the
// weights give a busy account's mix, where token logins drown everything.
func catalogue() []kind {
	return append(append(append(loginKinds(), computeKinds()...), workspaceKinds()...), accountKinds()...)
}

func loginKinds() []kind {
	browser := ps{loginUser, p("authentication_method", text("BROWSER_BYO_IDP_SAML", "BROWSER_PASSWORD", "GENIE_AUTH"))}
	target := ps{targetUser, p("endpoint", text("scim", "adminConsole", "autoUserCreation", "roleAssignment"))}
	group := ps{targetUser, p("targetGroupName", text("admins", "data-engineers", "analysts", "account users")), p("targetGroupId", id), p("endpoint", text("scim", "adminConsole"))}
	const a = "accounts"
	return []kind{
		{service: a, action: "tokenLogin", weight: 33000, fail: 25, who: logsIn, params: ps{loginUser, p("tokenId", hex64), p("authenticationMethod", text("API_INT_PAT_TOKEN", "API_EXT_PAT_TOKEN"))}},
		{service: a, action: "samlLogin", weight: 9, fail: 400, who: logsIn, params: browser},
		{service: a, action: "login", weight: 120, fail: 900, who: logsIn, params: browser},
		{service: a, action: "login", who: attacked, params: ps{loginUser}},
		{service: a, action: "aadBrowserLogin", weight: 60, fail: 300, who: logsIn, params: browser},
		{service: a, action: "aadTokenLogin", weight: 900, fail: 80, who: logsIn, params: ps{loginUser}},
		{service: a, action: "certLogin", weight: 8, fail: 100, who: logsIn, params: ps{loginUser}},
		{service: a, action: "jwtLogin", weight: 400, fail: 60, who: logsIn, params: ps{loginUser, p("authenticationMethod", text("JWT"))}},
		{service: a, action: "mfaLogin", weight: 30, fail: 500, who: logsIn, params: ps{loginUser}},
		{service: a, action: "oidcBrowserLogin", weight: 40, fail: 200, who: logsIn, level: accountLevel, params: browser},
		{service: a, action: "oidcTokenAuthorization", weight: 2500, fail: 40, who: logsIn, params: ps{loginUser, p("authenticationMethod", text("OAUTH"))}},
		{service: a, action: "passwordVerifyAuthentication", weight: 14, fail: 1500, who: logsIn, params: ps{loginUser}},
		{service: "ssh", action: "login", weight: 25, fail: 600, params: ps{p("instanceId", instance), p("port", text("2200")), p("publicKey", publicKey), p("containerId", hex64), p("userName", text("ubuntu", "root"))}},
		{service: "ssh", action: "logout", weight: 22, params: ps{p("instanceId", instance), p("port", text("2200")), p("containerId", hex64), p("userName", text("ubuntu", "root"))}},

		{service: a, action: "add", weight: 20, who: human, params: target},
		{service: a, action: "delete", weight: 8, who: human, params: target},
		{service: a, action: "updateUser", weight: 25, who: human, params: target},
		{service: a, action: "activateUser", weight: 12, who: principal, params: target},
		{service: a, action: "addPrincipalToGroup", weight: 30, who: human, params: group},
		{service: a, action: "removePrincipalFromGroup", weight: 15, who: human, params: group},
		{service: a, action: "setAdmin", weight: 4, who: human, params: target},
		{service: a, action: "removeAdmin", weight: 3, who: human, params: target},
		{service: a, action: "setAccountAdmin", weight: 4, who: human, level: accountLevel, params: target},
		{service: a, action: "IpAccessDenied", weight: 40, fail: 10000, params: ps{p("path", text("/api/2.0/clusters/list", "/login", "/telemetry")), p("userId", actorID), p("user", actorMail)}},
		{service: a, action: "accountIpAclsValidationFailed", weight: 10, fail: 10000, level: accountLevel, params: ps{p("sourceIpAddress", ipAddress), p("user", actorMail)}},
		{service: a, action: "generateDbToken", weight: 60, who: human, params: ps{p("tokenExpirationTime", expiry), p("tokenHash", hex64), p("tokenCreatedBy", actorID)}},
		{service: a, action: "revokeDbToken", weight: 40, who: human, params: ps{p("tokenHash", hex64)}},
		{service: a, action: "garbageCollectDbToken", weight: 500, who: system, params: ps{p("tokenExpirationTime", expiry), p("tokenHash", hex64), p("userId", userID)}},
		{service: a, action: "createIpAccessList", weight: 4, who: human, params: ps{p("ipAccessListId", uuid), p("userId", actorID)}},
		{service: a, action: "setSetting", weight: 8, who: human, level: accountLevel, params: ps{p("settingTypeName", text("disable_legacy_access", "restrict_workspace_admins")), p("settingKeyTypeName", text("workspace", "account")), p("settingKeyName", text("")), p("settingValueForAudit", jsonText(`{"restrict_workspace_admins":{"status":"ALLOW_ALL"}}`))}},
	}
}

func computeKinds() []kind {
	const c, j = "clusters", "jobs"
	byID := ps{p("cluster_id", thisCluster)}
	result := ps{p("clusterId", thisCluster), p("clusterName", thisClusterName), p("clusterState", text("Running", "Terminated")), p("clusterWorkers", flexible(number(1, 60))), p("clusterOwnerUserId", ownerID)}
	run := ps{runParams}
	return []kind{
		{service: c, action: "create", who: owner, reply: clusterResult, params: ps{clusterParams}},
		{service: c, action: "createResult", who: system, params: result},
		{service: c, action: "start", who: owner, params: byID},
		{service: c, action: "startResult", who: system, params: result},
		{service: c, action: "edit", who: owner, params: ps{p("cluster_id", thisCluster), clusterParams}},
		{service: c, action: "resize", who: owner, params: ps{p("cluster_id", thisCluster), p("num_workers", flexible(number(1, 40))), p("autoscale", jsonText(`{"min_workers":2,"max_workers":8}`))}},
		{service: c, action: "resizeResult", who: system, params: result},
		{service: c, action: "restart", who: owner, params: byID},
		{service: c, action: "restartResult", who: system, params: result},
		{service: c, action: "delete", who: owner, params: byID},
		{service: c, action: "deleteResult", who: system, params: result},
		{service: c, action: "permanentDelete", who: owner, params: byID},
		{service: c, action: "changeClusterAcl", who: owner, params: ps{p("shardName", shardName), p("aclPermissionSet", jsonText(`{"[Permission: CAN_MANAGE, Principal: 4711]":true}`)), p("targetUserId", userID), p("resourceId", thisCluster)}},

		{service: j, action: "runTriggered", who: system, params: run},
		{service: j, action: "runNow", who: owner, reply: runResult, params: ps{p("job_id", thisJob), p("notebook_params", jsonText(`{"day":"yesterday","full":"false"}`)), p("idempotency_token", uuid)}},
		{service: j, action: "runStart", who: system, params: run},
		{service: j, action: "runSucceeded", who: system, params: run},
		{service: j, action: "runFailed", who: system, fail: 10000, params: run},
		{service: j, action: "create", weight: 40, who: human, reply: jobResult, params: ps{jobParams}},
		{service: j, action: "update", weight: 60, who: human, params: ps{p("job_id", flexible(anyJob)), p("new_settings", newSettings)}},
		{service: j, action: "reset", weight: 20, who: human, params: ps{p("job_id", anyJob), p("new_settings", newSettings)}},
		{service: j, action: "delete", weight: 12, who: human, params: ps{p("job_id", flexible(anyJob))}},
		{service: j, action: "submitRun", weight: 220, who: principal, reply: runResult, params: ps{p("run_name", anyJobName), p("new_cluster", newCluster), p("notebook_task", jsonText(`{"notebook_path":"/Production/etl/orders","base_parameters":{}}`)), p("timeout_seconds", flexible(number(0, 86400)))}},
		{service: j, action: "setTaskValue", weight: 90, params: ps{p("run_id", flexible(id)), p("key", word)}},
		{service: j, action: "cancel", weight: 20, params: ps{p("run_id", flexible(id))}},
		{service: j, action: "repairRun", weight: 10, params: ps{p("run_id", flexible(id)), p("repair_id", id), p("rerun_tasks", rawArray)}},
		{service: j, action: "changeJobAcl", weight: 25, who: human, params: ps{p("shardName", shardName), p("aclPermissionSet", jsonText(`{"[Permission: IS_OWNER, Principal: 4711]":true}`)), p("resourceId", anyJob), p("targetUserId", userID)}},
		{service: j, action: "runCommand", weight: 250, fail: 300, reply: commandResult, params: ps{p("jobId", anyJob), p("runId", id), p("commandId", id), p("executionTime", flexible(float)), p("status", text("finished", "failed")), p("commandLanguage", text("python", "sql")), p("commandText", command)}},
		{service: "clusterLibraries", action: "installLibraries", weight: 60, params: ps{p("cluster_id", anyCluster), p("libraries", jsonText(`[{"pypi":{"package":"great-expectations==0.18.12"}},{"jar":"dbfs:/FileStore/jars/connector.jar"}]`))}},
		{service: "clusterLibraries", action: "uninstallLibraries", weight: 15, params: ps{p("cluster_id", anyCluster), p("library", jsonText(`{"whl":"dbfs:/libs/etl-1.4.2-py3-none-any.whl"}`))}},
		{service: "clusterPolicies", action: "create", weight: 4, who: human, params: ps{p("name", word), p("definition", jsonText(`{"autotermination_minutes":{"type":"range","maxValue":120,"defaultValue":60}}`))}},
		{service: "clusterPolicies", action: "changeClusterPolicyAcl", weight: 6, who: human, params: ps{p("shardName", shardName), p("resourceId", hex16), p("targetUserId", userID), p("aclPermissionSet", text("CAN_USE"))}},
		{service: "instancePools", action: "create", weight: 4, who: human, params: ps{p("instance_pool_name", word), p("min_idle_instances", flexible(number(0, 10))), p("idle_instance_autotermination_minutes", flexible(number(5, 60))), p("node_type_id", text("i3.xlarge", "m5.2xlarge"))}},
		{service: "instancePools", action: "edit", weight: 6, who: human, params: ps{p("instance_pool_id", uuid), p("instance_pool_name", word), p("min_idle_instances", flexible(number(0, 10)))}},
	}
}
