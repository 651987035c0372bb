-- Problems that no sample was judged on, because their own reference solution fails or they have no tests.
SELECT problems.benchmark, problems.task_id
FROM problems
ANTI JOIN outcomes USING (benchmark, task_id)
WHERE problems.benchmark IN (SELECT outcomes.benchmark FROM outcomes)
ORDER BY ALL
