-- question: who used a table in the last day
-- source: https://docs.databricks.com/admin/system-tables/audit-logs.html
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT user_identity.email AS `Who`, IFNULL(request_params.full_name_arg, request_params.name) AS `Table`, action_name AS `What`, event_time AS `When`
FROM system.access.audit
WHERE (request_params.full_name_arg = 'main.sales.customers' OR (request_params.name = 'customers' AND request_params.schema_name = 'sales'))
  AND action_name IN ('createTable', 'getTable', 'deleteTable')
  AND event_date > now() - interval '1 day'
ORDER BY event_date DESC
-- | answers
-- | {"Who":"bob@example.com","Table":"main.sales.customers","What":"getTable","When":"2024-03-05T12:00:00.000Z"}
