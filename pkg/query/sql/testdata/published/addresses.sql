-- question: addresses that requests come from
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT regexp_replace(source_ip_address, '(:\\d*)', '') AS address,
  CASE WHEN audit_level = 'ACCOUNT_LEVEL' AND service_name != 'unityCatalog' THEN 'account'
    WHEN audit_level = 'ACCOUNT_LEVEL' AND service_name = 'unityCatalog' THEN 'unity_catalog'
    WHEN audit_level = 'WORKSPACE_LEVEL' THEN 'workspace' ELSE NULL END AS part,
  count(*) AS requests
FROM system.access.audit
WHERE event_date >= current_date() - INTERVAL 90 DAYS AND source_ip_address NOT IN ('', '0.0.0.0', '127.0.0.1')
GROUP BY 1, 2
ORDER BY requests DESC
-- | answers
-- | {"address":"198.51.100.7","part":"workspace","requests":33}
-- | {"address":"198.51.100.7","part":"unity_catalog","requests":12}
-- | {"address":"198.51.100.7","part":"account","requests":4}
-- | {"address":"203.0.113.9","part":"workspace","requests":2}
