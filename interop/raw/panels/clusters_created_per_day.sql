SELECT date, count(*) AS num_clusters
FROM created
GROUP BY date
ORDER BY date;
