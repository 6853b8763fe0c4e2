SELECT date, method, count(*) AS num_logins
FROM logins
GROUP BY date, method
ORDER BY date, method;
