-- question: permissions that were changed, by day
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, user_identity.email, if(isnotnull(request_params.workspace_id), request_params.workspace_id, workspace_id) AS workspace,
  service_name, action_name, count(*) AS changes
FROM system.access.audit
WHERE action_name IN ('addPrincipalToGroup', 'changeClusterAcl', 'changeJobAcl', 'grantPermission', 'putAcl', 'updatePermissions')
  AND event_date >= current_date() - INTERVAL 90 DAYS AND user_identity.email NOT IN ('System-User')
GROUP BY 1, 2, 3, 4, 5
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","email":"ann@example.com","workspace":"1001","service_name":"accounts","action_name":"addPrincipalToGroup","changes":2}
-- | {"event_date":"2024-03-05","email":"ann@example.com","workspace":"1001","service_name":"unityCatalog","action_name":"updatePermissions","changes":1}
-- | {"event_date":"2024-03-05","email":"ann@example.com","workspace":"2002","service_name":"clusters","action_name":"changeClusterAcl","changes":1}
