-- question: who reads many secrets in an hour
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT * FROM (
  SELECT window(event_time, '60 minutes').start AS since, user_identity.email, size(collect_set(request_params.scope)) AS scopes,
    collect_set(request_params.scope) AS scope_names, size(collect_set(request_params.key)) AS keys, count(*) AS requests
  FROM system.access.audit
  WHERE action_name = 'getSecret' AND event_time >= current_timestamp() - INTERVAL 24 HOURS
  GROUP BY 1, 2)
WHERE keys >= 2
ORDER BY keys DESC
-- | answers
-- | {"since":"2024-03-05T11:00:00.000Z","email":"bob@example.com","scopes":1,"scope_names":"[\"prod\"]","keys":2,"requests":2}
