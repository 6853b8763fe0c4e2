-- The article's notebook, step by step, in DuckDB: each layer is written to
-- Parquet before the next one reads it.
--
--   node bench/peers/duckdb.mjs bench/peers/etl/notebook.sql in=DELIVERED out=EMPTY_FOLDER
--
-- Rows are those of docs/format.md. Less than Auditlake does: no line numbers and
-- file ids, no quarantine table, no column for members it does not know, no derived
-- columns, MD5 of the line as both of the hashes, and no log that makes a run atomic.
-- Lines that are no JSON keep their row in bronze but not their text.

SET VARIABLE delivered = (
  SELECT list(file ORDER BY file) FROM glob('{in}/**')
  WHERE regexp_full_match(substr(file, length('{in}') + 2),
    '(workspaceId=[0-9]+/)?date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[^/_.][^/]*\.json(\.gz)?'));

SET preserve_insertion_order = false;

-- layer: bronze

COPY (
  SELECT json::VARCHAR AS raw,
         try_cast(nullif(regexp_extract(filename, 'workspaceId=([0-9]+)/', 1), '') AS BIGINT) AS workspaceId,
         regexp_extract(filename, 'date=([0-9-]{10})/', 1)::DATE AS date,
         substr(filename, length('{in}') + 2) AS sourceFile, md5(json) AS lineHash, now() AS ingestedAt
  FROM read_ndjson_objects(getvariable('delivered'), ignore_errors = true, filename = true,
                           hive_partitioning = false, maximum_object_size = 67108864)
) TO '{out}/bronze' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date));

-- layer: silver

COPY (
  WITH parsed AS (
    SELECT from_json(raw, '{
             "version": "VARCHAR", "auditLevel": "VARCHAR", "timestamp": "VARCHAR", "orgId": "VARCHAR",
             "workspaceId": "VARCHAR", "accountId": "VARCHAR", "shardName": "VARCHAR", "sourceIPAddress": "VARCHAR",
             "userAgent": "VARCHAR", "sessionId": "VARCHAR", "serviceName": "VARCHAR", "actionName": "VARCHAR",
             "requestId": "VARCHAR", "userIdentity": {"email": "VARCHAR", "subjectName": "VARCHAR"},
             "requestParams": "MAP(VARCHAR, VARCHAR)",
             "response": {"statusCode": "BIGINT", "errorMessage": "VARCHAR", "result": "VARCHAR"},
             "identityMetadata": "VARCHAR"}') AS event,
           workspaceId, sourceFile, lineHash, ingestedAt
    FROM read_parquet('{out}/bronze/*/*.parquet', hive_partitioning = false)
  ), timed AS (
    SELECT *, CASE WHEN regexp_full_match(event.timestamp, '-?[0-9]+') THEN try_cast(event.timestamp AS BIGINT) END AS millis
    FROM parsed
  )
  SELECT event.version, event.auditLevel, millis AS timestamp, event.orgId,
         coalesce(try_cast(event.workspaceId AS BIGINT), workspaceId) AS workspaceId,
         event.accountId, event.shardName, event.sourceIPAddress, event.userAgent, event.sessionId, event.serviceName,
         event.actionName, event.requestId, event.userIdentity.email AS email, event.userIdentity.subjectName AS subjectName,
         coalesce(nullif(event.userIdentity.email, ''), nullif(event.requestParams['user'], '')) AS actor,
         make_timestamp(millis * 1000)::TIMESTAMPTZ AS date_time, make_timestamp(millis * 1000)::DATE AS date,
         map_from_entries(list_filter(map_entries(event.requestParams), lambda entry: entry.value IS NOT NULL)) AS requestParams,
         event.response AS response,
         CASE WHEN event.response.statusCode BETWEEN 200 AND 399 THEN 'succeeded'
              WHEN event.response.statusCode IN (401, 403) THEN 'denied'
              WHEN event.response.statusCode IS NULL THEN 'unknown' ELSE 'error' END AS outcome,
         event.identityMetadata, lineHash AS eventKey, sourceFile, ingestedAt
  FROM timed
  WHERE millis BETWEEN epoch_ms(TIMESTAMP '2013-01-01') AND epoch_ms(now() + INTERVAL 2 DAYS)
) TO '{out}/silver' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date));

-- layer: gold

CREATE VIEW silver AS SELECT * FROM read_parquet('{out}/silver/*/*.parquet', hive_partitioning = true);

-- Tables by name, with the condition for their rows: services that differ only in
-- case share a table.
CREATE TABLE services AS
SELECT CASE WHEN coalesce(serviceName, '') = '' THEN '_unknown' ELSE replace(lower(serviceName), '-', '_') END AS name,
       string_agg(CASE WHEN serviceName IS NULL THEN 'serviceName IS NULL' ELSE 'serviceName = ''' || serviceName || '''' END, ' OR ') AS rows
FROM (SELECT DISTINCT serviceName FROM silver)
GROUP BY name;

-- Keys that differ only in case are one field.
CREATE TABLE keys (service VARCHAR, field VARCHAR);

-- for each: SELECT name, rows FROM services
INSERT INTO keys
SELECT '{name}',
       '"' || min(key) || '" := coalesce(' || string_agg('requestParams[''' || key || ''']', ', ' ORDER BY key) || ')'
FROM (SELECT DISTINCT unnest(map_keys(requestParams)) AS key FROM silver WHERE {rows})
GROUP BY lower(key);

-- for each: SELECT name, rows, coalesce(string_agg(field, ', '), 'placeholder := NULL::VARCHAR') AS fields FROM services LEFT JOIN keys ON service = name GROUP BY name, rows
COPY (
  SELECT * REPLACE (CASE WHEN requestParams IS NOT NULL THEN struct_pack({fields}) END AS requestParams)
  FROM silver WHERE {rows}
) TO '{out}/gold-{name}.parquet' (FORMAT parquet, COMPRESSION zstd);
