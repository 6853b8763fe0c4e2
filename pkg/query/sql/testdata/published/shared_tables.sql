-- question: tables that recipients of shares queried
-- source: https://docs.databricks.com/en/data-sharing/audit-logging-recipient.html
-- licence: documentation, all rights reserved; this statement asks the same in the same constructs and is our own
SELECT request_params.recipient_name, request_params.share, request_params.name, date_trunc('day', event_time) AS day, count(*) AS queries
FROM system.access.audit
WHERE service_name = 'unityCatalog' AND action_name LIKE 'deltaSharingQuery%' AND request_params['is_ip_access_denied'] = 'false'
GROUP BY ALL
ORDER BY day DESC, queries DESC
-- | answers
-- | {"recipient_name":"partner","share":"sales","name":"customers","day":"2024-03-05T00:00:00.000Z","queries":1}
