-- What `choosing` found for one benchmark and unit, its budgets in generations of the unit's cheapest model.
INSERT INTO against_one
SELECT $benchmark, $unit, model, chooser, other, single, budget / $cheapest, budget, equal_cost, k, value, other_value,
    margin, low, high
FROM found
ORDER BY model, chooser, other, single, k;
