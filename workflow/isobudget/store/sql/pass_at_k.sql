-- pass@k for every k up to half the samples.
CREATE TABLE pass_at_k AS
SELECT benchmark, model, k, value, low, high
FROM estimates
WHERE metric = 'pass_at_k'
ORDER BY benchmark, model, k;
