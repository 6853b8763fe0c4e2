-- Of the job with the most clusters.
WITH top AS (
  SELECT job_id
  FROM created
  WHERE job_id IS NOT NULL
  GROUP BY job_id
  ORDER BY count(*) DESC, job_id
  LIMIT 1
)
SELECT job_id AS "jobId", user_id AS "userId", count(*) AS "numClusters",
       strftime(min(ts), '%Y-%m-%dT%H:%M:%S.%gZ') AS "firstCreated"
FROM created SEMI JOIN top USING (job_id)
WHERE user_id IS NOT NULL
GROUP BY job_id, user_id
ORDER BY min(ts), user_id;
