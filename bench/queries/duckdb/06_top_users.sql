SELECT actor, count(*) AS events
FROM silver
GROUP BY actor
ORDER BY events DESC, actor NULLS FIRST
LIMIT 100
