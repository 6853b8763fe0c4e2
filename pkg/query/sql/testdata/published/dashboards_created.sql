-- question: dashboards that were made in a week
-- source: https://docs.databricks.com/gcp/en/dashboards/monitor-usage
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT action_name, COUNT(action_name) AS dashboards
FROM system.access.audit
WHERE action_name = "createDashboard" AND event_date >= current_date() - interval 7 days
GROUP BY action_name
-- | answers
-- | {"action_name":"createDashboard","dashboards":1}
