select actor from clusters where not (a_flag or jobId is not null) and 1 = 1
-- | project actor
-- |   filter not (a_flag or jobId is not null)
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns a_flag, actor string, jobId string

select actor from clusters where ($none = '' or actor = $none) and ($user = '' or actor = $user)
-- | project actor
-- |   filter actor = 'ann@x'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select ACTOR, RequestParams.Cluster_Name, `response`.statuscode as s from Clusters
-- | project actor as ACTOR, requestParams.Cluster_Name as Cluster_Name, response.statusCode as s
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, requestParams.Cluster_Name string, response.statusCode long

select requestParams['script-SHA256'] as sha, requestParams.`a b` as ab from globalinitscripts
-- | project requestParams.`script-SHA256` as sha, requestParams.`a b` as ab
-- |   scan globalinitscripts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns requestParams.`a b` string, requestParams.`script-SHA256` string

select actor from clusters where coalesce(actor, '') not in ($users) and jobId in ($empty) and clusterId in ('a', $user)
-- | project actor
-- |   filter (not coalesce(actor, '') in ('System-User', 'unknown')) and jobId in () and clusterId in ('a', 'ann@x')
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, clusterId string, jobId string

select actor from clusters where response.statusCode in (401, 403.0) and requestParams.n in (1, 2) and requestParams.n between 1 and 2.5
-- | project actor
-- |   filter cast(response.statusCode as double) in (401.0, 403.0) and cast(requestParams.n as double) in (1.0, 2.0) and (cast(requestParams.n as double) between 1.0 and 2.5)
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, requestParams.n string, response.statusCode long

select actor from clusters where requestParams.id = 9007199254740993 and '5' = autoterminationMinutes and autoterminationMinutes > 1.5
-- | project actor
-- |   filter cast(requestParams.id as long) = 9007199254740993 and autoterminationMinutes = 5 and cast(autoterminationMinutes as double) > 1.5
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, autoterminationMinutes long, requestParams.id string

select actor from clusters where date_time >= '2024-01-01' and date >= date '2024-01-01' and date_time < timestamp '2024-01-01 10:00:00' and date < '2024-01-01 10:00:00'
-- | project actor
-- |   filter date_time >= timestamp '2024-01-01T00:00:00Z' and date >= date '2024-01-01' and date_time < timestamp '2024-01-01T10:00:00Z' and date <= date '2024-01-01'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date, date_time timestamp

select actor from clusters where date_time > $__timeTo() - interval 90 minutes and date_time > $__timeFrom() - interval '2 days' - interval '12' hours + interval $limit seconds
-- | project actor
-- |   filter date_time > timestamp '2024-03-05T22:30:00Z' and date_time > timestamp '2024-03-02T12:00:10Z'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select date_time + interval 1 hour as later, $__timeTo() - date_time as age, ($__timeTo() - date_time) / 3600 as hours from clusters
-- | project date_time + 3600 as later, timestamp '2024-03-06T00:00:00Z' - date_time as age, (timestamp '2024-03-06T00:00:00Z' - date_time) / 3600 as hours
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date_time timestamp

select actor || ':' || workspaceId as who, -autoterminationMinutes as m, 2 * 3 + 1 as seven, 1 / 4 as quarter, -2.5 as f from clusters
-- | project concat(concat(actor, ':'), cast(workspaceId as string)) as who, 0 - autoterminationMinutes as m, 7 as seven, 0.25 as quarter, -2.5 as f
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, autoterminationMinutes long, workspaceId long

select case actor when 'a' then 1 when 'b' then 2.5 end as x, if(isInteractive, 'y', 'n') as y, nullif(actor, '') as z, ifnull(jobId, '-') as j from clusters
-- | project case when actor = 'a' then 1.0 when actor = 'b' then 2.5 end as x, case when isInteractive then 'y' else 'n' end as y, case when actor is distinct from '' then actor end as z, coalesce(jobId, '-') as j
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, isInteractive boolean, jobId string

select actor from clusters where actor like 'a\_%' and actor not like '%b' and actor rlike '(?i)^x' and not actor is distinct from 'y' and isInteractive is true and email is not distinct from null
-- | project actor
-- |   filter actor like 'a\_%' and (not actor like '%b') and actor matches '(?i)^x' and actor is not distinct from 'y' and isInteractive is not distinct from true and email is not distinct from null
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, email string, isInteractive boolean

select cast(requestParams.n as long) as a, requestParams.n::double as b, try_cast(date as timestamp) as c, '2024-01-01'::date as d from clusters
-- | project cast(requestParams.n as long) as a, cast(requestParams.n as double) as b, cast(date as timestamp) as c, date '2024-01-01' as d
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date, requestParams.n string

select date_trunc('hour', date_time) as h, date_trunc('DAY', date_time, 'Europe/Berlin') as d, date_trunc('week', date) as w, to_date(date_time) as u from clusters
-- | project bucket(date_time, 'hour', 'UTC') as h, bucket(date_time, 'day', 'Europe/Berlin') as d, bucket(cast(date as timestamp), 'week', 'UTC') as w, cast(date_time as date) as u
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date, date_time timestamp

select lower(actor) as a, LENGTH(actor) as b, substr(actor, 2, 3) as c, contains(actor, '@') as d, floor(autoterminationMinutes) as e, concat(actor, autoterminationMinutes) as f from clusters
-- | project lower(actor) as a, length(actor) as b, substring(actor, 2, 3) as c, contains(actor, '@') as d, floor(cast(autoterminationMinutes as double)) as e, concat(actor, cast(autoterminationMinutes as string)) as f
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, autoterminationMinutes long

select in_network(sourceIPAddress, $nets) as a, in_network(sourceIPAddress, '10.0.0.0/8', '::1') as b, network(sourceIPAddress, 24, 48) as c, get_json_object(requestParams.custom_tags, '$.team') as d, get_json_object(requestParams.custom_tags, '$.' || $user) as e from clusters
-- | project in_network(sourceIPAddress, '10.0.0.0/8', 'fc00::/7') as a, in_network(sourceIPAddress, '10.0.0.0/8', '::1') as b, network(sourceIPAddress, 24, 48) as c, get_json_object(requestParams.custom_tags, '$.team') as d, get_json_object(requestParams.custom_tags, '$.ann@x') as e
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns requestParams.custom_tags string, sourceIPAddress string

select timestamp_millis(requestParams.tokenExpirationTime::long) as t, unix_millis(date_time) as u, regexp_extract(actor, '@(.*)', 1) as v, greatest(autoterminationMinutes, 1.5) as g from accounts
-- | project timestamp_millis(cast(requestParams.tokenExpirationTime as long)) as t, unix_millis(date_time) as u, regexp_extract(actor, '@(.*)', 1) as v, greatest(autoterminationMinutes, 1.5) as g
-- |   scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, autoterminationMinutes, date_time timestamp, requestParams.tokenExpirationTime string

select actor from clusters where (size($empty) = 0 or jobId in ($empty)) and (size($users) = 0 or actor in ($users)) and 'x' not in ($users)
-- | project actor
-- |   filter actor in ('System-User', 'unknown')
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
