SELECT date_time AS "time", actor AS email, requestParams.cluster_name AS clusterName, clusterId,
       workspaceId::VARCHAR AS workspaceId
FROM clusters
WHERE actionName = 'create' AND isInteractive AND autoterminationMinutes = 0
ORDER BY "time" NULLS FIRST, clusterId NULLS FIRST, email NULLS FIRST, clusterName NULLS FIRST, workspaceId NULLS FIRST
