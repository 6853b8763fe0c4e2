-- question: tokens that live longer than three days
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, workspace_id, user_identity.email,
  timestamp_millis(cast(request_params.tokenExpirationTime AS BIGINT)) AS expires,
  timestampdiff(HOUR, event_time, timestamp_millis(cast(request_params.tokenExpirationTime AS BIGINT))) AS hours, count(*) AS tokens
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND action_name = 'generateDbToken'
  AND timestampdiff(HOUR, event_time, timestamp_millis(cast(request_params.tokenExpirationTime AS BIGINT))) > 72
GROUP BY 1, 2, 3, 4, 5
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T10:30:00.000Z","workspace_id":"1001","email":"bob@example.com","expires":"2024-04-04T09:50:00.000Z","hours":719,"tokens":1}
