-- question: repeated failed logins, by hour
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT window(event_time, '60 minutes').start AS hour_start, window(event_time, '60 minutes').end AS hour_end,
  ifnull(user_identity.email, request_params.user) AS who,
  collect_set(action_name) AS actions, collect_set(response.status_code) AS codes, count(*) AS failures
FROM system.access.audit
WHERE action_name IN ('aadBrowserLogin', 'aadTokenLogin', 'certLogin', 'jwtLogin', 'login', 'oidcBrowserLogin', 'samlLogin', 'tokenLogin')
  AND response.status_code IN (401, 403)
  AND window(event_time, '60 minutes').end >= current_timestamp() - INTERVAL 24 HOURS
GROUP BY 1, 2, 3
ORDER BY failures DESC
-- | answers
-- | {"hour_start":"2024-03-05T08:00:00.000Z","hour_end":"2024-03-05T09:00:00.000Z","who":"bob@example.com","actions":"[\"login\"]","codes":"[401]","failures":3}
-- | {"hour_start":"2024-03-05T08:00:00.000Z","hour_end":"2024-03-05T09:00:00.000Z","who":"eve@example.com","actions":"[\"tokenLogin\"]","codes":"[403]","failures":1}
