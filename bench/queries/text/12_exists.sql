-- Clusters of users who had failed to log in on that day, by EXISTS
SELECT date_time, actor, clusterId
FROM clusters c
WHERE actionName = 'create' AND date_time >= $from AND date_time < $to
  AND EXISTS (
    SELECT 1 FROM accounts a
    WHERE a.actor = c.actor AND a.response.statusCode >= 400 AND a.date = c.date
  )
ORDER BY date_time, actor NULLS FIRST, clusterId NULLS FIRST
-- DuckDB
SELECT date_time, actor, clusterId
FROM clusters c
WHERE actionName = 'create' AND date_time >= $from AND date_time < $to AND date BETWEEN $from_date AND $to_date
  AND EXISTS (
    SELECT 1 FROM accounts a
    WHERE a.actor = c.actor AND a.response.statusCode >= 400 AND a.date = c.date
  )
ORDER BY date_time, actor NULLS FIRST, clusterId NULLS FIRST
