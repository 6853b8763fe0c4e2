-- The busiest day of each service
SELECT serviceName, date, events
FROM (
  SELECT serviceName, date, events, row_number() OVER (PARTITION BY serviceName ORDER BY events DESC, date) AS n
  FROM (SELECT serviceName, date, count(*) AS events FROM silver GROUP BY serviceName, date) per_day
) ranked
WHERE n = 1
ORDER BY serviceName NULLS FIRST
