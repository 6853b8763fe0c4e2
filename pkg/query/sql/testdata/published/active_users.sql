-- question: who was active on which day
-- source: https://github.com/databricks-demos/dbdemos-notebooks/blob/main/product_demos/Unity-Catalog/uc-04-system-tables/02-audit-logs-tables/02-audit-log.sql
-- licence: Databricks licence; this statement asks the same in the same constructs and is our own
select distinct event_date as `Date`, date_format(event_date, 'yyyy-MM') AS month, workspace_id, user_identity.email as who
from system.access.audit
-- | answers
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"0","who":"ann@example.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"0","who":"bob@example.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"0","who":"eve@example.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"0","who":null}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"1001","who":"System-User"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"1001","who":"ann@example.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"1001","who":"bob@example.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"1001","who":"eve@example.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"1001","who":"support@databricks.com"}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"1001","who":null}
-- | {"Date":"2024-03-05","month":"2024-03","workspace_id":"2002","who":"ann@example.com"}
