select j.jobId, c.requestParams.node_type_id as node, count(*) as n from jobs j join clusters c on j.clusterId = c.clusterId and c.actionName = 'create' where j.actionName = 'runFailed' and c.outcome = 'succeeded' group by 1, 2
-- | aggregate count() as n by `j.jobId` as jobId, `c.requestParams.node_type_id` as node
-- |   join inner on `j.clusterId` = `c.clusterId`
-- |     project clusterId as `j.clusterId`, jobId as `j.jobId`
-- |       filter actionName = 'runFailed'
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, clusterId string, jobId string
-- |     project clusterId as `c.clusterId`, requestParams.node_type_id as `c.requestParams.node_type_id`
-- |       filter outcome = 'succeeded' and actionName = 'create'
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, clusterId string, outcome string, requestParams.node_type_id string

select j.jobId, c.node from jobs j left join (select clusterId, max_by(requestParams.node_type_id, date_time) as node from clusters group by clusterId) c on c.clusterId = j.clusterId where c.node is null and j.actionName = 'runFailed' order by c.node, jobId
-- | sort node, jobId
-- |   project `j.jobId` as jobId, `c.node` as node
-- |     filter `c.node` is null
-- |       join left on `j.clusterId` = `c.clusterId`
-- |         project clusterId as `j.clusterId`, jobId as `j.jobId`
-- |           filter actionName = 'runFailed'
-- |             scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, clusterId string, jobId string
-- |         project clusterId as `c.clusterId`, node as `c.node`
-- |           aggregate arg_max(requestParams.node_type_id, date_time) as node by clusterId
-- |             scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns clusterId string, date_time timestamp, requestParams.node_type_id string

with before as (select distinct actor from accounts where date_time < $__timeFrom()) select a.actor, count(*) as n from accounts a left anti join before on a.actor = before.actor where a.date_time >= $__timeFrom() group by a.actor
-- | aggregate count() as n by `a.actor` as actor
-- |   join anti on `a.actor` = `before.actor`
-- |     project actor as `a.actor`
-- |       filter date_time >= timestamp '2024-03-05T00:00:00Z'
-- |         scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp
-- |     project actor as `before.actor`
-- |       aggregate by actor
-- |         project actor
-- |           filter date_time < timestamp '2024-03-05T00:00:00Z'
-- |             scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

with a as (select actor, jobId from jobs), b as (select actor, clusterId as c from clusters) select actor, jobId, c from a join b using (actor)
-- | project `a.actor` as actor, `a.jobId` as jobId, `b.c` as c
-- |   join inner on `a.actor` = `b.actor`
-- |     project actor as `a.actor`, jobId as `a.jobId`
-- |       scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, jobId string
-- |     project actor as `b.actor`, clusterId as `b.c`
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, clusterId string

with a as (select actor, jobId from jobs), b as (select actor, clusterId as c from clusters) select * from a left join (select c from b) x on a.jobId = x.c
-- | project `a.actor` as actor, `a.jobId` as jobId, `x.c` as c
-- |   join left on `a.jobId` = `x.c`
-- |     project jobId as `a.jobId`, actor as `a.actor`
-- |       scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, jobId string
-- |     project clusterId as `x.c`
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns clusterId string

select a.actor, lag(b.jobId) over (partition by a.actor order by a.date_time) as l from accounts a join jobs b on lower(a.actor) = b.actor and a.workspaceId = b.requestParams.workspace and a.date_time < b.date_time
-- | project `a.actor` as actor, `window 1` as l
-- |   window lag(`b.jobId`) as `window 1` over `a.actor` by `a.date_time`
-- |     filter `a.date_time` < `b.date_time`
-- |       join inner on `left key 1.0` = `b.actor`, `left key 1.1` = `right key 1.1`
-- |         project `a.actor`, `a.workspaceId`, `a.date_time`, lower(`a.actor`) as `left key 1.0`, cast(`a.workspaceId` as double) as `left key 1.1`
-- |           project actor as `a.actor`, workspaceId as `a.workspaceId`, date_time as `a.date_time`
-- |             scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp, workspaceId long
-- |         project `b.actor`, `b.requestParams.workspace`, `b.jobId`, `b.date_time`, cast(`b.requestParams.workspace` as double) as `right key 1.1`
-- |           project actor as `b.actor`, requestParams.workspace as `b.requestParams.workspace`, jobId as `b.jobId`, date_time as `b.date_time`
-- |             scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp, jobId string, requestParams.workspace string

select a.jobId, b.jobId as other, c.n from jobs a join jobs b on a.runId = b.runId left join (select jobId, count(*) as n from clusters group by jobId) c on b.jobId = c.jobId
-- | project `a.jobId` as jobId, `b.jobId` as other, `c.n` as n
-- |   join left on `b.jobId` = `c.jobId`
-- |     join inner on `a.runId` = `b.runId`
-- |       project runId as `a.runId`, jobId as `a.jobId`
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns jobId string, runId string
-- |       project runId as `b.runId`, jobId as `b.jobId`
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns jobId string, runId string
-- |     project jobId as `c.jobId`, n as `c.n`
-- |       aggregate count() as n by jobId
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns jobId string

select a.actor, b.jobId, c.clusterId from accounts a left join jobs b on a.actor = b.actor join clusters c on a.actor = c.actor and b.jobId = '1' and a.actionName = 'login'
-- | project `a.actor` as actor, `b.jobId` as jobId, `c.clusterId` as clusterId
-- |   filter `b.jobId` = '1'
-- |     join inner on `a.actor` = `c.actor`
-- |       join left on `a.actor` = `b.actor`
-- |         project actor as `a.actor`
-- |           filter actionName = 'login'
-- |             scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, actor string
-- |         project actor as `b.actor`, jobId as `b.jobId`
-- |           scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, jobId string
-- |       project actor as `c.actor`, clusterId as `c.clusterId`
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, clusterId string

with clusters as (select actor from jobs) select c.actor from clusters c join gold.clusters g on c.actor = g.actor
-- | project `c.actor` as actor
-- |   join inner on `c.actor` = `g.actor`
-- |     project actor as `c.actor`
-- |       scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |     project actor as `g.actor`
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
