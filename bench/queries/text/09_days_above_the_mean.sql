-- Days with more events than the mean day
WITH days AS (SELECT date, count(*) AS events FROM silver GROUP BY date)
SELECT date, events
FROM days
WHERE events > (SELECT avg(events) FROM days)
ORDER BY date
