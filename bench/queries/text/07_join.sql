-- Clusters by users who failed to log in on the same day
WITH failed AS (
  SELECT date, actor, count(*) AS failures
  FROM accounts
  WHERE response.statusCode >= 400
  GROUP BY date, actor
), made AS (
  SELECT date, actor, count(*) AS clusters
  FROM clusters
  WHERE actionName = 'create'
  GROUP BY date, actor
)
SELECT made.date AS day, made.actor AS who, made.clusters AS clusters, failed.failures AS failures
FROM made JOIN failed ON made.date = failed.date AND made.actor = failed.actor
ORDER BY day, who, clusters, failures
