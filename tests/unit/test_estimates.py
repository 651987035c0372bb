"""Estimates: the estimators against enumeration of all subsets, intervals by hand, blocks on disk end to end."""

import itertools
import json
import subprocess
import sys
from fractions import Fraction
from statistics import NormalDist, mean

import numpy as np
import pyarrow.parquet as pq
import pytest

from isobudget.estimates.samples import read_outcomes, read_scores
from isobudget.files.errors import StudyError
from isobudget.files.tables import write_rows
from isobudget.statistics.bootstrap import acceleration, interval, replicates, resamples, widening
from isobudget.statistics.unbiased import none_passes, pass_at_k, rank_score_at_k, samples_until_pass, samples_within


def enumerated_pass_at_k(passed, k):
    subsets = list(itertools.combinations(passed, k))
    return Fraction(sum(any(subset) for subset in subsets), len(subsets))


def enumerated_rank_score_at_k(passed, scores, kept, k):
    """Over all subsets and, within each, all orders that break its ties: does the best kept one pass?"""
    total, count = 0, 0
    for subset in itertools.combinations(range(len(passed)), k):
        chosen = [i for i in subset if kept[i]]
        best = [i for i in chosen if scores[i] == min(scores[j] for j in chosen)]
        total += Fraction(sum(passed[i] for i in best), len(best)) if best else 0
        count += 1
    return total / count


@pytest.mark.parametrize("n", range(1, 9))
def test_pass_at_k_equals_enumeration_for_every_c_and_k(n):
    estimate = pass_at_k(n, range(n + 1), range(1, n + 1))
    for c, k in itertools.product(range(n + 1), range(1, n + 1)):
        exact = enumerated_pass_at_k([i < c for i in range(n)], k)
        assert estimate[c, k - 1] == pytest.approx(float(exact), abs=1e-14)


@pytest.mark.parametrize("n", range(1, 8))
def test_samples_until_pass_equals_enumeration_of_every_order(n):
    estimate = samples_until_pass(n, range(n + 1), range(1, n + 1))
    for c in range(n + 1):
        # where the passes lie in a random order of n samples: every choice of c places is as likely
        first = [min(places, default=n) + 1 for places in itertools.combinations(range(n), c)]
        for k in range(1, n + 1):
            exact = Fraction(sum(min(place, k) for place in first), len(first))
            assert estimate[c, k - 1] == pytest.approx(float(exact), abs=1e-12)


def test_samples_until_pass_equals_a_simulation_of_new_samples():
    rng = np.random.default_rng(0)
    chance, n, k, count = 0.3, 32, 16, 200_000
    estimate = samples_until_pass(n, rng.binomial(n, chance, count), [1, 4, k]).mean(axis=0)
    spent = np.minimum(rng.geometric(chance, count)[:, None], [1, 4, k]).mean(axis=0)
    np.testing.assert_allclose(estimate, spent, atol=0.02)
    np.testing.assert_allclose(estimate, [(1 - 0.7**j) / 0.3 for j in (1, 4, k)], atol=0.015)


def test_no_samples_are_never_enough_and_stopping_never_costs_more_than_going_on():
    assert (none_passes(9, [0, 4, 9], 0) == 1).all()
    spent = samples_until_pass(2000, np.arange(2001), np.arange(1, 1001))
    assert (spent <= np.arange(1, 1001) * (1 + 1e-12)).all()
    np.testing.assert_allclose(spent[0], np.arange(1, 1001), rtol=1e-12)  # nothing ever passes: all k are drawn
    assert (spent[2000] == 1).all()


@pytest.mark.parametrize("n", range(1, 6))
def test_rank_score_at_k_equals_enumeration_for_every_pass_tie_and_kept_pattern(n):
    patterns = list(
        itertools.product(
            itertools.product([False, True], repeat=n),
            {tuple(sorted(scores)) for scores in itertools.product(range(n), repeat=n)},
            itertools.product([False, True], repeat=n),
        )
    )
    passed, scores, kept = (np.array([pattern[i] for pattern in patterns]) for i in range(3))
    estimate = rank_score_at_k(passed, scores, kept, range(1, n + 1))
    chosen = range(len(patterns)) if len(patterns) < 5000 else range(0, len(patterns), 37)
    for row, k in itertools.product(chosen, range(1, n + 1)):
        exact = enumerated_rank_score_at_k(*patterns[row], k)
        assert estimate[row, k - 1] == pytest.approx(float(exact), abs=1e-13), patterns[row]


