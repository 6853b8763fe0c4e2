SELECT CASE
         WHEN cluster_creator IS NOT NULL THEN cluster_creator
         WHEN interactive THEN 'user'
         WHEN cluster_source IS NOT NULL THEN cluster_source
         WHEN job_id IS NOT NULL THEN 'JOB'
         ELSE 'SYSTEM'
       END AS creator,
       count(*) AS num_clusters
FROM created
GROUP BY creator
ORDER BY num_clusters DESC, creator;
