-- How many samples each model drew for each problem, and how many of them pass: what every score with tests rests on.
CREATE TABLE counts AS
SELECT benchmark, model, task_id, count(*)::INTEGER AS n, count_if(verdict = 'passed')::INTEGER AS c
FROM outcomes
-- an imported file may hold some problems alone: those that all models have are compared
SEMI JOIN (
    SELECT benchmark, task_id
    FROM (SELECT DISTINCT benchmark, task_id, model, decoding FROM outcomes)
    GROUP BY benchmark, task_id
    QUALIFY count(*) = max(count(*)) OVER (PARTITION BY benchmark)
) AS shared USING (benchmark, task_id)
WHERE decoding = 'sampled'
GROUP BY ALL
ORDER BY ALL;
