SELECT date, count(*) AS num_failed
FROM logins
WHERE failed
GROUP BY date
ORDER BY date;
