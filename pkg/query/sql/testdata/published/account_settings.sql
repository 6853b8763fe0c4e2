-- question: changed settings of the account
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, account_id, request_params.settingTypeName AS setting, request_params.settingValueForAudit AS value, count(*) AS changes
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS
  AND audit_level = 'ACCOUNT_LEVEL' AND service_name = 'accounts' AND action_name = 'setSetting'
GROUP BY 1, 2, 3, 4, 5
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T10:20:00.000Z","email":"ann@example.com","account_id":"a1b2c3d4-0000-4000-8000-000000000001","setting":"ipAccessList","value":"off","changes":1}
