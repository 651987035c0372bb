-- What `comparisons` found for one benchmark and unit, its budgets in generations of the unit's cheapest model.
INSERT INTO margins
SELECT $benchmark, $unit, model, other, budget / $cheapest, until / $cheapest, budget, k, other_k,
    value, low, high, low_all, high_all
FROM found
ORDER BY model, other, budget;
