-- question: the latest events
-- source: https://www.cloudopsnow.in/understanding-system-access-tables-in-unity-catalog-azure-databricks/
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_time, user_identity.email, action_name
FROM system.access.audit
--WHERE action_name = 'SELECT'
ORDER BY event_time DESC
LIMIT 5;
-- | answers
-- | {"event_time":"2024-03-05T14:05:00.000Z","email":"ann@example.com","action_name":"getPublishedDashboard"}
-- | {"event_time":"2024-03-05T14:02:00.000Z","email":"bob@example.com","action_name":"getDashboard"}
-- | {"event_time":"2024-03-05T14:01:00.000Z","email":"bob@example.com","action_name":"getDashboard"}
-- | {"event_time":"2024-03-05T14:00:00.000Z","email":"bob@example.com","action_name":"createDashboard"}
-- | {"event_time":"2024-03-05T13:10:00.000Z","email":"bob@example.com","action_name":"getExternalLocation"}
