-- Clusters created per day
SELECT date, count(*) AS num_clusters
FROM clusters
WHERE actionName = 'create'
GROUP BY date
ORDER BY date NULLS FIRST
