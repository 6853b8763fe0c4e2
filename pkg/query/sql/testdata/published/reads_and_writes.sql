-- question: what was read and written, and by whom
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, user_identity.email,
  CASE WHEN contains(request_params.operation, 'CREATE') THEN 'WRITE' WHEN contains(request_params.operation, 'WRITE') THEN 'WRITE'
    WHEN contains(request_params.operation, 'READ') THEN 'READ' ELSE NULL END AS operation,
  CASE WHEN isnotnull(request_params.table_full_name) THEN request_params.table_full_name
    WHEN isnotnull(request_params.volume_full_name) THEN request_params.volume_full_name
    WHEN isnotnull(request_params.url) THEN request_params.url ELSE NULL END AS securable,
  COUNT(*) AS times
FROM system.access.audit
WHERE action_name IN ('generateTemporaryTableCredential', 'generateTemporaryPathCredential', 'generateTemporaryVolumeCredential') AND event_date >= current_date() - INTERVAL 90 DAYS
GROUP BY 1, 2, 3, 4
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","email":"ann@example.com","operation":"READ","securable":"__databricks_internal.x.y","times":1}
-- | {"event_date":"2024-03-05","email":"bob@example.com","operation":"READ","securable":"main.sales.customers","times":1}
-- | {"event_date":"2024-03-05","email":"bob@example.com","operation":"WRITE","securable":"main.tmp.copy","times":1}
-- | {"event_date":"2024-03-05","email":"eve@example.com","operation":"READ","securable":"s3://bucket/x","times":1}
