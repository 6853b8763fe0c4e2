-- Events per day from scripts, by a regular expression
SELECT date, count(*) AS events, count(DISTINCT userAgent) AS agents
FROM silver
WHERE userAgent RLIKE '(?i)(terraform|databricks-cli|python-requests)[-/][0-9]+[.]'
GROUP BY date
ORDER BY date NULLS FIRST
-- DuckDB
SELECT date, count(*) AS events, count(DISTINCT userAgent) AS agents
FROM silver
WHERE regexp_matches(userAgent, '(?i)(terraform|databricks-cli|python-requests)[-/][0-9]+[.]')
GROUP BY date
ORDER BY date NULLS FIRST
