-- The gap between an event and the one before of the same user
SELECT max(gap) AS longest, count(*) AS events
FROM (
  SELECT unix_micros(date_time) - unix_micros(lag(date_time, 1, date_time) OVER (PARTITION BY actor ORDER BY date_time, eventKey)) AS gap
  FROM silver
  WHERE date_time >= $from AND date_time < $to
) gaps
-- DuckDB
SELECT max(gap) AS longest, count(*) AS events
FROM (
  SELECT epoch_us(date_time) - epoch_us(lag(date_time, 1, date_time) OVER (PARTITION BY actor ORDER BY date_time, eventKey)) AS gap
  FROM silver
  WHERE date_time >= $from AND date_time < $to AND date BETWEEN $from_date AND $to_date
) gaps