def test_ties_are_the_mean_over_every_order_of_the_tied():
    passed = np.array([True, False, True, False, False, True])
    scores = [2, 1, 1, 1, 2, 0]
    for k in range(1, 7):
        over_orders = []
        for order in itertools.permutations(range(6)):
            ranked = sorted(order, key=lambda i: scores[i])  # stable: `order` breaks the ties
            untied = np.empty(6)
            untied[ranked] = range(6)
            over_orders.append(rank_score_at_k([passed], [untied], np.ones((1, 6)), k)[0, 0])
        tied = rank_score_at_k([passed], [scores], np.ones((1, 6)), k)[0, 0]
        assert tied == pytest.approx(mean(over_orders), abs=1e-12)


def test_order_of_samples_does_not_matter():
    passed, scores, kept = [[True, False, True, False]], [[0.3, 0.1, 0.1, 9.0]], [[True, True, True, False]]
    reference = rank_score_at_k(passed, scores, kept, [1, 2, 3, 4])
    for order in itertools.permutations(range(4)):
        shuffled = [[row[0][i] for i in order] for row in (passed, scores, kept)]
        again = rank_score_at_k(*([row] for row in shuffled), [1, 2, 3, 4])
        np.testing.assert_allclose(again, reference, atol=1e-15)


def test_a_sample_that_is_not_kept_is_paid_for_and_never_chosen():
    # of two samples the passing one hit the limit: bought alone it is worth nothing, and so is the other
    assert rank_score_at_k([[True, False]], [[0.0, 1.0]], [[False, True]], [1, 2]).tolist() == [[0.0, 0.0]]
    # were the cut one dropped from n, k = 1 would give 1; it was one of the two draws, so it is a half
    assert rank_score_at_k([[True, False]], [[1.0, np.nan]], [[True, False]], [1, 2]).tolist() == [[0.5, 1.0]]


def test_estimates_stay_finite_and_monotone_at_n_2000():
    c = np.arange(2001)
    k = np.arange(1, 1001)
    estimate = pass_at_k(2000, c, k)
    assert np.isfinite(estimate).all()
    assert (np.diff(estimate, axis=0) >= 0).all(), "more samples pass"
    assert (np.diff(estimate, axis=1) >= 0).all(), "more samples are drawn"
    np.testing.assert_allclose(estimate[:, 0], c / 2000, rtol=1e-12)
    np.testing.assert_allclose(estimate[1], k / 2000, rtol=1e-9)
    assert (estimate[0] == 0).all()
    assert (estimate[1001:, 999] == 1).all()

    passed = c[1:] % 3 == 0
    perfect = rank_score_at_k([passed], [~passed], np.ones((1, 2000)), k)
    np.testing.assert_allclose(perfect, pass_at_k(2000, [passed.sum()], k), rtol=1e-9)
    useless = rank_score_at_k([passed], np.zeros((1, 2000)), np.ones((1, 2000)), k)
    np.testing.assert_allclose(useless, passed.mean(), rtol=1e-9)


def test_pass_at_k_at_n_2000_equals_exact_integers():
    from math import comb

    for c, k in [(1, 1000), (3, 17), (700, 2), (1500, 499), (1999, 1)]:
        exact = 1 - Fraction(comb(2000 - c, k), comb(2000, k))
        assert pass_at_k(2000, [c], [k])[0, 0] == pytest.approx(float(exact), rel=1e-11)


@pytest.mark.parametrize(
    "call", [lambda: pass_at_k(4, [5], [1]), lambda: pass_at_k(4, [1], [5]), lambda: pass_at_k(4, [1], [0])]
)
def test_what_lies_out_of_range_is_refused(call):
    with pytest.raises(ValueError, match="must be between"):
        call()


def test_a_kept_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        rank_score_at_k([[True, False]], [[np.nan, 1]], [[True, True]], [1])


def test_samples_within_a_budget_is_a_floor_that_forgives_rounding():
    assert [samples_within(budget, 4.0) for budget in (3.99, 4, 7.9, 8)] == [0, 1, 1, 2]
    assert samples_within(0.3, 0.1) == 3, "0.3 / 0.1 is a little below 3 in binary"
    ratio = 1.69e12
    assert all(samples_within(k * ratio, ratio) == k for k in range(1, 2000))
    for budget, cost in [(1, 0), (1, -1), (-1, 1), (float("inf"), 1), (1, float("nan"))]:
        with pytest.raises(ValueError, match="a budget must be finite and a cost positive"):
            samples_within(budget, cost)


