-- The share of problems that one greedy generation solves.
CREATE TABLE greedy AS
SELECT benchmark, model, value, low, high
FROM estimates
WHERE metric = 'greedy'
ORDER BY benchmark, model;
