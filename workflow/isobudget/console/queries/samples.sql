-- Samples a problem and problems, for each model.
SELECT model, max(n) AS n, count(*) AS problems
FROM counts
WHERE benchmark = $benchmark
GROUP BY model
ORDER BY model;
