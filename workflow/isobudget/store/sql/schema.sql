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

-- What the tests at hand say of each sample: those of `source`, fewer than the tests that judge.
CREATE TABLE tests_at_hand (benchmark VARCHAR, source VARCHAR, task_id VARCHAR, tests VARCHAR);

CREATE TABLE at_hand (
    benchmark VARCHAR, model VARCHAR, decoding VARCHAR, block INTEGER, source VARCHAR, task_id VARCHAR, sample INTEGER,
    program_sha256 VARCHAR, verdict VARCHAR, detail VARCHAR, cpu_seconds DOUBLE
);

-- How many of n samples the tests at hand accept that are right and wrong, and how many right ones they refuse (missed).
CREATE VIEW at_hand_counts AS
SELECT
    benchmark, model, source, task_id, count(*)::INTEGER AS n,
    count_if(at_hand.verdict = 'passed' AND outcomes.verdict = 'passed')::INTEGER AS "right",
    count_if(at_hand.verdict = 'passed' AND outcomes.verdict <> 'passed')::INTEGER AS wrong,
    count_if(at_hand.verdict <> 'passed' AND outcomes.verdict = 'passed')::INTEGER AS missed
FROM at_hand JOIN outcomes USING (benchmark, model, decoding, task_id, sample)
GROUP BY ALL;

-- The labels that imported samples came with: passed by whoever judged them before. Only of samples in this study.
CREATE TABLE labels (
    benchmark VARCHAR, model VARCHAR, decoding VARCHAR, task_id VARCHAR, sample INTEGER, passed BOOLEAN
);

-- Where the label that came along and the verdict here say different things of one sample.
CREATE VIEW label_disagreements AS
SELECT labels.*, outcomes.verdict, outcomes.detail, outcomes.program_sha256
FROM labels JOIN outcomes USING (benchmark, model, decoding, task_id, sample)
WHERE passed <> (verdict = 'passed');

-- unit: a key of study/units.py. generation and scoring are what one of each costs, null where it is not known;
-- written is what the tests cost that it writes for rankers, a problem, null where none uses any; relative is generation
-- over that of the cheapest model. flops_read_written is the same by the tokens really read and written, of units that
-- tell it.
CREATE TABLE costs (
    model VARCHAR, unit VARCHAR, generation DOUBLE, scoring DOUBLE, relative DOUBLE, how VARCHAR, flops_read_written DOUBLE,
    written DOUBLE
);

-- What one candidate costs where a ranker chooses, or tests at hand (at_hand:SOURCE), its sampling and its ranking, and what
-- a problem costs once beside all its candidates. No row where a part is not known.
CREATE TABLE candidate_costs (model VARCHAR, ranker VARCHAR, unit VARCHAR, candidate DOUBLE, once DOUBLE);

CREATE TEMP TABLE files (
    kind VARCHAR, path VARCHAR, benchmark VARCHAR, model VARCHAR, decoding VARCHAR, block INTEGER, ranker VARCHAR,
    source VARCHAR
);

CREATE TEMP TABLE budgets (unit VARCHAR, budget DOUBLE);

-- The most samples that a budget pays for; a billionth is forgiven, so that a budget of exactly four gives four.
CREATE TEMP MACRO forgiven(budget) AS budget * (1 + 1e-9);
CREATE TEMP MACRO samples_within(budget, cost) AS floor(forgiven(budget / cost))::BIGINT;

-- What to run at every budget, from one breakpoint to the next, so that any budget is a look-up: budget <= yours < until
-- (infinity: no end). Without tests a ranker chooses, or the greedy output is taken; with tests, ranker is null. capped:
-- models of which the budget buys more samples than have a score (k <= n/2), and which are run as often as have one.
CREATE TABLE answers (
    benchmark VARCHAR, unit VARCHAR, tests BOOLEAN, budget DOUBLE, until DOUBLE, budget_absolute DOUBLE,
    model VARCHAR, ranker VARCHAR, k INTEGER, value DOUBLE, low DOUBLE, high DOUBLE,
    runner_up VARCHAR, runner_up_ranker VARCHAR, runner_up_k INTEGER, runner_up_value DOUBLE,
    margin DOUBLE, margin_low DOUBLE, margin_high DOUBLE, capped VARCHAR
);