def bca(values, replicates, t):
    """The interval of the docstring, one plain number at a time; t is the 97.5th percentile of t, from a table."""
    problems, middle = len(values), mean(values)
    a = sum((v - middle) ** 3 for v in values) / (6 * sum((v - middle) ** 2 for v in values) ** 1.5)
    ordered, ends = sorted(replicates), []
    for z in (-t, t):
        z = a + z * (problems / (problems - 1)) ** 0.5
        place = NormalDist().cdf(a + z / (1 - a * z)) * (len(ordered) - 1)
        below = int(place)
        ends.append(ordered[below] + (place - below) * (ordered[min(below + 1, len(ordered) - 1)] - ordered[below]))
    return ends


def test_intervals_equal_a_brute_force_bootstrap():
    values = np.random.default_rng(5).random((30, 3)) ** 4  # skew
    counts = resamples(30, 400, seed=3)
    drawn = np.random.default_rng(3).integers(30, size=(400, 30))
    means = np.array([[mean(values[i, column] for i in row) for column in range(3)] for row in drawn])
    np.testing.assert_allclose(replicates(values, counts), means, atol=1e-15)
    low, high = interval(replicates(values, counts), 30, acceleration(values))
    for column in range(3):
        mine = values[:, column].tolist(), means[:, column].tolist()
        assert (low[column], high[column]) == pytest.approx(bca(*mine, 2.0452296), abs=1e-4)
        assert (low[column], high[column]) != pytest.approx(bca(*mine, 1.96), abs=1e-4)


def test_without_skewness_an_interval_is_of_percentiles_widened_for_few_problems():
    drawn = np.random.default_rng(5).normal(size=(1000, 2))
    level = NormalDist().cdf(-1.959964 * widening(164))
    assert 0.023 < level < 0.025
    np.testing.assert_allclose(interval(drawn, 164), np.quantile(drawn, [level, 1 - level], axis=0), atol=1e-6)


def test_an_interval_and_its_mirror_image_are_mirrored():
    values = np.random.default_rng(6).random((40, 5)) ** 3
    drawn = replicates(values, resamples(40, 500, 0))
    low, high = interval(drawn, 40, acceleration(values))
    below, above = interval(-drawn, 40, acceleration(-values))
    np.testing.assert_allclose((low, high), (-above, -below), atol=1e-12)


def test_few_problems_widen_as_the_t_distribution_does():
    t = {2: 4.302653, 4: 2.776445, 7: 2.364624, 19: 2.093024, 163: 1.974625}  # a table's
    for freedom, quantile in t.items():
        ratio = quantile / 1.959964 * (1 + 1 / freedom) ** 0.5
        assert widening(freedom + 1) == pytest.approx(ratio, rel=0.001 if freedom >= 7 else 0.04)


def test_a_mean_that_never_varies_has_an_interval_of_no_width():
    values = np.full((8, 2), 0.3)
    assert acceleration(values).tolist() == [0, 0]
    low, high = interval(np.full((50, 2), 0.3), 8, acceleration(values))
    assert low.tolist() == high.tolist() == [0.3, 0.3]


def test_resamples_depend_on_seed_and_size_alone():
    assert (resamples(9, 50, 0) == resamples(9, 50, 0)).all()
    assert (resamples(9, 50, 0) != resamples(9, 50, 1)).any()
    assert (resamples(9, 50, 0).sum(axis=1) == 9).all()


# --- on disk -----------------------------------------------------------------------------------------------------

PASSED = {"b": [1, 0, 0, 1], "a": [0, 0, 0, 1], "c": [1, 1, 1, 1]}  # task_id -> sample -> passed
SCORES = {"b": [0.1, 0.2, 0.2, 0.9], "a": [0.4, 0.3, 0.2, 0.1], "c": [1.0, 1.0, 1.0, 1.0]}


def outcome(task_id, sample, passed, **changes):
    verdict = "passed" if passed else "failed"
    row = {
        "task_id": task_id,
        "sample": sample,
        "program_sha256": "0",
        "verdict": verdict,
        "detail": "",
        "cpu_seconds": 0,
    }
    return {**row, **changes}


def write_blocks(results, outcomes, greedy=None, ranker="nll:self"):
    """Two blocks of two samples, rows in no particular order."""
    for block in (0, 1):
        chosen = [(task, sample) for sample in (2 * block + 1, 2 * block) for task in outcomes]
        place = f"humaneval/M/sampled/{block}.parquet"
        write_rows(results / "outcomes" / place, "outcomes", [outcome(t, s, outcomes[t][s]) for t, s in chosen])
        kept = [{"task_id": t, "sample": s, "score": SCORES[t][s], "kept": (t, s) != ("b", 0)} for t, s in chosen]
        write_rows(results / "scores" / ranker / place, "scores", kept)
    rows = [outcome(task, 0, passed) for task, passed in (greedy or {"a": 0, "b": 1, "c": 1}).items()]
    write_rows(results / "outcomes/humaneval/M/greedy/0.parquet", "outcomes", rows)


