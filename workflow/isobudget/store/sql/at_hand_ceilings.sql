-- What no number of samples lifts the score of at_hand_at_k above, as far as n samples show it: a problem of which none was
-- accepted counts as unsolved in reached, and as solved in most. The true ceiling is between the two.
CREATE TABLE at_hand_ceilings AS
SELECT
    e.benchmark, e.model, e.ranker AS source, e.k AS n, e.value AS reached, e.low AS reached_low, e.high AS reached_high,
    above.value AS most, above.low AS most_low, above.high AS most_high
FROM estimates AS e
JOIN estimates AS above USING (benchmark, model, ranker, k)
WHERE e.metric = 'at_hand_ceiling_reached' AND above.metric = 'at_hand_ceiling_most'
ORDER BY e.benchmark, e.model, source;
