-- question: data that is asked for most
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT * FROM (
  SELECT coalesce(request_params.table_full_name, request_params.volume_full_name, request_params.url) AS securable,
    CASE WHEN isnotnull(request_params.table_full_name) THEN 'TABLE' WHEN isnotnull(request_params.volume_full_name) THEN 'VOLUME' ELSE 'PATH' END AS kind,
    count(*) AS requests
  FROM system.access.audit
  WHERE action_name IN ('generateTemporaryTableCredential', 'generateTemporaryPathCredential', 'generateTemporaryVolumeCredential') AND response.status_code = 200 AND event_date >= current_date() - INTERVAL 90 DAYS
  GROUP BY 1, 2)
WHERE NOT startswith(securable, '__databricks_internal.')
ORDER BY requests DESC LIMIT 500
-- | answers
-- | {"securable":"main.sales.customers","kind":"TABLE","requests":1}
-- | {"securable":"main.tmp.copy","kind":"TABLE","requests":1}
