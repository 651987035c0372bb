"""The ranker that learns from other problems: what it sees, and that it learns."""

import itertools

import duckdb
import numpy as np
import pytest

from helpers.small_study import PASSED, SETTINGS, TASKS, aggregate, estimate, stage, write_study
from isobudget.console.answer import answer
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_metadata, read_rows
from isobudget.report.formatting import chooser_words
from isobudget.statistics.combined import FOLDS, combined, combined_rank_score_at_k, fit, logistic, regression
from isobudget.statistics.unbiased import rank_score_at_k
from isobudget.study.config import load
from isobudget.study.rankers import reader


def study(problems=60, n=12, slopes=(1.5, -1.0, 0.0), seed=0, spread=1.5):
    """Features, kept and passed of samples that pass by a known line, and problems that differ in how hard they are."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, spread, problems)
    # the first feature is larger on easy problems, as short programs are: between problems it says the opposite
    features = rng.normal(0, 1, (problems, n, len(slopes))) - np.array([2.0, 0.0, 0.0]) * hard[:, None, None]
    within = features - features.mean(axis=1, keepdims=True)
    passed = rng.random((problems, n)) < logistic(within @ np.array(slopes) + hard[:, None])
    return features, np.ones((problems, n), bool), passed


def scored(features, kept, passed):
    """Scores of a study in which nobody votes."""
    return combined(features, np.zeros((*kept.shape, 0), int), kept, passed, 0)[0]


def test_the_verdicts_of_a_problem_never_change_its_own_scores():
    features, kept, passed = study(problems=23)
    before = scored(features, kept, passed)
    changed = np.zeros(len(features), bool)
    for problem in range(len(features)):
        flipped = passed.copy()
        flipped[problem] = ~flipped[problem]
        after = scored(features, kept, flipped)
        np.testing.assert_array_equal(after[problem], before[problem])
        changed |= (after != before).any(axis=1)
    assert changed.all(), "and those of every other problem, sooner or later, do change"


def test_the_verdicts_of_a_problem_never_change_what_its_votes_weigh():
    features, kept, passed = study(problems=15)
    clusters = np.random.default_rng(2).integers(-1, 3, (*kept.shape, 2))
    before = combined(features, clusters, kept, passed, 0)
    for problem in range(len(features)):
        flipped = passed.copy()
        flipped[problem] = ~flipped[problem]
        for first, second in zip(before, combined(features, clusters, kept, flipped, 0), strict=True):
            np.testing.assert_array_equal(first[problem], second[problem])


def test_a_problems_own_scores_of_samples_never_change_how_it_is_weighed():
    """Doubling one sample's features moves that sample alone: means and deviations are those of other problems."""
    features, kept, passed = study(problems=23)
    before = scored(features, kept, passed)
    features[5, 3] *= 2
    after = scored(features, kept, passed)
    assert (after[5] != before[5]).tolist() == [sample == 3 for sample in range(12)]


def test_the_slopes_are_those_inside_a_problem_and_not_those_between():
    features, kept, passed = study(problems=400, n=20)
    slopes, _ = fit(features, kept, passed)
    np.testing.assert_allclose(slopes, [1.5, -1.0, 0.0], atol=0.15)
    pooled = np.corrcoef(features[..., 0].ravel(), passed.ravel())[0, 1]
    assert pooled < 0, "the example would show nothing if both said the same"


def test_chances_are_right_on_average():
    features, kept, passed = study(problems=200, n=20)
    slopes, intercept = fit(features, kept, passed)
    assert logistic(features @ slopes + intercept).mean() == pytest.approx(passed.mean(), abs=1e-3)


def test_it_ranks_better_than_each_of_its_parts_on_problems_it_did_not_see():
    features, kept, passed = study(problems=200, slopes=(-1.0, -1.0, -1.0))
    together = rank_score_at_k(passed, scored(features, kept, passed), kept, [6]).mean()
    for part in range(3):
        assert together > rank_score_at_k(passed, features[..., part], kept, [6]).mean() + 0.03


def test_luck_alone_is_not_learnt():
    features, kept, passed = study(problems=200, slopes=(0.0, 0.0, 0.0))
    random = passed.mean()
    together = rank_score_at_k(passed, scored(features, kept, passed), kept, [6]).mean()
    assert together == pytest.approx(random, abs=0.03)


def test_the_regression_is_the_maximum():
    rng = np.random.default_rng(1)
    rows, offset = rng.normal(0, 3, (80, 2)), rng.normal(0, 1, 80)
    labels = rng.random(80) < 0.5
    found = regression(rows, labels, offset, 0.5)
    gradient = rows.T @ (labels - logistic(rows @ found + offset)) - 0.5 * found
    np.testing.assert_allclose(gradient, 0, atol=1e-8)


