-- question: who has privileges on a table
-- source: https://docs.databricks.com/admin/system-tables/audit-logs.html
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT DISTINCT(grantee) AS `MAY READ` FROM system.information_schema.table_privileges WHERE table_name = 'customers'
UNION
SELECT table_owner FROM system.information_schema.tables WHERE table_name = 'customers'
-- | refused: there is no table system.information_schema.table_privileges: the lake has what audit logs tell, which is system.access.audit
