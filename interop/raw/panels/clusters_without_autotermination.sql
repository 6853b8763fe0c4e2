SELECT strftime(ts, '%Y-%m-%dT%H:%M:%S.%gZ') AS "time", actor AS email, cluster_name AS "clusterName",
       cluster_id AS "clusterId", workspace AS "workspaceId"
FROM created
WHERE interactive AND autotermination = 0
ORDER BY ts, cluster_id NULLS FIRST, actor NULLS FIRST;
