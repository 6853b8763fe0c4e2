select count_if(outcome = 'failed') as a, approx_count_distinct(actor, 0.05) as b, median(eventIndex) as c, percentile_approx(eventIndex, 0.9, 100) as d, any_value(actor) as e, bool_or(actor = 'x') as f, every(actor = 'x') as g, count(distinct actor, date) as h, first(actor, true) as i, count_if(actor = 'x') filter (where outcome = 'y') as j from silver
-- | project a, b, c, d, e, f, g, h, e as i, j
-- |   aggregate count() where (outcome = 'failed') as a, distinct(actor) as b, percentile(eventIndex, 0.5) as c, percentile(eventIndex, 0.9) as d, min(actor) as e, max(actor = 'x') as f, min(actor = 'x') as g, distinct(concat(cast(length(actor) as string), ' ', actor, cast(date as string))) as h, count() where (actor = 'x' and outcome = 'y') as j
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date, eventIndex long, outcome string

select year(date) as a, dayofweek(date_time) as b, date_trunc('DD', date) as c, trunc(date, 'MM') as d, to_date('01.02.2024', 'dd.MM.yyyy') as e, to_timestamp(requestParams.t) as f, unix_timestamp() as g, date_add(now(), 7) as h, datediff(current_date, date) as i, dateadd(DAY, -1, date) as j, dateadd(hour, 2, date_time) as k, timestampdiff(MINUTE, date_time, now()) as l, extract(hour from date_time) as m, dayname(date) as n, timestamp_seconds(5) as o, date_format(date, 'yyyy-MM') as p, from_unixtime(timestamp / 1000) as q, date_part('month', date) as r from silver
-- | project year(cast(date as timestamp)) as a, dayofweek(date_time) as b, bucket(cast(date as timestamp), 'day', 'UTC') as c, cast(bucket(cast(date as timestamp), 'month', 'UTC') as date) as d, date '2024-02-01' as e, to_timestamp(requestParams.t) as f, 1709683200 as g, date '2024-03-13' as h, datediff(date '2024-03-06', date) as i, date_add(date, -1) as j, date_time + 7200 as k, cast((timestamp '2024-03-06T00:00:00Z' - date_time) / 60 as long) as l, hour(date_time) as m, date_format(cast(date as timestamp), 'EEE') as n, timestamp '1970-01-01T00:00:05Z' as o, date_format(cast(date as timestamp), 'yyyy-MM') as p, from_unixtime(cast(timestamp / 1000 as long)) as q, month(cast(date as timestamp)) as r
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date, date_time timestamp, requestParams.t string, timestamp long

select date - interval 7 days as a, date - 7 as b, date + 1 as c, date_time - interval 1 month as d, current_date() - interval '1' year as e, date - interval 1 quarter as f, interval 1 day + date as g, date - interval 1 hour as h, current_timestamp - interval '90' minutes as i, '2024-03-31' - interval 1 month as j, add_months(date, 1) as k from silver
-- | project date_add(date, -7) as a, date_add(date, -7) as b, date_add(date, 1) as c, add_months(date_time, -1) as d, date '2023-03-06' as e, add_months(date, -3) as f, date_add(date, 1) as g, cast(date as timestamp) - 3600 as h, timestamp '2024-03-05T22:30:00Z' as i, timestamp '2024-02-29T00:00:00Z' as j, add_months(date, 1) as k
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns date date, date_time timestamp

select element_at(split(actor, '@'), -1) as a, element_at(requestParams, 'x-y') as b, size(split(actor, ',')) as c, array_contains(split(actor, ','), 'x') as d, array_contains(array('a', 'b'), actor) as e, map_contains_key(requestParams, 'x') as f, split(actor, '\\.')[0] as g, split(actor, '[|]')[0] as h from silver
-- | project split_part(actor, '@', -1) as a, requestParams.`x-y` as b, cast((length(actor) - length(replace(actor, ',', ''))) / 1 as long) + 1 as c, contains(concat(',', actor, ','), ',x,') as d, actor in ('a', 'b') as e, requestParams.x is not null as f, split_part(actor, '.', 1) as g, split_part(actor, '|', 1) as h
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, requestParams.`x-y` string, requestParams.x string

