-- rank-score@k: a ranker chooses one of k samples.
SELECT model, ranker AS choice, k, k AS draws, value, low, high
FROM rank_score_at_k
WHERE benchmark = $benchmark AND value IS NOT NULL
ORDER BY model, ranker, k
