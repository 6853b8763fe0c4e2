-- Events by service and action
SELECT serviceName, actionName, count(*) AS events
FROM silver
GROUP BY serviceName, actionName
ORDER BY events DESC, serviceName NULLS FIRST, actionName NULLS FIRST
