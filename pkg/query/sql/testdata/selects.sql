select distinct actor, workspaceId from clusters order by 2 desc, actor limit $limit
-- | limit 10
-- |   sort workspaceId desc, actor
-- |     aggregate by actor, workspaceId
-- |       project actor, workspaceId
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, workspaceId long

select actor from clusters order by date_time desc limit 1
-- | project actor
-- |   limit 1
-- |     sort `order 1` desc
-- |       project actor, date_time as `order 1`
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select actor, count(*) as n from clusters group by actor having n > 2 and max(date_time) > '2024-01-01' order by count(*) desc, max(date_time)
-- | project actor, n
-- |   sort n desc, `order 1`
-- |     project actor, n, max as `order 1`
-- |       filter n > 2 and max > timestamp '2024-01-01T00:00:00Z'
-- |         aggregate count() as n, max(date_time) as max by actor
-- |           scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select lower(actor) as user, count(*) from clusters group by lower(actor)
-- | aggregate count() as count by lower(actor) as user
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select lower(actor) as actor, count(distinct jobId) as jobs, count(jobId) filter (where isInteractive) as c, sum(requestParams.n) as s, avg(autoterminationMinutes) as a, min_by(jobId, date_time) as first, arg_max(jobId, date_time) as last, percentile(autoterminationMinutes, 0.95) as p from clusters group by 1
-- | aggregate distinct(jobId) as jobs, count(jobId) where (isInteractive) as c, sum(cast(requestParams.n as double)) as s, avg(autoterminationMinutes) as a, arg_min(jobId, date_time) as first, arg_max(jobId, date_time) as last, percentile(autoterminationMinutes, 0.95) as p by lower(actor) as actor
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, autoterminationMinutes long, date_time timestamp, isInteractive boolean, jobId string, requestParams.n string

select count(*) as n, 100 * count(*) filter (where outcome = 'denied') / count(*) as share from silver
-- | project n, (100 * count) / n as share
-- |   aggregate count() as n, count() where (outcome = 'denied') as count
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns outcome string

select date_trunc('hour', date_time) as time, count(*) as n from silver group by time order by time
-- | sort time
-- |   aggregate count() as n by bucket(date_time, 'hour', 'UTC') as time
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date_time timestamp

select actor as jobId, count(*) as n from clusters group by jobId
-- | 1:8: actor is neither in GROUP BY nor in an aggregate

select 'x' as kind, actor from clusters group by 1, 2
-- | project 'x' as kind, actor
-- |   aggregate by 'x' as kind, actor
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

with a as (select actor, date_time from clusters), b as (select actor from a where date_time > '2024-01-01') select * from b where actor = 'x'
-- | project actor
-- |   filter date_time > timestamp '2024-01-01T00:00:00Z' and actor = 'x'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select t.* from (select actor, jobId as j from clusters) t
-- | project actor, jobId as j
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, jobId string

select actor, 0 as n from clusters union all select actor, 1.5 from jobs union all (select actor, null from ssh order by date_time limit 2) order by n, actor limit 5
-- | limit 5
-- |   sort n, actor
-- |     union
-- |       project actor, 0.0 as n
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |       project actor, 1.5 as n
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |       project actor, cast(column as double) as n
-- |         limit 2
-- |           sort `order 1`
-- |             project actor, cast(null as string) as column, date_time as `order 1`
-- |               scan ssh from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select actor, row_number() over (partition by actor order by date_time desc) as r, lag(date_time) over (partition by actor order by date_time) as before, lead(requestParams.a) over (order by date_time) as a, count(*) over (partition by actor order by date_time range between interval 60 minute preceding and current row) as n, sum(autoterminationMinutes) over (partition by actor) as s from clusters where actionName = 'edit' order by date_time
-- | project actor, r, before, a, n, s
-- |   sort `order 1`
-- |     project actor, `window 1` as r, `window 2` as before, `window 3` as a, `window 4` as n, `window 5` as s, date_time as `order 1`
-- |       window sum(autoterminationMinutes) as `window 5` over actor by 0
-- |         window count() within '1h0m0s' as `window 4` over actor by date_time
-- |           window lead(`requestParams.a`) as `window 3` by date_time
-- |             window lag(date_time) as `window 2` over actor by date_time
-- |               window row_number() as `window 1` over actor by date_time desc
-- |                 project actor, date_time, requestParams.a as `requestParams.a`, autoterminationMinutes
-- |                   filter actionName = 'edit'
-- |                     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, actor string, autoterminationMinutes long, date_time timestamp, requestParams.a string

select actor, count(*) filter (where outcome = 'denied') over (partition by actor order by date_time range between interval $limit minutes preceding and current row) as denied from accounts
-- | project actor, `window 1` as denied
-- |   window count(case when outcome = 'denied' then 1 end) within '10m0s' as `window 1` over actor by date_time
-- |     project actor, outcome, date_time
-- |       scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp, outcome string

