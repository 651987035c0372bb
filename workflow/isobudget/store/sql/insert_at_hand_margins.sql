-- What `choosing` found for one benchmark and unit, its budgets in generations of the unit's cheapest model.
INSERT INTO at_hand_margins
SELECT $benchmark, $unit, source, model, other, budget / $cheapest, until / $cheapest, budget, k, other_k,
    value, low, high
FROM found
ORDER BY source, model, other, budget;
