-- What `mixtures` found for one benchmark and unit, beside the budgets as they were asked for.
INSERT INTO mixes
SELECT $benchmark, $unit, asked.budget, asked.budget_absolute, early_stop, mix, value, low, high, spent / $cheapest,
    single, single_k, single_value, margin, margin_low, margin_high, most_models, capped
FROM found
JOIN absolute_budgets AS asked ON asked.unit = $unit AND asked.budget_absolute = found.budget
ORDER BY early_stop, asked.budget;
