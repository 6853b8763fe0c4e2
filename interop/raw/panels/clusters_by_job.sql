SELECT job_id AS "jobId", count(*) AS num_clusters
FROM created
WHERE job_id IS NOT NULL
GROUP BY job_id
ORDER BY num_clusters DESC, job_id
LIMIT 100;