-- model less other with tests, at every budget at which both have a score. low..high holds at one budget; low_all..
-- high_all is a band that holds at all budgets of the pair at once.
CREATE TABLE margins (
    benchmark VARCHAR, unit VARCHAR, model VARCHAR, other VARCHAR, budget DOUBLE, until DOUBLE, budget_absolute DOUBLE,
    k INTEGER, other_k INTEGER, value DOUBLE, low DOUBLE, high DOUBLE, low_all DOUBLE, high_all DOUBLE
);

-- Choosing among k samples of model, less one output of other (single: greedy, or sampled), which costs no more. chooser:
-- `tests`, those that judge; `at_hand:SOURCE`, tests at hand, and any sample where they accept none; or a ranker. Sampling
-- and ranking are both paid for. equal_cost: budget is the price of the other's output; the rows after it spend more on
-- model, and never on other.
CREATE TABLE against_one (
    benchmark VARCHAR, unit VARCHAR, model VARCHAR, chooser VARCHAR, other VARCHAR, single VARCHAR, budget DOUBLE,
    budget_absolute DOUBLE, equal_cost BOOLEAN, k INTEGER, value DOUBLE, other_value DOUBLE,
    margin DOUBLE, low DOUBLE, high DOUBLE
);

-- model less other where the same tests at hand choose among the samples of both, any sample taken where they accept none.
CREATE TABLE at_hand_margins (
    benchmark VARCHAR, unit VARCHAR, source VARCHAR, model VARCHAR, other VARCHAR, budget DOUBLE, until DOUBLE,
    budget_absolute DOUBLE, k INTEGER, other_k INTEGER, value DOUBLE, low DOUBLE, high DOUBLE
);

-- After k samples more of them hurt, if a right answer is worth 1, a wrong one that is handed over costs wrong_costs, and
-- none is worth 0: where value - wrong_costs * wrong of at_hand_at_k is highest, its height worth. most_k is the largest k
-- that has a score.
CREATE TABLE at_hand_best_k (
    benchmark VARCHAR, model VARCHAR, source VARCHAR, wrong_costs DOUBLE, k INTEGER, low INTEGER, high INTEGER,
    worth DOUBLE, most_k INTEGER
);

-- From budget on model is better than other with tests, at every budget up to compared_until. low..high is a 95 %
-- interval of that budget; a null high: not before compared_until. tied: neither is better at the end, no budget.
CREATE TABLE crossovers (
    benchmark VARCHAR, unit VARCHAR, model VARCHAR, other VARCHAR, tied BOOLEAN, budget DOUBLE, low DOUBLE, high DOUBLE,
    crossings INTEGER, compared_from DOUBLE, compared_until DOUBLE
);

-- The best mix of models at each budget, chosen on one half of the problems and scored on the other, the cheapest model's
-- samples drawn first; single is the best model alone, chosen and scored in the same way, margin the mix less it. mix and
-- single are those that all problems choose. early_stop: false, the budget pays for every sample; true, it bounds what a
-- problem costs in expectation if one stops at the first pass, which is spent. capped: models of which the budget buys
-- more samples than have a score, so that alone they may be better than single says.
CREATE TABLE mixes (
    benchmark VARCHAR, unit VARCHAR, budget DOUBLE, budget_absolute DOUBLE, early_stop BOOLEAN, mix VARCHAR,
    value DOUBLE, low DOUBLE, high DOUBLE, spent DOUBLE, single VARCHAR, single_k INTEGER, single_value DOUBLE,
    margin DOUBLE, margin_low DOUBLE, margin_high DOUBLE, most_models INTEGER, capped VARCHAR
);
