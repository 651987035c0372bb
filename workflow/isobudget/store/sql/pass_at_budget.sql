-- pass_flops@f, pass_time@t and their like in dollars: pass@k for the most samples that fit in the budget. No row where
-- not even one fits, nor where k is more than half the samples drawn, for pass_at_k has none there. Of a model that has one
-- greedy output and no samples, that output is what one generation buys.
CREATE TABLE pass_at_budget AS
SELECT benchmark, model, unit, budget, budget_absolute, k, value, low, high
FROM absolute_budgets
JOIN (SELECT model, unit, generation FROM costs WHERE generation > 0) USING (unit)
JOIN (
    FROM pass_at_k
    UNION ALL BY NAME
    SELECT *, 1 AS k FROM greedy ANTI JOIN pass_at_k USING (benchmark, model)
) USING (model)
WHERE k = samples_within(budget_absolute, generation)
ORDER BY benchmark, unit, budget, model;
