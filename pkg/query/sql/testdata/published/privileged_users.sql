-- question: who has the most grants
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT grantee, 'table' AS kind, count(*) AS grants FROM system.information_schema.table_privileges GROUP BY 1, 2 ORDER BY grants DESC
-- | refused: there is no table system.information_schema.table_privileges: the lake has what audit logs tell, which is system.access.audit
