-- What each user's requests came to
SELECT actor, sum(DISTINCT response.statusCode) AS codes, count(*) AS n
FROM silver
WHERE date_time >= $from AND date_time < $to
GROUP BY actor
ORDER BY actor NULLS FIRST
-- DuckDB
SELECT actor, sum(DISTINCT response.statusCode)::BIGINT AS codes, count(*) AS n
FROM silver
WHERE date_time >= $from AND date_time < $to AND date BETWEEN $from_date AND $to_date
GROUP BY actor
ORDER BY actor NULLS FIRST
