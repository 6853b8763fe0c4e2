SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' GROUP BY 1 ORDER BY 1
-- | sort date
-- |   aggregate count() as num_clusters by date
-- |     filter actionName = 'create'
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, date date

SELECT requestParams.cluster_creator, actionName, count(*) FROM clusters WHERE date = '2019-12-28' GROUP BY 1, 2 ORDER BY 3 DESC
-- | sort count desc
-- |   aggregate count() as count by requestParams.cluster_creator as cluster_creator, actionName
-- |     filter date = date '2019-12-28'
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, date date, requestParams.cluster_creator string

SELECT split(requestParams.cluster_name, "-")[1] AS jobId, count(*) FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' GROUP BY 1 ORDER BY 2 DESC
-- | sort count desc
-- |   aggregate count() as count by split_part(requestParams.cluster_name, '-', 2) as jobId
-- |     filter actionName = 'create' and date = date '2019-12-28'
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, date date, requestParams.cluster_name string

SELECT requestParams.user_id FROM clusters WHERE actionName = 'create' AND date = '2019-12-28' AND split(requestParams.cluster_name, "-")[1] = '31303' LIMIT 1
-- | limit 1
-- |   project requestParams.user_id as user_id
-- |     filter actionName = 'create' and date = date '2019-12-28' and split_part(requestParams.cluster_name, '-', 2) = '31303'
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, date date, requestParams.cluster_name string, requestParams.user_id string

SELECT date, count(*) AS num_clusters FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS null GROUP BY 1 ORDER BY 1
-- | sort date
-- |   aggregate count() as num_clusters by date
-- |     filter actionName = 'create' and cast(requestParams.autotermination_minutes as double) = 0.0 and requestParams.cluster_creator is null
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, date date, requestParams.autotermination_minutes string, requestParams.cluster_creator string

SELECT email, requestParams.cluster_name FROM clusters WHERE actionName = 'create' AND requestParams.autotermination_minutes = 0 AND requestParams.cluster_creator IS NULL
-- | project email, requestParams.cluster_name as cluster_name
-- |   filter actionName = 'create' and cast(requestParams.autotermination_minutes as double) = 0.0 and requestParams.cluster_creator is null
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, email string, requestParams.autotermination_minutes string, requestParams.cluster_creator string, requestParams.cluster_name string
