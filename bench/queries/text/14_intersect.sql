-- Users who created clusters and changed jobs
SELECT actor FROM clusters WHERE actionName = 'create'
INTERSECT
SELECT actor FROM jobs
ORDER BY actor NULLS FIRST
