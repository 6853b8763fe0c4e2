SELECT actor AS "user", count(*) AS num_failed,
       strftime(max(ts), '%Y-%m-%dT%H:%M:%S.%gZ') AS "last"
FROM logins
WHERE failed
GROUP BY actor
ORDER BY num_failed DESC, actor NULLS FIRST
LIMIT 100;
