-- What a generation costs in a unit, in generations of the cheapest model, and how that is known.
SELECT model, generation, relative, how
FROM costs
WHERE unit = $unit AND generation > 0
ORDER BY relative, model;
