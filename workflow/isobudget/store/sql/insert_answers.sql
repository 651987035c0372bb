-- What `comparisons` found for one benchmark and unit, its budgets in generations of the unit's cheapest model.
INSERT INTO answers
SELECT $benchmark, $unit, tests, budget / $cheapest,
    coalesce(until / $cheapest, 'infinity'), budget, model, ranker, k, value, low, high,
    runner_up, runner_up_ranker, runner_up_k, runner_up_value, margin, margin_low, margin_high, capped
FROM found
ORDER BY tests DESC, budget;
