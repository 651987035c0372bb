-- How many problems of each benchmark were judged in the study.
SELECT benchmark, count(DISTINCT task_id) AS problems
FROM outcomes
GROUP BY benchmark
ORDER BY benchmark
