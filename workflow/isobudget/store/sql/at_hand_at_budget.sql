-- The same for the most samples that fit in each budget. Running tests costs nothing, as with the tests that judge; tests
-- that a model writes cost their writing, once a problem.
CREATE TABLE at_hand_at_budget AS
SELECT
    benchmark, model, source, unit, budget, budget_absolute, k, value, low, high, wrong, anyway, anyway_low, anyway_high
FROM at_hand_at_k
JOIN (
    SELECT model, unit, candidate, once, substr(ranker, length('at_hand:') + 1) AS source
    FROM candidate_costs WHERE starts_with(ranker, 'at_hand:')
) USING (model, source)
JOIN absolute_budgets USING (unit)
WHERE k = samples_within(budget_absolute - once, candidate)
ORDER BY benchmark, source, unit, budget, model;
