-- How many of a model's k generations are drawn in expectation if one stops at the first pass.
FROM early_stop_at_k
WHERE benchmark = $benchmark AND model = $model AND k = $k;
