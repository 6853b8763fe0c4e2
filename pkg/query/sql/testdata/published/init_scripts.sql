-- question: changed global init scripts
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, workspace_id, user_identity.email, source_ip_address, action_name, request_params.name, request_params.script_id,
  request_params.enabled, request_params.`script-SHA256`, response.status_code, count(*) AS changes
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND service_name = 'globalInitScripts'
GROUP BY ALL
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T10:25:00.000Z","workspace_id":"1001","email":"bob@example.com","source_ip_address":"198.51.100.7","action_name":"create","name":"setup","script_id":"s1","enabled":"true","script-SHA256":"abc","status_code":200,"changes":1}
