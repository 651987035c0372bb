-- rank-score@k for every ranker and every k up to half the samples.
CREATE TABLE rank_score_at_k AS
SELECT benchmark, model, ranker, k, value, low, high
FROM estimates
WHERE metric = 'rank_score_at_k'
ORDER BY benchmark, model, ranker, k;