select day, n, row_number() over (order by n desc) as rank from (select date as day, count(*) as n from clusters group by date)
-- | project day, n, `window 1` as rank
-- |   window row_number() as `window 1` by n desc
-- |     project day, n
-- |       aggregate count() as n by date as day
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date

select date, count(*) as n, row_number() over (order by count(*) desc) as rank from clusters group by date
-- | project date, n, `window 1` as rank
-- |   window row_number() as `window 1` by n desc
-- |     aggregate count() as n by date
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date

select reason, count(*) as n from quarantine where reason is not null group by reason
-- | aggregate count() as n by reason
-- |   filter date >= date '2024-03-05' and date <= date '2024-03-05' and reason is not null
-- |     scan quarantine columns date date, reason string

select startedAt, lostLines from runs order by startedAt desc
-- | sort startedAt desc
-- |   project startedAt, lostLines
-- |     filter startedAt >= timestamp '2024-03-05T00:00:00Z' and startedAt <= timestamp '2024-03-05T23:59:59.999999Z'
-- |       scan runs columns lostLines long, startedAt timestamp

select layer, n from (select 'bronze' as layer, count(*) as n from bronze)
-- | project 'bronze' as layer, n
-- |   aggregate count() as n
-- |     filter date >= date '2024-03-05' and date <= date '2024-03-05'
-- |       scan bronze columns date date

select lower(actor) as actor, count(*) as n from clusters
-- | 1:14: actor is neither in GROUP BY nor in an aggregate

select b + 1 as a, a + 1 as b, count(*) as n from clusters group by 1, 2 having a > b and n > 1
-- | project a, b, n
-- |   filter a > b and n > 1
-- |     aggregate count() as n by b + 1 as a, a + 1 as b
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns a, b

select count(*) as a, a + 1 as b from clusters
-- | 1:23: a is neither in GROUP BY nor in an aggregate

select * from clusters
-- | project version, auditLevel, timestamp, orgId, workspaceId, accountId, shardName, sourceIPAddress, userAgent, sessionId, serviceName, actionName, requestId, email, subjectName, actor, date_time, date, response.statusCode as `response.statusCode`, response.errorMessage as `response.errorMessage`, response.result as `response.result`, outcome, identityMetadata, extra, eventKey, sourceFile, fileId, lineNumber, ingestedAt, eventIndex, eventCount, clusterId, jobId, isInteractive, creator, autoterminationMinutes, requestParams
-- |   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns accountId string, actionName string, actor string, auditLevel string, autoterminationMinutes long, clusterId string, creator string, date date, date_time timestamp, email string, eventCount long, eventIndex long, eventKey string, extra string, fileId long, identityMetadata string, ingestedAt timestamp, isInteractive boolean, jobId string, lineNumber long, orgId string, outcome string, requestId string, requestParams, response.errorMessage string, response.result string, response.statusCode long, serviceName string, sessionId string, shardName string, sourceFile string, sourceIPAddress string, subjectName string, timestamp long, userAgent string, version string, workspaceId long

select actor from clusters where x in (select actor from jobs)
-- | project `clusters.actor` as actor
-- |   join inner on `clusters.x` = `in 1.actor`
-- |     project x as `clusters.x`, actor as `clusters.actor`
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, x
-- |     aggregate by `in 1.actor`
-- |       project actor as `in 1.actor`
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select actor from clusters union select actor from jobs
-- | aggregate by actor
-- |   union
-- |     project actor
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |     project actor
-- |       scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select actor from clusters limit 1 offset 2
-- | limit 1
-- |   project actor
-- |     filter `row number` > 2
-- |       window row_number() as `row number` by 0
-- |         project actor
-- |           scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select actor from clusters order by actor nulls last
-- | sort actor is null, actor
-- |   project actor
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select actor from clusters where actor ilike 'a'
-- | project actor
-- |   filter lower(actor) like 'a'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select actor from clusters where date_time > now()
-- | project actor
-- |   filter date_time > timestamp '2024-03-06T00:00:00Z'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select actor from clusters where date_time > $__timeTo() - interval 1 month
-- | project actor
-- |   filter date_time > timestamp '2024-02-06T00:00:00Z'
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select null as x, actor from clusters group by 1, 2
-- | project cast(null as string) as x, actor
-- |   aggregate by cast(null as string) as x, actor
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select max(x) as a from lookups.a union all select y from lookups.b order by 1
-- | sort a
-- |   union
-- |     aggregate max(x) as a
-- |       scan `lookups.a` columns x
-- |     project y as a
-- |       scan `lookups.b` columns y
