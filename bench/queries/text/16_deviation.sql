-- How much events per hour of a day vary
SELECT date, stddev_pop(events) AS deviation
FROM (
  SELECT date, date_trunc('hour', date_time) AS hour, count(*) AS events
  FROM silver
  GROUP BY 1, 2
) hours
GROUP BY date
ORDER BY date
-- DuckDB
SELECT date, stddev_pop(events) AS deviation
FROM (
  SELECT date, epoch_us(date_time) // 3600000000 AS hour, count(*) AS events
  FROM silver
  GROUP BY 1, 2
) hours
GROUP BY date
ORDER BY date
