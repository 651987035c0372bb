-- Tests at hand choose: of k samples one that passes them.
SELECT model, source AS choice, k, k AS draws, value, low, high
FROM at_hand_at_k
WHERE benchmark = $benchmark AND value IS NOT NULL
ORDER BY model, source, k
