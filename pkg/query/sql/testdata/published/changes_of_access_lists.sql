-- question: changed IP access lists
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, workspace_id, action_name, request_params.ipAccessListId, response.status_code, count(*) AS changes
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS
  AND action_name IN ('createIpAccessList', 'deleteIpAccessList', 'updateIpAccessList')
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T10:05:00.000Z","email":"ann@example.com","workspace_id":"1001","action_name":"createIpAccessList","ipAccessListId":"list-1","status_code":200,"changes":1}
