-- The delivered logs of one folder as events, with DuckDB alone.
--
-- Needs the variable root, the folder without a trailing slash. Makes
--   lines   one row per non-blank line of a delivered file: json is null where
--           the line is no JSON (broken, or not valid UTF-8)
--   events  the lines that are an event; all others belong in quarantine
--   created one row per cluster created
--   logins  one row per login, successful or not
-- The rules are those of audit-log-format.md and docs/format.md, written here
-- once more from the definitions, so that the generator and the pipeline cannot
-- be wrong together.

-- What counts as delivered: workspaceId=<id>/date=<d>/*.json[.gz], or date=<d>/
-- alone as it once was; nothing hidden, no markers, no other kind of file.
SET VARIABLE delivered = (
  SELECT list(file ORDER BY file)
  FROM glob(getvariable('root') || '/**')
  WHERE regexp_full_match(
    substr(file, length(getvariable('root')) + 2),
    '(workspaceId=[0-9]+/)?date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[^/_.][^/]*\.json(\.gz)?'));

CREATE TABLE lines AS
SELECT filename, json
FROM read_ndjson_objects(getvariable('delivered'), ignore_errors = true, filename = true,
                         hive_partitioning = false, maximum_object_size = 134217728);

CREATE TABLE events AS
WITH timed AS (
  SELECT filename, json,
         -- A whole number, bare or in quotes. A cast alone would round.
         CASE WHEN regexp_full_match(json ->> '$.timestamp', '-?[0-9]+')
              THEN try_cast(json ->> '$.timestamp' AS BIGINT) END AS millis
  FROM lines
  WHERE json_type(json) = 'OBJECT'
)
SELECT make_timestamp(millis * 1000) AS ts,
       make_timestamp(millis * 1000)::DATE AS date,
       json ->> '$.serviceName' AS service,
       json ->> '$.actionName' AS action,
       -- The workspace the event names, else that of its folder.
       coalesce(json ->> '$.workspaceId', nullif(regexp_extract(filename, 'workspaceId=([0-9]+)/', 1), '')) AS workspace,
       -- Some logins name their user in the parameters only.
       coalesce(nullif(json ->> '$.userIdentity.email', ''), nullif(json ->> '$.requestParams.user', '')) AS actor,
       try_cast(json ->> '$.response.statusCode' AS INTEGER) AS status,
       json
FROM timed
WHERE millis BETWEEN epoch_ms(TIMESTAMP '2013-01-01') AND epoch_ms(now() + INTERVAL 2 DAYS);

CREATE TABLE created AS
WITH params AS (
  SELECT ts, date, workspace, actor,
         nullif(json ->> '$.requestParams.cluster_name', '') AS cluster_name,
         nullif(json ->> '$.requestParams.cluster_creator', '') AS cluster_creator,
         nullif(json ->> '$.requestParams.cluster_source', '') AS cluster_source,
         nullif(json ->> '$.requestParams.user_id', '') AS user_id,
         json ->> '$.requestParams.acl_path_prefix' AS acl_path,
         json ->> '$.requestParams.idempotency_token' AS token,
         try_cast(json ->> '$.requestParams.autotermination_minutes' AS DOUBLE) AS autotermination,
         -- An object, or one written into a string.
         json ->> '$.requestParams.custom_tags' AS tags,
         json ->> '$.response.result' AS result,
         coalesce(nullif(json ->> '$.requestParams.cluster_id', ''),
                  nullif(json ->> '$.requestParams.clusterId', ''),
                  nullif(json ->> '$.requestParams.resourceId', '')) AS named_cluster
  FROM events
  WHERE service = 'clusters' AND action = 'create'
), tagged AS (
  SELECT *,
         CASE WHEN json_valid(tags) THEN nullif(tags ->> '$.JobId', '') END AS tag_job,
         CASE WHEN json_valid(tags) THEN nullif(tags ->> '$.SqlEndpointId', '') END AS tag_warehouse,
         CASE WHEN json_valid(tags) THEN nullif(tags ->> '$.DltPipelineId', '') END AS tag_pipeline,
         coalesce(named_cluster, CASE WHEN json_valid(result) THEN nullif(result ->> '$.cluster_id', '') END) AS cluster_id
  FROM params
)
SELECT *,
       -- The job it was made for: its tag, else what its path, token or name says.
       coalesce(tag_job,
                nullif(regexp_extract(acl_path, '^/clusters/jobs/([0-9]+)', 1), ''),
                nullif(regexp_extract(token, '^jobs/job-([0-9]+)-', 1), ''),
                nullif(regexp_extract(cluster_name, '^job-([0-9]+)-run-[0-9]+', 1), '')) AS job_id,
       -- Made by a person: nothing names a job, pipeline, warehouse or model server.
       cluster_creator IS NULL
         AND NOT regexp_matches(coalesce(cluster_name, ''), '^job-.*-run-')
         AND coalesce(cluster_source, 'UI') NOT IN ('JOB', 'PIPELINE', 'PIPELINE_MAINTENANCE', 'SQL', 'MODELS')
         AND tag_job IS NULL AND tag_warehouse IS NULL AND tag_pipeline IS NULL AS interactive
FROM tagged;

CREATE TABLE logins AS
SELECT ts, date, actor, CASE service WHEN 'ssh' THEN 'ssh.login' ELSE action END AS method,
       -- Failed, and not the failure of a service of Databricks.
       coalesce(status >= 400, false)
         AND coalesce(actor, '') NOT IN ('System-User', 'unknown', 'Unknown') AS failed
FROM events
WHERE (service = 'ssh' AND action = 'login')
   OR (service = 'accounts' AND action IN (
        'login', 'aadBrowserLogin', 'aadTokenLogin', 'certLogin', 'jwtLogin', 'mfaLogin', 'oidcBrowserLogin',
        'oidcTokenAuthorization', 'samlLogin', 'tokenLogin', 'passwordVerifyAuthentication'));
