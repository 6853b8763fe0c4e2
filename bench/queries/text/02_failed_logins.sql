-- Failed logins per day and user
SELECT date, actor, count(*) AS failed
FROM accounts
WHERE actionName LIKE '%ogin' AND response.statusCode >= 400 AND actor NOT IN ('System-User', 'unknown', 'Unknown')
GROUP BY date, actor
ORDER BY date NULLS FIRST, failed DESC, actor NULLS FIRST
LIMIT 1000
