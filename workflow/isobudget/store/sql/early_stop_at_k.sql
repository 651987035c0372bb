-- With tests one stops at the first pass: how many generations that takes, k at most, in expectation over problems, and
-- the share of problems solved. value / solved generations are spent for each problem solved.
CREATE TABLE early_stop_at_k AS
SELECT stop.benchmark, stop.model, stop.k, stop.value, stop.low, stop.high, pass.value AS solved
FROM estimates AS stop
JOIN estimates AS pass ON (pass.benchmark, pass.model, pass.k) = (stop.benchmark, stop.model, stop.k)
WHERE stop.metric = 'samples_until_pass' AND pass.metric = 'pass_at_k'
ORDER BY ALL;
