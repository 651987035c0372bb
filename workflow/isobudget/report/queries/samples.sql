-- n: the samples a problem of each model. Blocks are whole, so every problem has as many.
SELECT benchmark, model, count(DISTINCT sample) AS n
FROM outcomes
WHERE decoding = 'sampled'
GROUP BY benchmark, model
ORDER BY benchmark, model
