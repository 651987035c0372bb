-- How every sample ended, and n: the samples a problem of each model.
SELECT benchmark, model, decoding, verdict, count(*) AS count
FROM outcomes
GROUP BY ALL
ORDER BY ALL
