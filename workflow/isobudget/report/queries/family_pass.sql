-- pass@k: all k samples are drawn, and tests choose.
SELECT model, NULL AS choice, k, k AS draws, value, low, high
FROM pass_at_k
WHERE benchmark = $benchmark AND value IS NOT NULL
ORDER BY model, k
