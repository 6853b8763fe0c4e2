-- What users do who never created a cluster
SELECT actionName, count(*) AS events
FROM silver
WHERE date_time >= $from AND date_time < $to
  AND actor NOT IN (SELECT actor FROM clusters WHERE actionName = 'create' AND actor IS NOT NULL)
GROUP BY actionName
ORDER BY events DESC, actionName NULLS FIRST
-- DuckDB
SELECT actionName, count(*) AS events
FROM silver
WHERE date_time >= $from AND date_time < $to AND date BETWEEN $from_date AND $to_date
  AND actor NOT IN (SELECT actor FROM clusters WHERE actionName = 'create' AND actor IS NOT NULL)
GROUP BY actionName
ORDER BY events DESC, actionName NULLS FIRST
