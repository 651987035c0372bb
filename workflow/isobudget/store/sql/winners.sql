-- The best model at each budget by pass@k, and by how much it leads the runner-up: the answers with tests, at the budgets
-- asked for. The margin's interval is paired over problems. Null where no other model has a row at this budget.
CREATE TABLE winners AS
SELECT
    benchmark, unit, asked.budget, asked.budget_absolute, model, k, value, low, high, runner_up, runner_up_k,
    runner_up_value, margin, margin_low, margin_high
FROM answers
JOIN absolute_budgets AS asked USING (unit)
WHERE tests
AND answers.budget <= forgiven(asked.budget)
AND forgiven(asked.budget) < coalesce(answers.until, 'infinity')
ORDER BY benchmark, unit, asked.budget;
