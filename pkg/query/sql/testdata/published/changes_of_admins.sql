-- question: who became or ceased to be an admin
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, workspace_id, user_identity.email, lower(replace(audit_level, '_LEVEL', '')) AS level, action_name,
  request_params.targetUserName, request_params.targetGroupName, count(*) AS changes
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS
  AND (action_name IN ('setAccountAdmin', 'changeAccountOwner', 'setAdmin', 'removeAdmin')
    OR (action_name IN ('addPrincipalToGroup', 'removePrincipalFromGroup') AND request_params.targetGroupName = 'admins'))
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T09:01:00.000Z","workspace_id":"1001","email":"ann@example.com","level":"workspace","action_name":"addPrincipalToGroup","targetUserName":"bob@example.com","targetGroupName":"admins","changes":1}
-- | {"event_time":"2024-03-05T09:00:00.000Z","workspace_id":"0","email":"ann@example.com","level":"account","action_name":"setAccountAdmin","targetUserName":"bob@example.com","targetGroupName":null,"changes":1}
