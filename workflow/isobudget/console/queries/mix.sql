-- The best mix, paid in full and then in expectation, at the largest of the study's budgets within the one asked for.
FROM mixes
WHERE benchmark = $benchmark AND unit = $unit AND budget <= $budget * (1 + 1e-9)
QUALIFY row_number() OVER (PARTITION BY early_stop ORDER BY budget DESC) = 1
ORDER BY early_stop;
