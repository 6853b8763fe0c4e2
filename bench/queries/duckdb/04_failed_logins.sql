WITH logins AS (
  SELECT date, actor, response.statusCode AS status
  FROM accounts
  WHERE actionName IN ('login', 'aadBrowserLogin', 'aadTokenLogin', 'certLogin', 'jwtLogin', 'mfaLogin',
                       'oidcBrowserLogin', 'oidcTokenAuthorization', 'samlLogin', 'tokenLogin',
                       'passwordVerifyAuthentication')
  UNION ALL
  SELECT date, actor, response.statusCode
  FROM ssh
  WHERE actionName = 'login'
)
SELECT date, count(*) AS num_failed
FROM logins
WHERE status >= 400 AND (actor IS NULL OR actor NOT IN ('System-User', 'unknown', 'Unknown'))
GROUP BY date
ORDER BY date NULLS FIRST
