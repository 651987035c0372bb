-- rank-score_flops@f, _time@t and in dollars: each candidate costs its generation and, where another model reads it to
-- rank it, that model's scoring pass. A ranker that needs no model, and a model ranking its own samples, cost nothing.
-- No row where a part of the cost is not known.
CREATE TABLE rank_score_at_budget AS
SELECT benchmark, model, ranker, unit, budget, budget_absolute, k, value, low, high
FROM rank_score_at_k
JOIN candidate_costs USING (model, ranker)
JOIN absolute_budgets USING (unit)
WHERE k = samples_within(budget_absolute - once, candidate)
ORDER BY benchmark, ranker, unit, budget, model;