def test_separable_samples_and_useless_features_give_finite_slopes():
    features, kept, passed = study(problems=30)
    features[..., 1] = passed * 100.0
    features[..., 2] = 7.0
    slopes, intercept = fit(features, kept, passed)
    assert np.isfinite([*slopes, intercept]).all() and slopes[2] == 0
    for all_same in (np.zeros_like(passed), np.ones_like(passed)):
        slopes, intercept = fit(features, kept, all_same)
        assert slopes.tolist() == [0, 0, 0] and np.isfinite(intercept)


def test_samples_that_are_not_kept_are_neither_learnt_from_nor_scored():
    features, kept, passed = study(problems=40)
    kept[:, 0] = False
    features[:, 0] = np.nan
    before = scored(features, kept, passed)
    passed[:, 0] = ~passed[:, 0]
    np.testing.assert_array_equal(scored(features, kept, passed), before)
    assert (before[:, 0] == 0).all() and np.isfinite(before).all() and (before[:, 1:] != 0).all()


def test_one_problem_alone_has_nobody_to_learn_from():
    features, kept, passed = study(problems=1)
    assert (scored(features, kept, passed) == 0).all()
    assert FOLDS > 1


def test_the_stage_writes_scores_that_are_estimated_and_charged(tmp_path):
    """Through the stages: `combined` costs what its parts' readers cost, and its file holds all blocks."""
    results = tmp_path / "results"
    write_study(results)
    for model, blocks in SETTINGS["models"].items():
        settings = {
            "benchmark": "humaneval",
            "model": model,
            "blocks": blocks,
            "ranker": "combined",
            "rankers": SETTINGS["rankers"],
            "seed": 0,
        }
        done = stage(
            "estimates.combined", results / f"scores/combined/humaneval/{model}/sampled.parquet", results, settings
        )
        assert done.returncode == 0, done.stderr
        estimate(results, model, rankers=["combined", *SETTINGS["rankers"]])
    file = results / "scores/combined/humaneval/S/sampled.parquet"
    assert read_metadata(file, "scores")["of"] == SETTINGS["rankers"]
    found = read_rows(file, "scores").to_pylist()
    assert [(row["task_id"], row["sample"]) for row in found] == [(t, s) for t in TASKS for s in range(8)]
    done = aggregate(results, rankers=["combined", *SETTINGS["rankers"]])
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(results / "isobudget.duckdb"), read_only=True) as connection:
        costs = connection.execute(
            "SELECT model, unit, candidate, once FROM candidate_costs WHERE ranker = 'combined' ORDER BY ALL"
        ).fetchall()
        scored = dict(
            connection.execute(
                "SELECT k, value FROM rank_score_at_k WHERE ranker = 'combined' AND model = 'S'"
            ).fetchall()
        )
        assert connection.execute("SELECT count(*) FROM scores WHERE ranker = 'combined'").fetchone() == (36,)
    # S is read by L, whose scoring takes 0.5 s; L reads its own samples for nothing
    assert costs == [
        ("L", "flops", 4e12, 0),
        ("L", "seconds", 1.5, 0),
        ("S", "flops", 5e12, 0),
        ("S", "seconds", 1.0, 0),
    ]
    scores = np.array([row["score"] for row in found]).reshape(3, 8)
    by_hand = rank_score_at_k(np.array(PASSED["S"]), scores, np.ones((3, 8)), [1, 2, 3, 4]).mean(axis=0)
    assert [scored[k] for k in (1, 2, 3, 4)] == pytest.approx(by_hand)


def test_every_model_reads_every_models_samples_by_one_word():
    read, imported = {"engine": "recorded", "samples": 4}, {"engine": "import", "path": "x", "samples": 4}
    found = load({"models": {"a": read, "b": read, "c": imported}, "rankers": ["shortest", "nll:*", "random"]})
    assert found.rankers == ("shortest", "nll:a", "nll:b", "random")
    assert reader("nll:a", "b") == "a" and reader("nll:a", "a") is None
    assert load({"models": {"a": read}, "rankers": ["nll:*", "nll:a"]}).rankers == ("nll:a",)


