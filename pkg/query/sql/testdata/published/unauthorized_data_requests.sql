-- question: requests for data that were refused, by day
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, ifnull(user_identity.email, request_params.user) AS who, request_params.workspace_id, action_name, count(*) AS refused
FROM system.access.audit
WHERE action_name IN ('generateTemporaryTableCredential', 'generateTemporaryPathCredential', 'generateTemporaryVolumeCredential', 'deltaSharingQueryTable')
  AND response.status_code IN (401, 403) AND event_date >= current_date() - INTERVAL 90 DAYS
GROUP BY 1, 2, 3, 4
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","who":"eve@example.com","workspace_id":"1001","action_name":"generateTemporaryPathCredential","refused":1}
