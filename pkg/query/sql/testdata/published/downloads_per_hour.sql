-- question: many downloads in an hour
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
WITH hours AS (
  SELECT window(event_time, '60 minutes').start AS since, user_identity.email, collect_set(action_name) AS actions, count(*) AS downloads
  FROM system.access.audit
  WHERE event_time >= current_timestamp() - INTERVAL 24 HOURS
    AND (action_name IN ('downloadPreviewResults', 'downloadLargeResults', 'filesGet')
      OR (action_name = 'workspaceExport' AND request_params.workspaceExportFormat != 'SOURCE'))
  GROUP BY 1, 2)
SELECT * FROM hours WHERE downloads > 2 ORDER BY downloads DESC
-- | answers
-- | {"since":"2024-03-05T09:00:00.000Z","email":"bob@example.com","actions":"[\"downloadPreviewResults\",\"workspaceExport\"]","downloads":4}
