-- question: groups that were removed, with all that is known
-- source: https://github.com/databricks-demos/dbdemos-notebooks/blob/main/product_demos/Unity-Catalog/uc-04-system-tables/02-audit-logs-tables/02-audit-log.sql
-- licence: Databricks licence; this statement asks the same in the same constructs and is our own
SELECT event_time, action_name, user_identity.email AS who, request_params.targetGroupId AS group_id,
  CASE WHEN audit_level = 'ACCOUNT_LEVEL' THEN 'in the account' WHEN audit_level = 'WORKSPACE_LEVEL' THEN 'in a workspace' END AS place,
  *
FROM system.access.audit
WHERE action_name = 'removeGroup' AND audit_level IN ('ACCOUNT_LEVEL', 'WORKSPACE_LEVEL') AND service_name = 'accounts'
ORDER BY audit_level, event_time;
-- | answers
-- | {"event_time":"2024-03-05T13:00:00.000Z","action_name":"removeGroup","who":"ann@example.com","group_id":"g1","place":"in the account","account_id":"a1b2c3d4-0000-4000-8000-000000000001","workspace_id":"0","version":"2.0","event_time_2":"2024-03-05T13:00:00.000Z","event_date":"2024-03-05","source_ip_address":"198.51.100.7","user_agent":"Mozilla/5.0","session_id":"session-1","user_identity.email":"ann@example.com","user_identity.subject_name":null,"service_name":"accounts","action_name_2":"removeGroup","request_id":"request-45","request_params":{"targetGroupId":"g1"},"response.status_code":200,"response.error_message":null,"response.result":null,"audit_level":"ACCOUNT_LEVEL","event_id":"ec9d80282c6e50e2a649c821adc7ce12","identity_metadata.run_by":"ann@example.com","identity_metadata.run_as":"job@example.com","identity_metadata.acting_resource":null}