select regexp_extract(actor, '@(\\w+)') as a, regexp_extract(actor, '\w+') as b, regexp_replace(actor, '(\\d)', '<$1>') as c, regexp(actor, 'x') as d, locate('x', actor) as e, position('x' in actor) as f, charindex('x', actor, 2) as g, concat_ws('-', actor, email, 1) as h, left(actor, 2) as i, r'\d' as j, lpad(actor, 3, '0') as k, sha2(actor, 256) as l, actor:a.b[0]['c'] as m, initcap(actor) as n from silver
-- | project regexp_extract(actor, '@(\w+)', 1) as a, regexp_extract(actor, '\w+') as b, regexp_replace(actor, '(\d)', '<$1>') as c, actor matches 'x' as d, strpos(actor, 'x') as e, strpos(actor, 'x') as f, strpos(actor, 'x', 2) as g, substring(concat('', coalesce(concat('-', actor), ''), coalesce(concat('-', email), ''), coalesce('-1', '')), 2) as h, left(actor, 2) as i, '\d' as j, lpad(actor, 3, '0') as k, sha2(actor, 256) as l, get_json_object(actor, '$.a.b[0][''c'']') as m, initcap(actor) as n
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, email string

select actor from silver where actor ilike 'A%' and email like any ('a%', 'b%') and email not like all ('c%', 'd%') and actor <=> email and eventIndex % 2 == 0 and not actor rlike '\\bx' and isnotnull(email)
-- | project actor
-- |   filter lower(actor) like 'a%' and (email like 'a%' or email like 'b%') and (not (email like 'c%' and email like 'd%')) and actor is not distinct from email and mod(eventIndex, 2) = 0 and (not actor matches '\bx') and email is not null
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, email string, eventIndex long

select nvl2(actor, 1, 2) as a, isnull(actor) as b, zeroifnull(eventIndex) as c, round(eventIndex, 2) as d, pow(eventIndex, 2) as e, mod(eventIndex, 3) as f, int(actor) as g, string(eventIndex) as h, try_divide(eventIndex, 0) as i, cast(actor as timestamp) as j, cast(actor as varchar(10)) as k, sqrt(eventIndex) as l, cast('2024-01-01' as date) as m from silver
-- | project case when actor is null then 2 else 1 end as a, actor is null as b, coalesce(eventIndex, 0) as c, round(cast(eventIndex as double), 2) as d, pow(cast(eventIndex as double), 2.0) as e, mod(eventIndex, 3) as f, cast(actor as long) as g, cast(eventIndex as string) as h, eventIndex / 0 as i, to_timestamp(actor) as j, actor as k, sqrt(cast(eventIndex as double)) as l, date '2024-01-01' as m
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, eventIndex long

select actor from clusters left semi join jobs using (actor)
-- | project `clusters.actor` as actor
-- |   join inner on `clusters.actor` = `jobs.actor`
-- |     project actor as `clusters.actor`
-- |       scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |     aggregate by `jobs.actor`
-- |       project actor as `jobs.actor`
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select c.actor from clusters c left semi join jobs j on c.jobId = j.jobId and j.actionName = 'x' where c.date > '2024-01-01'
-- | project `c.actor` as actor
-- |   join inner on `c.jobId` = `j.jobId`
-- |     project jobId as `c.jobId`, actor as `c.actor`
-- |       filter date > date '2024-01-01'
-- |         scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date, jobId string
-- |     aggregate by `j.jobId`
-- |       project jobId as `j.jobId`
-- |         filter actionName = 'x'
-- |           scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, jobId string

select actor, count(*) as n from clusters where actor in (select actor from jobs where actionName = 'run') and jobId in (select jobId from jobs) and date >= '2024-01-01' group by actor
-- | aggregate count() as n by `clusters.actor` as actor
-- |   join inner on `clusters.jobId` = `in 2.jobId`
-- |     join inner on `clusters.actor` = `in 1.actor`
-- |       project actor as `clusters.actor`, jobId as `clusters.jobId`
-- |         filter date >= date '2024-01-01'
-- |           scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date, jobId string
-- |       aggregate by `in 1.actor`
-- |         project actor as `in 1.actor`
-- |           filter actionName = 'run'
-- |             scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actionName string, actor string
-- |     aggregate by `in 2.jobId`
-- |       project jobId as `in 2.jobId`
-- |         scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns jobId string

