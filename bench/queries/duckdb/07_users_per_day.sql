SELECT date, count(DISTINCT actor) AS users
FROM silver
GROUP BY date
ORDER BY date NULLS FIRST
