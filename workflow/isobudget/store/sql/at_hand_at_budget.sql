-- The same for the most samples that fit in each budget; running the tests costs nothing, as with the tests that judge.
CREATE TABLE at_hand_at_budget AS
SELECT
    benchmark, model, source, unit, budget, budget_absolute, k, value, low, high, wrong, anyway, anyway_low, anyway_high
FROM absolute_budgets
JOIN (SELECT model, unit, generation FROM costs WHERE generation > 0) USING (unit)
JOIN at_hand_at_k USING (model)
WHERE k = samples_within(budget_absolute, generation)
ORDER BY benchmark, source, unit, budget, model;
