-- question: what is done most in Unity Catalog
-- source: https://github.com/databricks-demos/dbdemos-notebooks/blob/main/product_demos/Unity-Catalog/uc-04-system-tables/02-audit-logs-tables/02-audit-log.sql
-- licence: Databricks licence; this statement asks the same in the same constructs and is our own
select count(*) as times, action_name
from system.access.audit
where service_name = 'unityCatalog'
group by action_name
order by times desc;
-- | answers
-- | {"times":3,"action_name":"generateTemporaryTableCredential"}
-- | {"times":3,"action_name":"getTable"}
-- | {"times":1,"action_name":"createRecipient"}
-- | {"times":1,"action_name":"deltaSharingQueryTable"}
-- | {"times":1,"action_name":"generateTemporaryPathCredential"}
-- | {"times":1,"action_name":"getExternalLocation"}
-- | {"times":1,"action_name":"updateMetastore"}
-- | {"times":1,"action_name":"updatePermissions"}
