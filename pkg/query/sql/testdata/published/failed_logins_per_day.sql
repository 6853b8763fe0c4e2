-- question: failed logins of 90 days
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, ifnull(user_identity.email, request_params.user) AS who, workspace_id, action_name, count(*) AS failures
FROM system.access.audit
WHERE event_date >= current_date() - INTERVAL 90 DAYS
  AND action_name IN ('aadBrowserLogin', 'aadTokenLogin', 'certLogin', 'jwtLogin', 'login', 'oidcBrowserLogin', 'samlLogin', 'tokenLogin')
  AND response.status_code IN (401, 403)
GROUP BY 1, 2, 3, 4
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","who":"bob@example.com","workspace_id":"1001","action_name":"login","failures":3}
-- | {"event_date":"2024-03-05","who":"eve@example.com","workspace_id":"1001","action_name":"tokenLogin","failures":1}
