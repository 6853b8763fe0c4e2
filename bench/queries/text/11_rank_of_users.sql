-- The three users with the most events of each service
SELECT serviceName, actor, events, place
FROM (
  SELECT serviceName, actor, events, dense_rank() OVER (PARTITION BY serviceName ORDER BY events DESC) AS place
  FROM (SELECT serviceName, actor, count(*) AS events FROM silver GROUP BY serviceName, actor) counted
) ranked
WHERE place <= 3
ORDER BY serviceName NULLS FIRST, place, actor NULLS FIRST, events
