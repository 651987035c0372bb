"""The ranker that learns from other problems: what it sees, and that it learns."""

import duckdb
import numpy as np
import pytest
from small_study import PASSED, SETTINGS, TASKS, aggregate, estimate, stage, write_study

from isobudget.config import load
from isobudget.errors import StudyError
from isobudget.rows import read_metadata, read_rows
from isobudget.statistics.combined import FOLDS, combined, fit, logistic, regression
from isobudget.statistics.unbiased import rank_score_at_k


def study(problems=60, n=12, slopes=(1.5, -1.0, 0.0), seed=0, spread=1.5):
    """Features, kept and passed of samples that pass by a known line, and problems that differ in how hard they are."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, spread, problems)
    # the first feature is larger on easy problems, as short programs are: between problems it says the opposite
    features = rng.normal(0, 1, (problems, n, len(slopes))) - np.array([2.0, 0.0, 0.0]) * hard[:, None, None]
    within = features - features.mean(axis=1, keepdims=True)
    passed = rng.random((problems, n)) < logistic(within @ np.array(slopes) + hard[:, None])
    return features, np.ones((problems, n), bool), passed


def test_the_verdicts_of_a_problem_never_change_its_own_scores():
    features, kept, passed = study(problems=23)
    before = combined(features, kept, passed, 0)
    changed = np.zeros(len(features), bool)
    for problem in range(len(features)):
        flipped = passed.copy()
        flipped[problem] = ~flipped[problem]
        after = combined(features, kept, flipped, 0)
        np.testing.assert_array_equal(after[problem], before[problem])
        changed |= (after != before).any(axis=1)
    assert changed.all(), "and those of every other problem, sooner or later, do change"


def test_a_problems_own_scores_of_samples_never_change_how_it_is_weighed():
    """Doubling one sample's features moves that sample alone: means and deviations are those of other problems."""
    features, kept, passed = study(problems=23)
    before = combined(features, kept, passed, 0)
    features[5, 3] *= 2
    after = combined(features, kept, passed, 0)
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
    together = rank_score_at_k(passed, combined(features, kept, passed, 0), kept, [6]).mean()
    for part in range(3):
        assert together > rank_score_at_k(passed, features[..., part], kept, [6]).mean() + 0.03


def test_luck_alone_is_not_learnt():
    features, kept, passed = study(problems=200, slopes=(0.0, 0.0, 0.0))
    random = passed.mean()
    together = rank_score_at_k(passed, combined(features, kept, passed, 0), kept, [6]).mean()
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
    before = combined(features, kept, passed, 0)
    passed[:, 0] = ~passed[:, 0]
    np.testing.assert_array_equal(combined(features, kept, passed, 0), before)
    assert (before[:, 0] == 0).all() and (before[:, 1:] < 0).all()


def test_one_problem_alone_has_nobody_to_learn_from():
    features, kept, passed = study(problems=1)
    assert (combined(features, kept, passed, 0) == 0).all()
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
    assert found.scorer("nll:a", "b") == "a" and found.scorer("nll:a", "a") is None
    assert load({"models": {"a": read}, "rankers": ["nll:*", "nll:a"]}).rankers == ("nll:a",)


def test_combined_of_nothing_is_refused():
    models = {"m": {"engine": "recorded", "samples": 4}}
    assert load({"models": models, "rankers": ["combined", "shortest", "random"]}).parts("m") == ["shortest"]
    with pytest.raises(StudyError, match="'combined' weighs the other rankers of a model's samples, and m has none"):
        load({"models": models, "rankers": ["combined", "random"]})
