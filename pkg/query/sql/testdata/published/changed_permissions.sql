-- question: permissions of securables that changed
-- source: https://docs.databricks.com/admin/system-tables/audit-logs.html
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, request_params.securable_type, request_params.securable_full_name, request_params.changes
FROM system.access.audit
WHERE service_name = 'unityCatalog' AND action_name = 'updatePermissions'
ORDER BY 1 DESC
-- | answers
-- | {"event_time":"2024-03-05T12:30:00.000Z","email":"ann@example.com","securable_type":"table","securable_full_name":"main.sales.customers","changes":"[]"}
