-- Events per hour in a window of 7 days
SELECT date_trunc('hour', date_time) AS hour, count(*) AS events
FROM silver
WHERE date_time >= $from AND date_time < $to
GROUP BY 1
ORDER BY 1
-- DuckDB
SELECT make_timestamp(epoch_us(date_time) // 3600000000 * 3600000000) AS hour, count(*) AS events
FROM silver
WHERE date_time >= $from AND date_time < $to AND date BETWEEN $from_date AND $to_date
GROUP BY hour
ORDER BY hour
