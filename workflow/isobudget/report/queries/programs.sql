-- Of some problems, each model's greedy sample and the first sampled one with each verdict.
SELECT task_id, model, decoding, sample, verdict, left(detail, 300) AS detail, "text"
FROM outcomes
JOIN samples USING (benchmark, model, decoding, task_id, sample)
WHERE benchmark = $benchmark AND list_contains($tasks, task_id)
QUALIFY row_number() OVER (PARTITION BY task_id, model, decoding, verdict ORDER BY sample) = 1
ORDER BY task_id, model, decoding, verdict <> 'passed', sample
