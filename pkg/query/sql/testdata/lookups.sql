select w.name, count(*) as n from clusters c left join lookups.workspaces w using (workspaceId) where c.actionName = 'create' group by 1
-- | aggregate count() as n by `w.name` as name
-- |   join left on `c.workspaceId` = `w.workspaceId`
-- |     project workspaceId as `c.workspaceId`
-- |       filter actionName = 'create'
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, workspaceId long
-- |     project workspaceId as `w.workspaceId`, name as `w.name`
-- |       scan `lookups.workspaces` columns name, workspaceId

select c.actor, n.office from silver c left join audit.Lookups.`office-networks` as n on in_network(c.sourceIPAddress, n.cidr) where n.cidr is null
-- | project `c.actor` as actor, `n.office` as office
-- |   filter `n.cidr` is null
-- |     join left on in_network(`c.sourceIPAddress`, `n.cidr`)
-- |       project sourceIPAddress as `c.sourceIPAddress`, actor as `c.actor`
-- |         scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, sourceIPAddress string
-- |       project cidr as `n.cidr`, office as `n.office`
-- |         scan `lookups.office-networks` columns cidr, office

select silver.actor from silver left anti join lookups.networks on in_network(lower(sourceIPAddress), networks.cidr) and silver.workspaceId = networks.workspaceId and networks.kind = 'office'
-- | project `silver.actor` as actor
-- |   join anti on `silver.workspaceId` = `networks.workspaceId`, in_network(`left key 1.0`, `networks.cidr`)
-- |     project `silver.sourceIPAddress`, `silver.workspaceId`, `silver.actor`, lower(`silver.sourceIPAddress`) as `left key 1.0`
-- |       project sourceIPAddress as `silver.sourceIPAddress`, workspaceId as `silver.workspaceId`, actor as `silver.actor`
-- |         scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, sourceIPAddress string, workspaceId long
-- |     project cidr as `networks.cidr`, workspaceId as `networks.workspaceId`
-- |       filter kind = 'office'
-- |         scan `lookups.networks` columns cidr, kind, workspaceId

select a.actor from silver a join lookups.networks n on in_network(n.cidr, a.sourceIPAddress)
-- | 1:35: a join needs an equality between its sides, such as ON a.x = b.x, or in_network(a.address, b.network)

select a.actor from silver a join lookups.networks n on in_network(a.sourceIPAddress, n.cidr) and in_network(a.sourceIPAddress, n.other)
-- | 1:99: a join has one in_network between its sides: join one after the other

with workspaces as (select actor from silver) select w.name from lookups.workspaces w join workspaces on w.owner = workspaces.actor
-- | project `w.name` as name
-- |   join inner on `w.owner` = `workspaces.actor`
-- |     project owner as `w.owner`, name as `w.name`
-- |       scan `lookups.workspaces` columns name, owner
-- |     project actor as `workspaces.actor`
-- |       scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select requestParams from lookups.workspaces
-- | project requestParams
-- |   scan `lookups.workspaces` columns requestParams

select a.actor, n.name from accounts a join lookups.networks n on in_network(a.sourceIPAddress, n.cidr) and n.kind = 'office' where n.name = 'vpn'
-- | project `a.actor` as actor, `n.name` as name
-- |   filter `n.name` = 'vpn'
-- |     join inner on in_network(`a.sourceIPAddress`, `n.cidr`)
-- |       project sourceIPAddress as `a.sourceIPAddress`, actor as `a.actor`
-- |         scan accounts from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, sourceIPAddress string
-- |       project cidr as `n.cidr`, name as `n.name`
-- |         filter kind = 'office'
-- |           scan `lookups.networks` columns cidr, kind, name

with c as (select actor, count(*) as n from clusters group by actor) select team, count(*) as k from c left join lookups.people p on c.actor = p.email group by team having k > 1
-- | project team, k
-- |   filter k > 1
-- |     aggregate count() as k by `p.team` as team
-- |       join left on `c.actor` = `p.email`
-- |         project actor as `c.actor`
-- |           aggregate count() as n by actor
-- |             scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |         project email as `p.email`, team as `p.team`
-- |           scan `lookups.people` columns email, team

select email, team, row_number() over (order by team) as k from lookups.people order by k
-- | sort k
-- |   project email, team, `window 1` as k
-- |     window row_number() as `window 1` by team
-- |       project email, team
-- |         scan `lookups.people` columns email, team
