-- question: recipients of shares whom no IP access list limits
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email,
  CASE WHEN request_params.name IS NOT NULL THEN request_params.name WHEN request_params.name_arg IS NOT NULL THEN request_params.name_arg ELSE NULL END AS recipient,
  request_params.ip_access_list, count(*) AS times
FROM system.access.audit
WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS AND action_name IN ('createRecipient') AND request_params.ip_access_list IS NULL
GROUP BY 1, 2, 3, 4
ORDER BY event_time DESC
-- | answers
-- | {"event_time":"2024-03-05T12:20:00.000Z","email":"ann@example.com","recipient":"partner","ip_access_list":null,"times":1}
