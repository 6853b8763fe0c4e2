-- question: logins of Databricks' support
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, workspace_id, request_params.user, request_params.approver, request_params.duration, request_params.reason, count(*) AS logins
FROM system.access.audit
WHERE event_time >= current_date() - INTERVAL 90 DAYS AND action_name = 'databricksAccess'
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T10:10:00.000Z","workspace_id":"1001","user":"support@databricks.com","approver":"ann@example.com","duration":"48","reason":"ticket 7","logins":1}
