select event_time, user_identity.email, request_params.cluster_id, response.status_code from system.access.audit where event_date >= current_date() - interval 7 days and service_name = 'clusters'
-- | project date_time as event_time, email, requestParams.cluster_id as cluster_id, response.statusCode as status_code
-- |   filter date >= date '2024-02-28' and serviceName = 'clusters'
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date, date_time timestamp, email string, requestParams.cluster_id string, response.statusCode long, serviceName string

select * from audit limit 1
-- | limit 1
-- |   project accountId as account_id, cast(workspaceId as string) as workspace_id, version, date_time as event_time, date as event_date, sourceIPAddress as source_ip_address, userAgent as user_agent, sessionId as session_id, email as `user_identity.email`, subjectName as `user_identity.subject_name`, serviceName as service_name, actionName as action_name, requestId as request_id, requestParams as request_params, response.statusCode as `response.status_code`, response.errorMessage as `response.error_message`, response.result as `response.result`, auditLevel as audit_level, eventKey as event_id, coalesce(get_json_object(identityMetadata, '$.runBy'), get_json_object(identityMetadata, '$.run_by')) as `identity_metadata.run_by`, coalesce(get_json_object(identityMetadata, '$.runAs'), get_json_object(identityMetadata, '$.run_as')) as `identity_metadata.run_as`, coalesce(get_json_object(identityMetadata, '$.actingResource'), get_json_object(identityMetadata, '$.acting_resource')) as `identity_metadata.acting_resource`
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns accountId string, actionName string, auditLevel string, date date, date_time timestamp, email string, eventKey string, identityMetadata string, requestId string, requestParams, response.errorMessage string, response.result string, response.statusCode long, serviceName string, sessionId string, sourceIPAddress string, subjectName string, userAgent string, version string, workspaceId long

select a.user_identity, response as r from `System`.access.AUDIT as a order by a.event_time desc
-- | project `user_identity.email`, `user_identity.subject_name`, `r.status_code`, `r.error_message`, `r.result`
-- |   sort `order 1` desc
-- |     project email as `user_identity.email`, subjectName as `user_identity.subject_name`, response.statusCode as `r.status_code`, response.errorMessage as `r.error_message`, response.result as `r.result`, date_time as `order 1`
-- |       scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date_time timestamp, email string, response.errorMessage string, response.result string, response.statusCode long, subjectName string

select workspace_id, count(*) as n from audit where workspace_id = '123' and workspace_id != 7 and workspace_id in ('1', '2') group by workspace_id
-- | aggregate count() as n by cast(workspaceId as string) as workspace_id
-- |   filter workspaceId = 123 and workspaceId != 7 and workspaceId in (1, 2)
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns workspaceId long

select workspace_id from audit where workspace_id = '0123' or workspace_id < '5' or workspace_id in ('x', '1')
-- | project cast(workspaceId as string) as workspace_id
-- |   filter cast(workspaceId as string) = '0123' or cast(workspaceId as string) < '5' or cast(workspaceId as string) in ('x', '1')
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns workspaceId long

select a.user_identity.email, c.jobId from audit a join clusters c on a.request_params['cluster_id'] = c.clusterId where a.action_name = 'create' and identity_metadata.run_as is not null
-- | project `a.email` as email, `c.jobId` as jobId
-- |   join inner on `a.requestParams.cluster_id` = `c.clusterId`
-- |     project requestParams.cluster_id as `a.requestParams.cluster_id`, email as `a.email`
-- |       filter actionName = 'create' and coalesce(get_json_object(identityMetadata, '$.runAs'), get_json_object(identityMetadata, '$.run_as')) is not null
-- |         scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, email string, identityMetadata string, requestParams.cluster_id string
-- |     project clusterId as `c.clusterId`, jobId as `c.jobId`
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns clusterId string, jobId string

select user_identity.email, row_number() over (partition by user_identity.email order by event_time desc) as r from audit qualify r = 1
-- | project email, `window 1` as r
-- |   filter `window 1` = 1
-- |     window row_number() as `window 1` over email by date_time desc
-- |       project email, date_time
-- |         scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date_time timestamp, email string

with logins as (select user_identity.email as email, source_ip_address as ip from system.access.audit where action_name like '%ogin') select email, count(distinct ip) as ips from logins group by all having ips > 1
-- | project email, ips
-- |   filter ips > 1
-- |     aggregate distinct(ip) as ips by email
-- |       project email, sourceIPAddress as ip
-- |         filter actionName like '%ogin'
-- |           scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, email string, sourceIPAddress string

select user_identity from audit where user_identity = 'x'
-- | 1:39: user_identity is a struct: name a field of it, such as user_identity.email

select email from audit
-- | 1:8: no column email; did you mean user_identity.email?

select request_param.x from audit
-- | 1:8: no column request_param.x; did you mean request_params?

select usage_date from system.billing.usage
-- | 1:24: there is no table system.billing.usage: the lake has what audit logs tell, which is system.access.audit

select table_name from information_schema.tables
-- | 1:24: there is no table information_schema.tables: the lake has what audit logs tell, which is system.access.audit

select * from lookups.audit
-- | 1:8: there is no * of a look-up, whose columns are known when it is read: name those you want
