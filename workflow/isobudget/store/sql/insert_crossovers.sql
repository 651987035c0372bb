-- What `comparisons` found for one benchmark and unit, its budgets in generations of the unit's cheapest model.
INSERT INTO crossovers
SELECT $benchmark, $unit, model, other, tied, budget / $cheapest, low / $cheapest, high / $cheapest, crossings,
    compared_from / $cheapest, compared_until / $cheapest
FROM found
ORDER BY model, other;
