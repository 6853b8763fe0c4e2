-- question: requests to Unity Catalog that were refused, by hour
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
WITH refused AS (
  SELECT window(event_time, '60 minutes').start AS since, user_identity.email, request_params.metastore_id, action_name, response.error_message
  FROM system.access.audit
  WHERE service_name = 'unityCatalog' AND response.status_code IN (401, 403)),
hours AS (
  SELECT since, email, metastore_id, collect_set(action_name) AS actions, collect_set(error_message) AS messages, count(*) AS total
  FROM refused GROUP BY 1, 2, 3)
SELECT * FROM hours WHERE total > 1 ORDER BY total DESC
-- | answers
-- | {"since":"2024-03-05T12:00:00.000Z","email":"eve@example.com","metastore_id":"m1","actions":"[\"getTable\"]","messages":"[\"denied\"]","total":2}
