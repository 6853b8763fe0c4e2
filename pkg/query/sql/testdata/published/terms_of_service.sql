-- question: accepted terms of service
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, request_params.account_id,
  if(isnotnull(request_params.workspace_id), request_params.workspace_id, workspace_id) AS workspace, action_name, count(*) AS times
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND action_name IN ('acceptTos', 'sendTos')
GROUP BY 1, 2, 3, 4, 5
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T10:15:00.000Z","email":"ann@example.com","account_id":"a1","workspace":"0","action_name":"acceptTos","times":1}
