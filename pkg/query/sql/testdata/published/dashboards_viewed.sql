-- question: dashboards by views
-- source: https://docs.databricks.com/gcp/en/dashboards/monitor-usage
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT request_params.dashboard_id AS dashboard, COUNT(*) AS views
FROM system.access.audit
WHERE action_name IN ("getDashboard", "getPublishedDashboard")
GROUP BY dashboard
ORDER BY views DESC
-- | answers
-- | {"dashboard":"d1","views":2}
-- | {"dashboard":"d2","views":1}
