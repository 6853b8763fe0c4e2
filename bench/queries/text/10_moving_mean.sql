-- Events per day and the mean of seven days
SELECT date, events, avg(events) OVER (ORDER BY date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS mean
FROM (SELECT date, count(*) AS events FROM silver GROUP BY date) days
ORDER BY date
