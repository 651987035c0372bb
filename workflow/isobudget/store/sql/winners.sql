-- The best model at each budget by pass@k, and by how much it leads the runner-up. Equal values (but for rounding): the
-- one that spends less, then the name. The margin's interval is paired over problems. Null where no other model has a row
-- at this budget.
CREATE TABLE winners AS
WITH ranked AS (
    SELECT pass_at_budget.*, row_number() OVER (
        PARTITION BY benchmark, unit, budget ORDER BY round(value, 12) DESC, round(k * relative, 9), model
    ) AS place
    FROM pass_at_budget
    JOIN costs USING (model, unit)
)
SELECT
    first.benchmark, first.unit, first.budget, first.budget_absolute, first.model, first.k, first.value, first.low,
    first.high, second.model AS runner_up, second.k AS runner_up_k, second.value AS runner_up_value,
    first.value - second.value AS margin, margins.low AS margin_low, margins.high AS margin_high
FROM (SELECT * FROM ranked WHERE place = 1) AS first
LEFT JOIN (SELECT * FROM ranked WHERE place = 2) AS second USING (benchmark, unit, budget)
LEFT JOIN margins ON (margins.benchmark, margins.unit, margins.model, margins.other, margins.k, margins.other_k)
    = (first.benchmark, first.unit, first.model, second.model, first.k, second.k)
    AND margins.budget <= forgiven(first.budget) AND forgiven(first.budget) < margins.until
ORDER BY first.benchmark, first.unit, first.budget;
