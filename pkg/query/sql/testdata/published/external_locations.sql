-- question: external locations that were looked up
-- source: https://github.com/rchynoweth/Demo/blob/main/SystemTables/misc/Dashboard_Queries/Used_External_Locations.sql
-- licence: no licence given; this statement asks the same in the same constructs and is our own
select event_time, event_date, date_format(event_date, 'yyyy-MM') AS month, user_identity.email as who, request_id, request_params,
  request_params.name_arg as location, response.status_code
from system.access.audit
where action_name = 'getExternalLocation'
-- | answers
-- | {"event_time":"2024-03-05T13:10:00.000Z","event_date":"2024-03-05","month":"2024-03","who":"bob@example.com","request_id":"request-47","request_params":{"metastore_id":"m1","name_arg":"landing"},"location":"landing","status_code":200}
