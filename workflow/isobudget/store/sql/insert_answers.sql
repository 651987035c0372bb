-- What `comparisons` found for one benchmark and unit, its budgets in generations of the unit's cheapest model.
INSERT INTO answers
SELECT $benchmark, $unit, tests, budget / $cheapest, until / $cheapest, budget, model, ranker, k, value, low, high,
    runner_up, runner_up_ranker, runner_up_k, runner_up_value, margin, margin_low, margin_high, left_out
FROM found
ORDER BY tests DESC, budget;
