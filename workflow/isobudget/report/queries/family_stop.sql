-- Stopping at the first pass, after k samples at most: pass@k, for the draws in expectation.
SELECT stop.model, NULL AS choice, stop.k, stop.value AS draws, pass.value, pass.low, pass.high
FROM early_stop_at_k AS stop
JOIN pass_at_k AS pass USING (benchmark, model, k)
WHERE benchmark = $benchmark AND pass.value IS NOT NULL
ORDER BY stop.model, stop.k
