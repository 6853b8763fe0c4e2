-- The six statements of the article "Monitor Your Databricks Workspace with
-- Audit Logs", with the GROUP BY and ORDER BY lines that its print lost.
SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' GROUP BY 1 ORDER BY 1;
SELECT requestParams.cluster_creator, actionName, count(*) FROM clusters WHERE date = '2019-12-28' GROUP BY 1, 2 ORDER BY 3 DESC;
SELECT split(requestParams.cluster_name, "-")[1] AS jobId, count(*) FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' GROUP BY 1 ORDER BY 2 DESC;
SELECT requestParams.user_id FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' AND split(requestParams.cluster_name, "-")[1] = '31303' LIMIT 1;
SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS null GROUP BY 1 ORDER BY 1;
SELECT email, requestParams.cluster_name FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS NULL;
