-- question: which secrets were read
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, user_identity.email, concat(request_params.scope, '/', request_params.key) AS secret, count(*) AS requests
FROM system.access.audit
WHERE action_name = 'getSecret' AND event_date >= current_date() - INTERVAL 90 DAYS AND user_identity.email NOT IN ('System-User')
GROUP BY 1, 2, 3
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","email":"bob@example.com","secret":"prod/api","requests":1}
-- | {"event_date":"2024-03-05","email":"bob@example.com","secret":"prod/db","requests":1}
