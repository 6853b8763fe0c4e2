-- question: which tables somebody used today
-- source: https://docs.databricks.com/admin/system-tables/audit-logs.html
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT action_name AS `EVENT`, event_time AS `WHEN`, IFNULL(request_params.full_name_arg, 'none') AS `TABLE`, IFNULL(request_params.commandText, 'none') AS `COMMAND`
FROM system.access.audit
WHERE user_identity.email = 'bob@example.com' AND action_name IN ('createTable', 'commandSubmit', 'getTable', 'deleteTable')
  AND datediff(now(), event_date) < 1
ORDER BY event_date DESC
-- | answers
-- | {"EVENT":"getTable","WHEN":"2024-03-05T12:00:00.000Z","TABLE":"main.sales.customers","COMMAND":"none"}