select actor from clusters union all select actor from jobs union select actor from ssh union all select actor from silver order by 1 limit 5 offset 3
-- | limit 5
-- |   sort actor
-- |     project actor
-- |       filter `row number` > 3
-- |         window row_number() as `row number` by actor
-- |           union
-- |             aggregate by actor
-- |               union
-- |                 project actor
-- |                   scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |                 project actor
-- |                   scan jobs from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |                 project actor
-- |                   scan ssh from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string
-- |             project actor
-- |               scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select actor, date_time from clusters order by date_time desc nulls last, actor limit 10 offset 20
-- | limit 10
-- |   sort date_time is null, date_time desc, actor
-- |     project actor, date_time
-- |       filter `row number` > 20
-- |         window row_number() as `row number` by date_time is null, date_time desc, actor
-- |           project actor, date_time
-- |             scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select actor, lag(date_time, 1) over (partition by actor order by date_time) as l from clusters where date = '2024-03-05' qualify l is null and row_number() over (partition by actor order by date_time) > 1
-- | project actor, `window 1` as l
-- |   filter `window 1` is null and `window 2` > 1
-- |     window row_number() as `window 2` over actor by date_time
-- |       window lag(date_time) as `window 1` over actor by date_time
-- |         project actor, date_time
-- |           filter date = date '2024-03-05'
-- |             scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date, date_time timestamp

select actor, count(*) as n, min(date) as since from clusters group by all order by n desc, since
-- | sort n desc, since
-- |   aggregate count() as n, min(date) as since by actor
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date

select actor, date, count(*) as n from clusters group by all order by n desc limit all
-- | sort n desc
-- |   aggregate count() as n by actor, date
-- |     scan clusters from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date

select percentile(actor, 0.5) as p, sum(distinct eventIndex) as s from silver
-- | aggregate percentile(cast(actor as double), 0.5) as p, sum_distinct(eventIndex) as s
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, eventIndex long

select actor from clusters where actor not in (select actor from jobs)
-- | 1:40: IN (SELECT ...) is a condition of WHERE, alone or with others by AND: write a JOIN, or a LEFT ANTI JOIN for NOT IN

select actor from clusters c where actor in (select actor from jobs j where j.jobId = c.jobId)
-- | 1:87: no column c.jobId; did you mean accountId or actionName or actor?: the query of IN does not see what is around it

select actor from clusters where actor in (select actor from jobs) or actor = 'x'
-- | 1:40: IN (SELECT ...) is a condition of WHERE, alone or with others by AND: write a JOIN, or a LEFT ANTI JOIN for NOT IN

select collect_set(actor) as a from silver
-- | aggregate set(actor) as a
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string

select explode(split(actor, ',')) as a from silver
-- | 1:8: there is no function explode

select window(date_time, '5 minutes') as w from silver
-- | 1:8: window(...) is two times: write window(x, '5 minutes').start or .end

select from_json(actor, 'a int') as a from silver
-- | 1:8: there is no function from_json: write get_json_object(x, '$.name'), or x:name

select stddev(eventIndex) as a from silver
-- | aggregate stddev_samp(cast(eventIndex as double)) as a
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns eventIndex long

select max(date_time) over (partition by actor) as m, rank() over (order by date_time) as r from silver
-- | 1:8: there is no max OVER: there are row_number, rank, dense_rank, lag, lead, count and sum

select rank() as r from silver
-- | 1:8: rank needs a window: rank(...) OVER (PARTITION BY ... ORDER BY ...)

select actor & 1 from silver
-- | 1:14: there is no operator &

select actor from silver where (actor, email) in (('a', 'b'))
-- | 1:38: there are no rows of several values

select * except (actor) from silver
-- | 1:10: there is no * EXCEPT: name the columns

