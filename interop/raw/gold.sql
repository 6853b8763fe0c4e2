-- Services that differ only in case share a table. Those that need more care
-- than this are not in the generator's logs.
SELECT CASE WHEN coalesce(service, '') = '' THEN '_unknown' ELSE replace(lower(service), '-', '_') END AS name,
       count(*) AS rows
FROM events
GROUP BY name
ORDER BY name;
