select actor, from clusters
-- | 1:15: "from" stands where an expression belongs

select actor
from clusters
where actor = 'a' and
  (jobId = 'b'
-- | 4:15: the end stands where ) belongs

select actor from clusters where exists (select 1 from jobs)
-- | 1:34: there is no EXISTS: write a JOIN, or a LEFT ANTI JOIN

select (select 1) from clusters
-- | 1:9: there is no query inside an expression: write a JOIN

select actor from clusters right join jobs using (actor)
-- | 1:28: there is no RIGHT JOIN: put the sources the other way round

select actor from clusters, jobs
-- | 1:27: there is no join by comma: write JOIN ... ON

select actor, count(*) over (order by date_time rows between 1 preceding and current row) as n from clusters
-- | 1:49: there is no ROWS frame: write RANGE BETWEEN INTERVAL ... PRECEDING AND CURRENT ROW

select max(date_time) over (partition by actor) as n from clusters
-- | 1:8: there is no max OVER: there are row_number, rank, dense_rank, lag, lead, count and sum

select array_agg(actor) as n from clusters
-- | 1:8: there is no aggregate array_agg

select 1
-- | 1:9: there is no SELECT without FROM

insert into clusters values (1)
-- | 1:1: INSERT is not allowed: only SELECT is answered

select last_day(date) from clusters
-- | 1:8: there is no function last_day: write add_months(trunc(x, 'month'), 1) - 1

show tables
-- | 1:1: SHOW is not allowed: only SELECT is answered

select actor from clusters; drop table clusters
-- | 1:29: DROP is not allowed: only SELECT is answered

select requestParams.* from clusters
-- | 1:8: requestParams.*: there is no table of that name in FROM; the fields of a struct or map are named one by one, such as requestParams.name

select actor from clusters where actor = $usr
-- | 1:42: there is no parameter $usr; did you mean user or users?

select actor from clusters where actor = $users
-- | 1:42: $users is a list: it belongs in IN ($users) or behind the other arguments of a function

select actor from clusters where date_time > $__from()
-- | 1:46: there is no macro $__from() in a named query: there are $__timeFrom() and $__timeTo(), and scans are within the time range by themselves

select actor from clusters where date > '2024-13-01'
-- | 1:39: '2024-13-01' is no date: write it like 2024-03-05

select actor from clusters where isInteractive = 1
-- | 1:48: isInteractive is boolean and 1 is long: cast one of them

select actor from clusters where autoterminationMinutes = 'many'
-- | 1:57: 'many' is no number, which autoterminationMinutes is

select lowr(actor) as a from clusters
-- | 1:8: function lowr is not known; did you mean lower or floor or hour?

select in_network(sourceIPAddress, actor) as a from clusters
-- | 1:8: actor in in_network(sourceIPAddress, actor): only the first argument of in_network may be other than a constant

select actor, count(*) as n from clusters group by jobId
-- | 1:8: actor is neither in GROUP BY nor in an aggregate

with c as (select actor as user from clusters) select usr from c
-- | 1:55: no column usr; did you mean user?

with c as (select requestParams from clusters) select requestParams.x from c
-- | 1:55: requestParams is a column of a query and has no fields: select requestParams.x there

select actor from clusters c join jobs j on c.clusterId = j.clusterId
-- | 1:8: actor is a column of c and of j: put the name of one in front

select c.actor from clusters c join jobs j on c.date_time < j.date_time
-- | 1:37: a join needs an equality between its sides, such as ON a.x = b.x, or in_network(a.address, b.network)

select c.actor from clusters c left join jobs j on c.clusterId = j.clusterId and c.actionName = 'create'
-- | 1:95: the condition of a left join is equalities between its sides, and conditions on the right one: filter in a query around this one

select actor as a, email as a from clusters
-- | 1:20: two columns are called a: give one another name

select actor from clusters order by 2
-- | 1:37: there is no column 2: the select list has 1

select actor from clusters where count(*) > 1
-- | 1:43: WHERE is before groups and windows: write HAVING, or filter in a query around this one

select actor from clusters having actor = 'a'
-- | 1:41: HAVING is for groups: write WHERE

select sum(count(*)) as n from clusters
-- | 1:12: an aggregate is not inside of another: aggregate in a query around this one

select percentile(autoterminationMinutes, 2) as p from clusters
-- | 1:8: percentile 2 is not between 0 and 1

select sum(actor = 'x') as s from clusters
-- | 1:8: actor = 'x' is boolean, not a number, in sum

select date_trunc('fortnight', date_time) as d from clusters
-- | 1:8: bucket "fortnight" is not second, minute, hour, day, week, month, quarter, year or a duration such as 15m

select actor from clusters where actor rlike '('
-- | 1:40: regular expression of actor matches '(': error parsing regexp: missing closing ): `(`

select actor from clusters where actor like jobId
-- | 1:45: the pattern of LIKE is a text or a parameter, nothing that rows have

select split(actor, '@') as s from clusters
-- | 1:8: there are no lists: take a part at once, such as split(x, '-')[1]

select actor['x'][1] as s from clusters
-- | 1:18: [...] is a part of split(x, '-')[1], or a field of a path such as requestParams['a-b']

select 'ö', €x from clusters
-- | 1:13: "€" is not known here

select 1x from clusters
-- | 1:8: 1x is no number and no name: a name that begins with a digit is written in backticks

select 'open from clusters
-- | 1:8: the ' has no end

select actor, 1 as n from clusters union all select actor from jobs
-- | 1:1: query 2 of UNION has 1 columns and the first has 2

select actor as a from clusters union all select date from jobs
-- | 1:1: column a of UNION is string, and date in query 2

select nothing.actor from clusters c
-- | 1:8: no column nothing.actor

select actor from clusters limit -1
-- | 1:34: LIMIT takes a whole number or a parameter that is one

select lag(actor, 2) over (order by date_time) as l from clusters
-- | project `window 1` as l
-- |   window lag(actor, 2) as `window 1` by date_time
-- |     project actor, date_time
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select row_number() as r from clusters
-- | 1:8: row_number needs a window: row_number(...) OVER (PARTITION BY ... ORDER BY ...)

select actor, count(*) as n from clusters group by actor having row_number() over (order by actor) = 1
-- | 1:100: HAVING is before windows: filter in a query around this one
