-- question: who writes elsewhere than they read
-- source: https://github.com/andyweaves/system-tables-audit-logs/blob/main/resources/queries_and_alerts.json
-- licence: no licence given; this statement asks the same in the same constructs and is our own
WITH used AS (
  SELECT window(event_time, '60 minutes').start AS since, user_identity.email,
    CASE WHEN contains(request_params.operation, 'WRITE') THEN 'WRITE' ELSE 'READ' END AS operation, request_params.table_full_name AS securable
  FROM system.access.audit WHERE action_name IN ('generateTemporaryTableCredential', 'generateTemporaryPathCredential', 'generateTemporaryVolumeCredential')),
hours AS (
  SELECT since, email, collect_set(securable) FILTER (WHERE operation = 'READ') AS reads, collect_set(securable) FILTER (WHERE operation = 'WRITE') AS writes,
    count(DISTINCT operation, securable) AS total
  FROM used GROUP BY 1, 2)
SELECT since, email, array_except(writes, reads) AS elsewhere, total FROM hours WHERE size(array_except(writes, reads)) > 0
-- | refused: size counts the values of a list: a parameter such as size($users), or the parts of split(x, ',')
