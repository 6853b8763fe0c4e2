SELECT creator, count(*) AS num_clusters
FROM clusters
WHERE actionName = 'create'
GROUP BY creator
ORDER BY num_clusters DESC, creator NULLS FIRST
