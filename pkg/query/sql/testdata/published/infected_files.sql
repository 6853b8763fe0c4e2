-- question: virus scans that found something
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, workspace_id, request_params.instanceId, regexp_extract(response.result, ('Infected files: (\\d+)')) AS infected
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND service_name = 'clamAVScanService-dataplane'
  AND startswith(response.result, 'Infected files:') AND regexp_extract(response.result, ('Infected files: (\\d+)')) > 0
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T12:40:00.000Z","workspace_id":"1001","instanceId":"i-1","infected":"2"}
