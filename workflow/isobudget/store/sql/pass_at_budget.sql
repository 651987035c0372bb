-- pass_flops@f, pass_time@t and their like in dollars: pass@k for the most samples that fit in the budget. No row where
-- not even one fits, nor where k is more than half the samples drawn, for pass_at_k has none there.
CREATE TABLE pass_at_budget AS
SELECT benchmark, model, unit, budget, budget_absolute, k, value, low, high
FROM absolute_budgets
JOIN (SELECT model, unit, generation FROM costs WHERE generation > 0) USING (unit)
JOIN pass_at_k USING (model)
WHERE k = samples_within(budget_absolute, generation)
ORDER BY benchmark, unit, budget, model;
