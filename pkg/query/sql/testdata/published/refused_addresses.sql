-- question: requests that an IP access list refused
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, workspace_id, source_ip_address, count(*) AS refused
FROM system.access.audit
WHERE event_date >= current_date() - INTERVAL 90 DAYS AND action_name IN ('IpAccessDenied', 'accountIpAclsValidationFailed')
GROUP BY 1, 2, 3
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","workspace_id":"1001","source_ip_address":"203.0.113.9:443","refused":2}
