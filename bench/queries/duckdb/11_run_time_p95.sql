WITH runs AS (
  SELECT runId,
         epoch_us(min(date_time) FILTER (WHERE actionName = 'runStart')) AS started,
         epoch_us(max(date_time) FILTER (WHERE actionName IN ('runSucceeded', 'runFailed'))) AS ended
  FROM jobs
  WHERE actionName IN ('runStart', 'runSucceeded', 'runFailed') AND runId IS NOT NULL
  GROUP BY runId
)
SELECT make_timestamp(ended // 86400000000 * 86400000000) AS day,
       count(*) AS runs,
       quantile_disc((ended - started) / 1e6, 0.95) AS p95
FROM runs
WHERE started IS NOT NULL AND ended IS NOT NULL
GROUP BY day
ORDER BY day
