-- What users do who create no cluster in a week
SELECT actionName, count(*) AS events
FROM silver
WHERE date_time >= $from AND date_time < $to
  AND actor NOT IN (
    SELECT actor FROM clusters
    WHERE actionName = 'create' AND actor IS NOT NULL AND date_time >= $from AND date_time < $to
  )
GROUP BY actionName
ORDER BY events DESC, actionName NULLS FIRST
-- DuckDB
SELECT actionName, count(*) AS events
FROM silver
WHERE date_time >= $from AND date_time < $to AND date BETWEEN $from_date AND $to_date
  AND actor NOT IN (
    SELECT actor FROM clusters
    WHERE actionName = 'create' AND actor IS NOT NULL AND date_time >= $from AND date_time < $to
      AND date BETWEEN $from_date AND $to_date
  )
GROUP BY actionName
ORDER BY events DESC, actionName NULLS FIRST
