-- question: changed settings of workspaces
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, workspace_id, request_params.workspaceConfKeys, request_params.workspaceConfValues, count(*) AS changes
FROM system.access.audit
WHERE action_name = 'workspaceConfEdit' AND event_time >= current_timestamp() - INTERVAL 24 HOURS
GROUP BY 1, 2, 3, 4, 5
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T09:05:00.000Z","email":"ann@example.com","workspace_id":"1001","workspaceConfKeys":"enableExportNotebook","workspaceConfValues":"true","changes":1}
