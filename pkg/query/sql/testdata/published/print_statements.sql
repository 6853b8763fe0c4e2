-- question: commands that print
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT window(event_time, '60 minutes').start AS since, user_identity.email, collect_set(request_params.commandText) AS commands, count(*) AS total
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND action_name = 'runCommand' AND request_params.commandText RLIKE '\\bprint\\s*\\('
GROUP BY 1, 2
ORDER BY total DESC
-- | answers
-- | {"since":"2024-03-05T11:00:00.000Z","email":"bob@example.com","commands":"[\"print (1)\"]","total":1}
