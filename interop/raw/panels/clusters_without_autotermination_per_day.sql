SELECT date, count(*) AS num_clusters
FROM created
WHERE interactive AND autotermination = 0
GROUP BY date
ORDER BY date;
