-- question: downloads of 90 days
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
SELECT event_date, ifnull(user_identity.email, request_params.user) AS who, workspace_id, action_name, count(*) AS downloads
FROM system.access.audit
WHERE event_time >= current_date() - INTERVAL 90 DAYS
  AND (action_name IN ('downloadPreviewResults', 'downloadLargeResults', 'filesGet')
    OR (action_name = 'workspaceExport' AND request_params.workspaceExportFormat != 'SOURCE')
    OR (action_name = 'downloadQueryResult' AND request_params.fileType != 'arrows'))
GROUP BY 1, 2, 3, 4
ORDER BY event_date DESC
-- | answers
-- | {"event_date":"2024-03-05","who":"bob@example.com","workspace_id":"1001","action_name":"downloadPreviewResults","downloads":3}
-- | {"event_date":"2024-03-05","who":"bob@example.com","workspace_id":"1001","action_name":"downloadQueryResult","downloads":1}
-- | {"event_date":"2024-03-05","who":"bob@example.com","workspace_id":"1001","action_name":"workspaceExport","downloads":1}
