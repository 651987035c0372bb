-- The texts that held no program, by the reason that execution gave.
SELECT benchmark, model, decoding, coalesce(detail, 'no reason') AS reason, count(*) AS count
FROM outcomes
WHERE verdict = 'rejected'
GROUP BY ALL
ORDER BY ALL