def run_stage(results, output, **changes):
    settings = {"benchmark": "humaneval", "model": "M", "blocks": 2, "greedy": True, "rankers": ["nll:self"]}
    settings |= {"bootstrap": {"resamples": 100, "seed": 0}, **changes}
    command = [sys.executable, "-m", "isobudget.estimates", "--results", results, "--output", output]
    command += ["--settings", json.dumps(settings), "--log", output.with_suffix(".log")]
    return subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True)


def test_the_stage_writes_every_metric_ranker_and_k_up_to_half_of_n(tmp_path):
    write_blocks(tmp_path, PASSED)
    output = tmp_path / "M.parquet"
    assert run_stage(tmp_path, output).returncode == 0
    rows = pq.read_table(output).to_pylist()
    assert [(row["metric"], row["ranker"], row["k"]) for row in rows] == [
        ("pass_at_k", None, 1),
        ("pass_at_k", None, 2),
        ("samples_until_pass", None, 1),
        ("samples_until_pass", None, 2),
        ("rank_score_at_k", "nll:self", 1),
        ("rank_score_at_k", "nll:self", 2),
        ("greedy", None, 1),
    ]
    kept = {task: [(task, sample) != ("b", 0) for sample in range(4)] for task in PASSED}
    for row in rows[:2]:
        assert row["value"] == pytest.approx(mean(float(enumerated_pass_at_k(p, row["k"])) for p in PASSED.values()))
    for row, exact in zip(rows[2:4], (1, 1 + mean([1 / 2, 3 / 4, 0])), strict=True):
        assert row["value"] == pytest.approx(exact)  # the second is drawn where the first fails
    for row in rows[4:6]:
        exact = [float(enumerated_rank_score_at_k(PASSED[t], SCORES[t], kept[t], row["k"])) for t in PASSED]
        assert row["value"] == pytest.approx(mean(exact))
    assert rows[6]["value"] == pytest.approx(2 / 3)
    assert [row["n"] for row in rows] == [4, 4, 4, 4, 4, 4, 1]
    assert {row["problems"] for row in rows} == {3}
    drawn = np.random.default_rng(0).integers(3, size=(100, 3))
    greedy = np.array([0, 1, 1])[drawn].mean(axis=1)  # problems in sorted order: a, b, c
    np.testing.assert_allclose(rows[6]["replicates"], greedy, atol=1e-15)
    low, high = interval(greedy[:, None], 3, acceleration(np.array([[0.0], [1.0], [1.0]])))
    assert (rows[6]["low"], rows[6]["high"]) == (pytest.approx(low[0]), pytest.approx(high[0]))


def test_one_sample_a_problem_gives_pass_at_1_and_greedy(tmp_path):
    for decoding in ("sampled", "greedy"):
        place = tmp_path / f"outcomes/humaneval/M/{decoding}/0.parquet"
        write_rows(place, "outcomes", [outcome("a", 0, 1), outcome("b", 0, 0)])
    assert run_stage(tmp_path, tmp_path / "M.parquet", blocks=1, rankers=[]).returncode == 0
    rows = pq.read_table(tmp_path / "M.parquet").to_pylist()
    assert [(row["metric"], row["k"], row["value"]) for row in rows] == [
        ("pass_at_k", 1, 0.5),
        ("samples_until_pass", 1, 1.0),
        ("greedy", 1, 0.5),
    ]


def assert_one_sentence(done, tmp_path, *parts):
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(part in done.stderr for part in parts), done.stderr
    assert not (tmp_path / "M.parquet").exists()


def rewrite(path, change):
    rows = pq.read_table(path).to_pylist()
    write_rows(path, "scores" if "score" in rows[0] else "outcomes", change(rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], "sample 3 of b is missing"),
        (lambda rows: [*rows, rows[0]], "sample 3 of b is there 2 times"),
        (lambda rows: [{**rows[0], "sample": 99}, *rows[1:]], "sample 99 is no number among 12 samples"),
        (lambda rows: [{**rows[0], "verdict": "infra"}, *rows[1:]], "the verdict 'infra' says nothing"),
        (lambda rows: [{**rows[0], "verdict": None}, *rows[1:]], "the column verdict has empty values"),
        (lambda rows: [{**rows[0], "task_id": None}, *rows[1:]], "the column task_id has empty values"),
    ],
)
def test_outcomes_that_are_not_every_sample_once_name_file_and_task(tmp_path, change, message):
    write_blocks(tmp_path, PASSED)
    file = tmp_path / "outcomes/humaneval/M/sampled/1.parquet"
    rewrite(file, change)
    assert_one_sentence(run_stage(tmp_path, tmp_path / "M.parquet"), tmp_path, str(file), message)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), None])
