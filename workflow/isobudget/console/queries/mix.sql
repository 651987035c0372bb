-- The best mix at the largest of the study's budgets that is within the one asked for.
FROM mixes
WHERE benchmark = $benchmark AND unit = $unit AND NOT early_stop AND budget <= $budget * (1 + 1e-9)
ORDER BY budget DESC
LIMIT 1;
