-- question: the latest commands of notebooks
-- source: https://docs.databricks.com/admin/system-tables/audit-logs.html
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, request_params.commandText
FROM system.access.audit
WHERE action_name = 'runCommand'
ORDER BY event_time DESC
LIMIT 100;
-- | answers
-- | {"event_time":"2024-03-05T11:21:00.000Z","email":"bob@example.com","commandText":"blueprint = 1"}
-- | {"event_time":"2024-03-05T11:20:00.000Z","email":"bob@example.com","commandText":"print (1)"}
