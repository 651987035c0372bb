-- The best model at each budget by pass@k, and by how much it leads the runner-up. Equal values (but for rounding): the
-- one that spends less, then the name. The margin's interval is paired: replicate by replicate, winner less runner-up,
-- over the same resampled problems. Null where no other model has a row at this budget.
CREATE TABLE winners AS
WITH ranked AS (
    SELECT pass_at_budget.*, row_number() OVER (
        PARTITION BY benchmark, unit, budget ORDER BY round(value, 12) DESC, round(k * relative, 9), model
    ) AS place
    FROM pass_at_budget
    JOIN costs USING (model, unit)
),
pairs AS (
    SELECT first.*, second.model AS runner_up, second.k AS runner_up_k, second.value AS runner_up_value
    FROM (SELECT * FROM ranked WHERE place = 1) AS first
    LEFT JOIN (SELECT * FROM ranked WHERE place = 2) AS second USING (benchmark, unit, budget)
),
replicated AS (
    SELECT files.benchmark, files.model, rows.k, rows.replicates
    FROM read_parquet($paths, filename = true) AS rows
    JOIN files ON files.path = rows.filename AND files.kind = 'estimates'
    WHERE rows.metric = 'pass_at_k'
    AND (files.benchmark, files.model, rows.k) IN (
        SELECT (benchmark, model, k) FROM pairs UNION SELECT (benchmark, runner_up, runner_up_k) FROM pairs
    )
),
margins AS (
    SELECT pairs.*, list_transform(list_zip(a.replicates, b.replicates), lambda pair: pair[1] - pair[2]) AS replicates
    FROM pairs
    JOIN replicated AS a ON (a.benchmark, a.model, a.k) = (pairs.benchmark, pairs.model, pairs.k)
    LEFT JOIN replicated AS b ON (b.benchmark, b.model, b.k) = (pairs.benchmark, pairs.runner_up, pairs.runner_up_k)
)
SELECT
    benchmark, unit, budget, budget_absolute, model, k, value, low, high, runner_up, runner_up_k, runner_up_value,
    value - runner_up_value AS margin,
    CASE WHEN runner_up IS NOT NULL THEN list_aggregate(replicates, 'quantile_cont', 0.025) END AS margin_low,
    CASE WHEN runner_up IS NOT NULL THEN list_aggregate(replicates, 'quantile_cont', 0.975) END AS margin_high
FROM margins
ORDER BY benchmark, unit, budget;
