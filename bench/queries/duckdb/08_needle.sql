SELECT date_time, serviceName, actionName, actor, email, subjectName, sourceIPAddress, userAgent, sessionId, requestId,
       version, auditLevel, accountId, shardName, outcome, identityMetadata, extra, eventKey,
       "timestamp", workspaceId, fileId, lineNumber,
       response.statusCode AS statusCode, response.errorMessage AS errorMessage, response.result AS result,
       requestParams
FROM silver
WHERE requestId = $needle
ORDER BY date_time DESC NULLS FIRST, eventKey NULLS FIRST, fileId NULLS FIRST, lineNumber NULLS FIRST
