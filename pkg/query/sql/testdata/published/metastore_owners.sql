-- question: who was made owner of a metastore
-- source: https://github.com/databricks-demos/dbdemos-notebooks/blob/main/product_demos/Unity-Catalog/uc-04-system-tables/02-audit-logs-tables/02-audit-log.sql
-- licence: Databricks licence; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email AS who, request_params.`owner` AS new_owner
FROM system.access.audit
WHERE action_name = 'updateMetastore' AND request_params.`owner` IS NOT NULL AND audit_level = 'ACCOUNT_LEVEL'
ORDER BY event_time LIMIT 100;
-- | answers
-- | {"event_time":"2024-03-05T13:05:00.000Z","who":"ann@example.com","new_owner":"bob@example.com"}
