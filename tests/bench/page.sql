-- The tables that the report reads, from cells (benchmark, model, problems, n, place), asked (unit, budget) and price.
CREATE TABLE study (key VARCHAR, value VARCHAR);

CREATE TABLE costs AS
SELECT model, unit, generation, generation / 2 AS scoring, generation / min(generation) OVER (PARTITION BY unit) AS relative, 'the paper''s table' AS how
FROM price;

CREATE TABLE pass_at_k AS
SELECT benchmark, model, k::INTEGER AS k, 1 - exp(-(0.3 + 0.1 * place) * k ** 0.4) AS value, value * 0.95 AS low, least(1, value * 1.05) AS high
FROM cells, range(1, n // 2 + 1) AS sizes (k);

CREATE TABLE early_stop_at_k AS
SELECT benchmark, model, k, k ** 0.8 AS value, k ** 0.79 AS low, k ** 0.81 AS high, value AS solved
FROM pass_at_k;

CREATE TABLE greedy AS SELECT benchmark, model, value, low, high FROM pass_at_k WHERE k = 2;

CREATE TABLE rank_score_at_k AS
SELECT benchmark, model, ranker, k, value * 0.6 AS value, low * 0.6 AS low, high * 0.6 AS high
FROM pass_at_k, unnest(['nll:self', 'shortest', 'random', 'nll:70b']) AS rankers (ranker);

CREATE TABLE pass_at_budget AS
SELECT benchmark, model, unit, budget, budget * generation / relative AS budget_absolute, k, value, low, high
FROM asked JOIN costs USING (unit) JOIN pass_at_k USING (model)
WHERE k = floor(budget / relative + 1e-9);

CREATE TABLE rank_score_at_budget AS
SELECT benchmark, model, ranker, unit, budget, budget_absolute, k, rank_score_at_k.value, rank_score_at_k.low, rank_score_at_k.high
FROM pass_at_budget JOIN rank_score_at_k USING (benchmark, model, k);

CREATE TABLE winners AS
SELECT benchmark, unit, budget, budget_absolute, model, k, value, low, high,
    lead(model) OVER best AS runner_up, lead(k) OVER best AS runner_up_k, lead(value) OVER best AS runner_up_value,
    value - runner_up_value AS margin, margin - 0.03 AS margin_low, margin + 0.03 AS margin_high
FROM pass_at_budget
WINDOW best AS (PARTITION BY benchmark, unit, budget ORDER BY value DESC)
QUALIFY row_number() OVER best = 1;

CREATE TABLE problems AS
SELECT benchmark, benchmark || '/' || task AS task_id, repeat('Write a function that does this and that. ', 10 + task % 30) AS prompt
FROM (SELECT DISTINCT benchmark, problems FROM cells), range(problems) AS tasks (task);

CREATE TABLE outcomes AS
SELECT benchmark, model, decoding, benchmark || '/' || task AS task_id, sample::INTEGER AS sample,
    CASE WHEN hash(task, sample, model) % 100 < task % 17 * 5 THEN 'passed' WHEN hash(sample, task, model) % 5 < 4 THEN 'failed' ELSE 'error' END AS verdict,
    'AssertionError' AS detail
FROM (SELECT *, 'sampled' AS decoding, n AS count FROM cells UNION ALL SELECT *, 'greedy', 1 FROM cells), range(problems) AS tasks (task), range(count) AS samples (sample);

CREATE TABLE samples AS
SELECT benchmark, model, decoding, task_id, sample, repeat('    value = value + 1' || chr(10), 5 + (hash(task_id, sample) % 30)::INTEGER) AS "text"
FROM outcomes;
