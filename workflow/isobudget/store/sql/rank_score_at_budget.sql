-- rank-score_flops@f, _time@t and in dollars: each candidate costs its generation and, where another model reads it to
-- rank it, that model's scoring pass. A ranker that needs no model, and a model ranking its own samples, cost nothing.
-- No row where the scoring's cost is not known.
CREATE TABLE rank_score_at_budget AS
WITH ranked AS (
    SELECT *, CASE WHEN starts_with(ranker, 'nll:') THEN nullif(nullif(substr(ranker, 5), 'self'), model) END AS scorer
    FROM rank_score_at_k
),
candidates AS (
    SELECT ranked.*, unit, generation + CASE WHEN scorer IS NULL THEN 0 ELSE scorers.scoring END AS candidate
    FROM ranked
    JOIN (SELECT model, unit, generation FROM costs WHERE generation > 0) USING (model)
    LEFT JOIN (SELECT model AS scorer, unit, scoring FROM costs) AS scorers USING (scorer, unit)
)
SELECT benchmark, model, ranker, unit, budget, budget_absolute, k, value, low, high
FROM candidates
JOIN absolute_budgets USING (unit)
WHERE k = samples_within(budget_absolute, candidate)
ORDER BY benchmark, ranker, unit, budget, model;
