-- Who solves what: samples drawn and passed of every problem and model, and whether the greedy output passes;
-- of the problems of which all models have samples.
SELECT
    task_id, model, count_if(decoding = 'sampled') AS samples,
    count_if(decoding = 'sampled' AND verdict = 'passed') AS passed,
    max((verdict = 'passed')::INTEGER) FILTER (decoding = 'greedy') AS greedy
FROM outcomes
WHERE benchmark = $benchmark AND task_id IN (
    SELECT task_id
    FROM (SELECT DISTINCT task_id, model, decoding FROM outcomes WHERE benchmark = $benchmark)
    GROUP BY task_id
    QUALIFY count(*) = max(count(*)) OVER ()
)
GROUP BY task_id, model
ORDER BY try_cast(regexp_extract(task_id, '\d+$') AS INTEGER), task_id, model
