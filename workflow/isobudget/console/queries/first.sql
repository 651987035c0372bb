-- The smallest budget with an answer; null if there is none.
SELECT min(budget) AS budget
FROM answers
WHERE benchmark = $benchmark AND unit = $unit AND tests = $tests;
