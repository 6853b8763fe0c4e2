-- question: who is in several workspaces on a day
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT * FROM (
  SELECT event_date, user_identity.email, count(DISTINCT workspace_id) AS workspaces
  FROM system.access.audit
  WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND user_identity.email NOT IN ('System-User', 'unknown')
  GROUP BY 1, 2)
WHERE workspaces >= 2
ORDER BY workspaces DESC
-- | answers
-- | {"event_date":"2024-03-05","email":"ann@example.com","workspaces":3}
-- | {"event_date":"2024-03-05","email":"bob@example.com","workspaces":2}
-- | {"event_date":"2024-03-05","email":"eve@example.com","workspaces":2}
