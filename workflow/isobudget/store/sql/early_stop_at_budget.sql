-- The share of problems solved where a budget bounds the expected cost of a problem, not the most it may cost: stopping
-- at the first pass, k is the most generations whose expected cost fits. spent is that cost, spent_solved what is spent
-- for each problem solved, both in generations of the cheapest model; fixed_k and fixed_value are what the same budget
-- buys when all k are drawn, as in the paper. One more generation costs what is unsolved after k, so that the last k with
-- a score is known to be the most or not; where it is not, there is no row.
CREATE TABLE early_stop_at_budget AS
WITH reachable AS (
    SELECT stop.benchmark, stop.model, unit, stop.k, budget, budget_absolute, stop.value * relative AS spent
    FROM early_stop_at_k AS stop
    JOIN costs USING (model)
    JOIN absolute_budgets USING (unit)
    WHERE generation > 0
    AND stop.value * relative <= forgiven(budget)
    AND (stop.value + 1 - stop.solved) * relative > forgiven(budget)
)
SELECT
    reachable.benchmark, reachable.model, reachable.unit, reachable.budget, reachable.budget_absolute, reachable.k,
    pass_at_k.value, pass_at_k.low, pass_at_k.high, spent, spent / nullif(pass_at_k.value, 0) AS spent_solved,
    fixed.k AS fixed_k, fixed.value AS fixed_value
FROM reachable
JOIN pass_at_k USING (benchmark, model, k)
LEFT JOIN pass_at_budget AS fixed USING (benchmark, model, unit, budget)
ORDER BY ALL;
