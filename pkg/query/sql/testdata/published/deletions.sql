-- question: who deletes much
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT * FROM (
  SELECT event_date, user_identity.email, size(collect_set(service_name)) AS services, size(collect_set(action_name)) AS actions, count(*) AS deletions
  FROM system.access.audit
  WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND user_identity.email NOT IN ('System-User')
    AND (startswith(action_name, 'delete') OR contains(lower(action_name), 'delete') OR contains(lower(action_name), 'trash'))
  GROUP BY 1, 2)
WHERE deletions > 2
ORDER BY deletions DESC
-- | answers
-- | {"event_date":"2024-03-05","email":"bob@example.com","services":2,"actions":2,"deletions":3}