def test_a_score_that_is_no_number_names_file_and_task(tmp_path, score):
    write_blocks(tmp_path, PASSED)
    file = tmp_path / "scores/nll:self/humaneval/M/sampled/0.parquet"
    rewrite(file, lambda rows: [{**rows[1], "score": score, "kept": True}, rows[0], *rows[2:]])
    done = run_stage(tmp_path, tmp_path / "M.parquet")
    assert_one_sentence(done, tmp_path, str(file), "sample 1 of a is kept with a score of")


def test_scores_of_other_samples_are_refused(tmp_path):
    write_blocks(tmp_path, PASSED)
    task_ids, passed = read_outcomes([tmp_path / f"outcomes/humaneval/M/sampled/{block}.parquet" for block in (0, 1)])
    assert task_ids == ["a", "b", "c"]
    assert passed.tolist() == [[bool(p) for p in PASSED[task]] for task in task_ids]
    scores = [tmp_path / f"scores/nll:self/humaneval/M/sampled/{block}.parquet" for block in (0, 1)]
    with pytest.raises(StudyError, match=r"sampled/0\.parquet: .* 2 samples a problem here, 4 there"):
        read_scores(scores[:1], task_ids, 4)
    with pytest.raises(StudyError, match="c is in one and not in the other"):
        read_scores(scores, ["a", "b", "d"], 4)


def test_problems_that_their_own_reference_excluded_count_nowhere(tmp_path):
    write_blocks(tmp_path, PASSED)
    for file in sorted(tmp_path.glob("outcomes/humaneval/M/*/*.parquet")):
        kept = [row for row in pq.read_table(file).to_pylist() if row["task_id"] != "b"]
        write_rows(file, "outcomes", kept, {"excluded": ["b"]})
    assert run_stage(tmp_path, tmp_path / "M.parquet").returncode == 0
    rows = pq.read_table(tmp_path / "M.parquet").to_pylist()
    assert {row["problems"] for row in rows} == {2}
    for row in (row for row in rows if row["metric"] == "pass_at_k"):
        exact = [float(enumerated_pass_at_k(PASSED[task], row["k"])) for task in ("a", "c")]
        assert row["value"] == pytest.approx(mean(exact))
    kept = {task: [(task, sample) != ("b", 0) for sample in range(4)] for task in PASSED}
    ranked = [row for row in rows if row["metric"] == "rank_score_at_k"]
    assert len(ranked) == 2
    for row in ranked:
        exact = [float(enumerated_rank_score_at_k(PASSED[t], SCORES[t], kept[t], row["k"])) for t in ("a", "c")]
        assert row["value"] == pytest.approx(mean(exact))


def test_blocks_that_exclude_other_problems_are_refused(tmp_path):
    write_blocks(tmp_path, PASSED)
    file = tmp_path / "outcomes/humaneval/M/sampled/1.parquet"
    write_rows(file, "outcomes", pq.read_table(file).to_pylist(), {"excluded": ["d"]})
    done = run_stage(tmp_path, tmp_path / "M.parquet")
    assert_one_sentence(done, tmp_path, f"{file}: d is excluded either here or in", "sampled/0.parquet, not in both")


def test_greedy_over_other_problems_is_refused(tmp_path):
    write_blocks(tmp_path, PASSED, greedy={"a": 1, "b": 0})
    done = run_stage(tmp_path, tmp_path / "M.parquet")
    assert_one_sentence(done, tmp_path, "greedy/0.parquet: c is either")


@pytest.mark.parametrize("damage", ["missing", "truncated", "foreign", "page"])
def test_a_file_that_is_not_whole_is_named(tmp_path, damage):
    write_blocks(tmp_path, PASSED)
    file = tmp_path / "outcomes/humaneval/M/sampled/1.parquet"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "foreign":
        file.write_text("task_id,sample\n")
    else:  # the footer is whole, the first data page is not
        file.write_bytes(whole[:4] + b"\xff" * 60 + whole[64:])
    assert_one_sentence(run_stage(tmp_path, tmp_path / "M.parquet"), tmp_path, str(file))
