-- How many samples each model drew for each problem, and how many of them pass: what every score with tests rests on.
CREATE TABLE counts AS
SELECT benchmark, model, task_id, count(*)::INTEGER AS n, count_if(verdict = 'passed')::INTEGER AS c
FROM outcomes
WHERE decoding = 'sampled'
GROUP BY ALL
ORDER BY ALL;
