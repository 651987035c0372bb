-- Each budget in its own unit: so many generations of the cheapest model whose cost is known and not nothing. Beside those
-- of the config, the price of one generation of each model: "that one once, or the cheapest many times" is the question.
-- Prices that differ from another budget only by rounding are that budget.
CREATE TEMP TABLE absolute_budgets AS
WITH prices AS (
    SELECT unit, max(relative) AS budget
    FROM costs SEMI JOIN budgets USING (unit)
    WHERE generation > 0
    GROUP BY unit, round(relative, 9)
),
wanted AS (
    SELECT DISTINCT unit, budget FROM budgets
    UNION ALL
    SELECT prices.unit, prices.budget
    FROM prices ANTI JOIN budgets ON budgets.unit = prices.unit AND round(budgets.budget, 9) = round(prices.budget, 9)
)
SELECT unit, budget, budget * min(generation) AS budget_absolute
FROM wanted
JOIN costs USING (unit)
WHERE generation > 0
GROUP BY unit, budget;
