-- How many labels came along with imported samples, and on how many of them the verdicts here agree.
SELECT benchmark, model, count(*) AS labelled, count(*) FILTER (passed = (verdict = 'passed')) AS agreed
FROM labels JOIN outcomes USING (benchmark, model, decoding, task_id, sample)
GROUP BY benchmark, model
ORDER BY benchmark, model