def enumerated(passed, scores, weights, clusters, kept, k):
    """Over all subsets: the share whose best one passes, ties averaged, by loops."""
    total, count = 0.0, 0
    for subset in itertools.combinations(range(len(passed)), k):
        alive = [i for i in subset if kept[i]]
        worth = {}
        for i in alive:
            worth[i] = -scores[i]
            for vote, weight in enumerate(weights):
                mine = clusters[i][vote]
                agree = sum(clusters[j][vote] == mine for j in alive if j != i) if mine >= 0 else 0
                worth[i] += weight * agree / max(len(alive) - 1, 1)
        best = [i for i in alive if worth[i] > max(worth.values()) - 1e-12]
        total += np.mean([passed[i] for i in best]) if best else 0
        count += 1
    return total / count


def test_rank_score_with_votes_equals_enumeration_ties_included():
    rng = np.random.default_rng(3)
    problems, n = 40, 6
    passed, kept = rng.random((problems, n)) < 0.5, rng.random((problems, n)) < 0.85
    scores = rng.integers(0, 3, (problems, n)) / 2.0
    clusters = rng.integers(-1, 3, (problems, n, 2))
    weights = rng.choice([0.0, 1.0, 2.5], (problems, 2))
    found = combined_rank_score_at_k(passed, scores, weights, clusters, kept, range(1, n + 1))
    for p in range(problems):
        for k in range(1, n + 1):
            exact = enumerated(passed[p], scores[p], weights[p], clusters[p].tolist(), kept[p], k)
            assert found[p, k - 1] == pytest.approx(exact, abs=1e-12), (p, k)


def test_a_problem_in_which_nobody_has_a_vote_is_ranked_by_the_rest():
    _, kept, passed = study(problems=3, n=6)
    scores = np.random.default_rng(3).normal(size=kept.shape)
    nobody = np.full((*kept.shape, 1), -1)
    found = combined_rank_score_at_k(passed, scores, np.ones((3, 1)), nobody, kept, range(1, 7))
    np.testing.assert_allclose(found, rank_score_at_k(passed, scores, kept, np.arange(1, 7)))


def test_without_weight_votes_change_nothing_but_for_the_draws():
    features, kept, passed = study(problems=60, n=32)
    scores = scored(features, kept, passed)
    clusters = np.zeros((*kept.shape, 1), int)
    drawn = combined_rank_score_at_k(passed, scores, np.zeros((60, 1)), clusters, kept, [1, 4, 16])
    exact = rank_score_at_k(passed, scores, kept, [1, 4, 16])
    assert np.abs(drawn - exact).max() < 0.06
    np.testing.assert_allclose(drawn.mean(axis=0), exact.mean(axis=0), atol=0.006)


def test_agreement_that_says_who_is_right_is_learnt():
    rng = np.random.default_rng(4)
    passed = rng.random((80, 12)) < 0.5
    clusters = np.where(passed, 0, rng.integers(1, 9, passed.shape))[..., None]  # right ones agree, wrong ones do not
    kept, features = np.ones(passed.shape, bool), rng.normal(0, 1, (80, 12, 1))
    scores, weights = combined(features, clusters, kept, passed, 0)
    assert (weights > 3).all()
    together = combined_rank_score_at_k(passed, scores, weights, clusters, kept, [6]).mean()
    assert together > rank_score_at_k(passed, scores, kept, [6]).mean() + 0.2


def test_combined_of_nothing_is_refused():
    models = {"m": {"engine": "recorded", "samples": 4}}
    assert load({"models": models, "rankers": ["combined", "shortest", "random"]}).parts("m") == ["shortest"]
    with pytest.raises(StudyError, match="'combined' weighs the other rankers of a model's samples, and m has none"):
        load({"models": models, "rankers": ["combined", "random"]})


def test_whoever_is_told_to_use_it_is_told_that_it_needs_labels(tmp_path):
    """In the answer on the command line and in the report's words."""
    results = tmp_path / "results"
    write_study(results)
    for model, blocks in SETTINGS["models"].items():
        keys = {"ranker": "combined", "benchmark": "humaneval", "model": model, "blocks": blocks, "seed": 0}
        keys |= {"rankers": ["nll:self"]}
        done = stage(
            "estimates.combined", results / f"scores/combined/humaneval/{model}/sampled.parquet", results, keys
        )
        assert done.returncode == 0, done.stderr
        estimate(results, model, rankers=["combined"], greedy=False)
    done = aggregate(results, rankers=["combined"], greedy=False)
    assert done.returncode == 0, done.stderr
    told = answer(results / "isobudget.duckdb", 2, "flops", tests=False)
    assert "combined choosing" in told and "combined learns from the labels of other problems" in told
    assert chooser_words("combined", ["S", "L"]) == "combined (learns from labels of other problems)"
