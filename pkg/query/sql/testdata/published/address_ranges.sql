-- question: networks that requests come from
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT concat(substring_index(source_ip_address, '.', 3), '.0/24') AS network, count(*) AS requests
FROM system.access.audit
WHERE event_date >= current_date() - INTERVAL 90 DAYS AND source_ip_address NOT IN ('', '0.0.0.0', '127.0.0.1')
GROUP BY concat(substring_index(source_ip_address, '.', 3), '.0/24')
ORDER BY requests DESC
-- | answers
-- | {"network":"198.51.100.0/24","requests":49}
-- | {"network":"203.0.113.0/24","requests":2}
