-- Distinct users and addresses per month
SELECT date_trunc('month', date_time) AS month, count(DISTINCT actor) AS users, count(DISTINCT sourceIPAddress) AS addresses
FROM silver
GROUP BY 1
ORDER BY 1 NULLS FIRST
-- DuckDB
SELECT date_trunc('month', date)::TIMESTAMP AS month, count(DISTINCT actor) AS users, count(DISTINCT sourceIPAddress) AS addresses
FROM silver
GROUP BY 1
ORDER BY 1 NULLS FIRST
