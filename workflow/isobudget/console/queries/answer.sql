-- The row of `answers` that holds at a budget: the README shows the same for a person.
SELECT answers.*, costs.generation AS cheapest_generation, costs.model AS cheapest
FROM answers
JOIN costs ON costs.unit = answers.unit AND costs.relative = 1
WHERE benchmark = $benchmark AND answers.unit = $unit AND tests = $tests
AND answers.budget <= $budget * (1 + 1e-9) AND $budget * (1 + 1e-9) < until
ORDER BY costs.model
LIMIT 1;
