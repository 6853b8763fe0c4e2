package truth

func pipelineQueries() []query {
	return []query{
		{name: "freshness_by_workspace", span: backSpan, rows: func(k *look) *Answer {
			a := columns("workspaceId", "newest", "age_seconds")
			for l, g := range groups(within(k.log.events, k.from-7*day, k.to), func(e *Event) labels { return labels{e.workspace} }) {
				a.add(l[0], g.last(), (k.to - g.last()).seconds())
			}
			return a.order("workspaceId")
		}},
		{name: "layer_counts", rows: func(k *look) *Answer {
			a := columns("layer", "num_rows")
			a.add("bronze", k.log.lines)
			a.add("silver", k.log.lines-k.log.quarantine)
			a.add("quarantine", k.log.quarantine)
			return a.order("-num_rows", "layer")
		}},
		{
			name: "new_services", params: options{"days": "7", "limit": "100"}, other: options{"days": "2", "limit": "1000"}, span: endedSpan,
			rows: func(k *look) *Answer {
				a := columns("service", "action", "first", "num_events")
				for l, g := range groups(within(k.log.events, -1<<62, k.to), byAction) {
					if g.first() >= k.to-k.span("days", day) {
						a.add(l[0], l[1], g.first(), len(g))
					}
				}
				return a.order("first", "service", "action").limit(k.int("limit"))
			},
		},
		{name: "truncated_events", rows: func(k *look) *Answer {
			a := columns("date", "service", "action", "num_events")
			for l, g := range groups(k.silver(func(e *Event) bool { return e.truncated }), func(e *Event) labels { return labels{e.date(), e.service, e.action} }) {
				a.add(l[0], l[1], l[2], len(g))
			}
			return a.order("date", "service", "action")
		}},
		{name: "repeated_events", params: options{"limit": "100"}, other: options{"limit": "5"}, rows: func(k *look) *Answer {
			type count struct{ keys, extra int }
			counts := map[labels]count{}
			for _, g := range groups(k.silver(), func(e *Event) labels { return labels{e.key} }) {
				if len(g) > 1 {
					c := counts[byAction(g[0])]
					counts[byAction(g[0])] = count{c.keys + 1, c.extra + len(g) - 1}
				}
			}
			a := columns("service", "action", "num_keys", "num_extra")
			for l, c := range counts {
				a.add(l[0], l[1], c.keys, c.extra)
			}
			return a.order("-num_extra", "service", "action").limit(k.int("limit"))
		}},
	}
}

// askedFor are the parameters that queries look at, besides command texts.
var askedFor = []string{
	"cluster_id", "clusterId", "resourceId", "cluster_name", "cluster_creator", "cluster_source", "custom_tags",
	"autotermination_minutes", "acl_path_prefix", "idempotency_token", "spark_version", "node_type_id", "num_workers", "autoscale",
	"notebookId", "name", "auto_stop_mins", "instance_pool_id", "instance_pool_name", "min_idle_instances",
	"jobId", "job_id", "runId", "run_id", "jobRunId", "existing_cluster_id", "jobClusterType",
	"user", "authentication_method", "tokenId", "tokenHash", "tokenExpirationTime", "approver", "duration", "reason",
	"sourceIpAddress", "path", "targetUserName", "targetUserId", "targetGroupName", "endpoint",
	"workspaceConfKeys", "workspaceConfValues", "ipAccessListId",
	"settingName", "settingTypeName", "settingKeyName", "settingValueForAudit",
	"script_id", "enabled", "script-SHA256", "library", "workspace_id", "workspace_name",
	"aclPermissionSet", "instanceId", "workspaceExportFormat", "fileType", "scope", "key", "mountPoint", "owner",
	"operation", "table_full_name", "volume_full_name", "url", "table_url", "table_id", "volume_id",
	"ip_access_list", "recipient_name", "share", "is_ip_access_denied",
	"delta_sharing_recipient_token_lifetime_in_seconds", "metastore_id",
}