select actor from silver cross join jobs
-- | 1:26: there is no CROSS JOIN

select a from range(10)
-- | 1:15: there is no table function range

select actor from silver where actor = (select max(actor) from jobs)
-- | 1:40: there is no comparison with a query: write a JOIN

select nothing(actor) as n from silver
-- | 1:8: function nothing is not known

select dateadd(fortnight, 1, date) as d from silver
-- | 1:16: "fortnight" is no unit of time

select actor from silver where date_time > interval 1 month
-- | 1:44: an INTERVAL of months is added to a time or taken from one, and nothing else

select array(1, 2) as a from silver
-- | 1:8: there is no function array

select cast(actor as decimal(10, 2)) as a from silver
-- | 1:22: decimal is no type: there are string, long, double, boolean, date and timestamp

select actor from silver except select actor from jobs
-- | 1:26: there is no EXCEPT: write a LEFT ANTI JOIN

select window(date_time, '60 minutes').start as s, window(date_time, '60 minutes').end as e, size(collect_set(actor)) as n, substring_index(sourceIPAddress, '.', 3) as net from silver where window(date_time, '1 hour').end >= now() - interval 24 hours group by all
-- | project s, e, n, net
-- |   aggregate distinct(actor) as n by bucket(date_time, 'hour', 'UTC') as s, bucket(date_time, 'hour', 'UTC') + 3600 as e, substring_index(sourceIPAddress, '.', 3) as net
-- |     filter (bucket(date_time, 'hour', 'UTC') + 3600) >= timestamp '2024-03-05T00:00:00Z'
-- |       scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp, sourceIPAddress string

select window(date_time, '1 fortnight').start as s from silver
-- | 1:26: "1 fortnight" is no interval of window: write one such as '5 minutes' or '1 hour'

select actor from silver where date > now() - interval '1 day' and date >= timestamp '2024-03-01 00:00:00' and date < timestamp '2024-03-09 12:00:00' and timestamp '2024-03-02 01:00:00' <= date and date != timestamp '2024-03-04 01:00:00' and date = timestamp '2024-03-05 00:00:00'
-- | project actor
-- |   filter date > date '2024-03-05' and date >= date '2024-03-01' and date <= date '2024-03-09' and date > date '2024-03-02' and cast(date as timestamp) != timestamp '2024-03-04T01:00:00Z' and date = date '2024-03-05'
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date

select 1 = actor as a, actor as email, c.* from (select email, actor from silver) c
-- | project cast(actor as double) = 1.0 as a, actor as email, email as email_2, actor
-- |   project email, actor
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, email string

select extract(dow from date_time) as a, extract(days from date_time) as b, regexp_like(actor, $user) as c from silver
-- | project dayofweek(date_time) as a, day(date_time) as b, actor matches 'ann@x' as c
-- |   scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date_time timestamp

select name from x.lookups.people
-- | project name
-- |   scan `lookups.people` columns name

select name from mylookups.people
-- | project name
-- |   scan people from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns name

select actor from silver where date between now() - interval 7 days and now() and date(date_time) = '2024-03-05' and to_date(date_time) >= current_date() - 7 and date(date_time) < '2024-03-06' and '2024-03-01' < date(date_time) and date(date_time) <= '2024-03-09' and date(date_time) != '2024-03-04' and date(date_time) between '2024-03-01' and '2024-03-02'
-- | project actor
-- |   filter date >= date '2024-02-28' and date <= date '2024-03-06' and date_time >= timestamp '2024-03-05T00:00:00Z' and date_time < timestamp '2024-03-06T00:00:00Z' and date_time >= timestamp '2024-02-28T00:00:00Z' and date_time < timestamp '2024-03-06T00:00:00Z' and date_time >= timestamp '2024-03-02T00:00:00Z' and date_time < timestamp '2024-03-10T00:00:00Z' and cast(date_time as date) != date '2024-03-04' and date_time >= timestamp '2024-03-01T00:00:00Z' and date_time < timestamp '2024-03-03T00:00:00Z'
-- |     scan silver from 2024-03-05T00:00:00Z to 2024-03-06T00:00:00Z columns actor string, date date, date_time timestamp
