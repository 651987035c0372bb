-- The tables of isobudget.duckdb, empty. value, low and high are fractions in 0..1; low..high is a 95 % bootstrap
-- interval over problems. budget is in units of one generation of the study's cheapest model.

CREATE TABLE study (key VARCHAR, value VARCHAR);

CREATE TABLE problems (
    benchmark VARCHAR, task_id VARCHAR, prompt VARCHAR, tests VARCHAR, kind VARCHAR, entry_point VARCHAR,
    reference VARCHAR, split VARCHAR
);

CREATE TABLE samples (
    benchmark VARCHAR, model VARCHAR, decoding VARCHAR, block INTEGER, task_id VARCHAR, sample INTEGER, "text" VARCHAR,
    prompt_tokens INTEGER, completion_tokens INTEGER, logprob DOUBLE, finish_reason VARCHAR
);

CREATE TABLE outcomes (
    benchmark VARCHAR, model VARCHAR, decoding VARCHAR, block INTEGER, task_id VARCHAR, sample INTEGER,
    program_sha256 VARCHAR, verdict VARCHAR, detail VARCHAR, cpu_seconds DOUBLE
);

CREATE TABLE scores (
    benchmark VARCHAR, model VARCHAR, decoding VARCHAR, block INTEGER, ranker VARCHAR, task_id VARCHAR, sample INTEGER,
    score DOUBLE, kept BOOLEAN
);

-- The labels that imported samples came with: passed by whoever judged them before. Only of samples in this study.
CREATE TABLE labels (
    benchmark VARCHAR, model VARCHAR, decoding VARCHAR, task_id VARCHAR, sample INTEGER, passed BOOLEAN
);

-- Where the label that came along and the verdict here say different things of one sample.
CREATE VIEW label_disagreements AS
SELECT labels.*, outcomes.verdict, outcomes.detail, outcomes.program_sha256
FROM labels JOIN outcomes USING (benchmark, model, decoding, task_id, sample)
WHERE passed <> (verdict = 'passed');

-- unit: flops, seconds or usd. generation and scoring are what one of each costs, null where it is not known;
-- relative is generation over that of the cheapest model. flops_read_written stands beside the unit flops alone.
CREATE TABLE costs (
    model VARCHAR, unit VARCHAR, generation DOUBLE, scoring DOUBLE, relative DOUBLE, how VARCHAR, flops_read_written DOUBLE
);

CREATE TEMP TABLE files (
    kind VARCHAR, path VARCHAR, benchmark VARCHAR, model VARCHAR, decoding VARCHAR, block INTEGER, ranker VARCHAR
);

CREATE TEMP TABLE budgets (unit VARCHAR, budget DOUBLE);

-- The most samples that a budget pays for; a billionth is forgiven, so that a budget of exactly four gives four.
CREATE TEMP MACRO samples_within(budget, cost) AS floor(budget / cost * (1 + 1e-9))::BIGINT;
