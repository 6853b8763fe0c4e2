-- Clusters created and jobs run per day, side by side
SELECT coalesce(c.date, j.date) AS day, c.n AS clusters, j.n AS runs
FROM (SELECT date, count(*) AS n FROM clusters WHERE actionName = 'create' GROUP BY date) c
FULL JOIN (SELECT date, count(*) AS n FROM jobs WHERE actionName = 'runStart' GROUP BY date) j ON c.date = j.date
ORDER BY day, clusters, runs
