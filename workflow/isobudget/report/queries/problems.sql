-- How many problems of each benchmark were judged in the study: those of which all models have samples.
SELECT benchmark, count(*) AS problems
FROM (
    SELECT benchmark, task_id
    FROM (SELECT DISTINCT benchmark, task_id, model, decoding FROM outcomes)
    GROUP BY benchmark, task_id
    QUALIFY count(*) = max(count(*)) OVER (PARTITION BY benchmark)
)
GROUP BY benchmark
ORDER BY benchmark
