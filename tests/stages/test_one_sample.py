"""One sample a problem, which is what most published files have: pass@1, its interval, its place at every budget."""

import shutil

import duckdb
import pytest

from helpers.small_study import SETTINGS, TASKS, aggregate, estimate, score, write_cell
from isobudget.files.tables import read_rows, write_rows


@pytest.fixture
def study(small, tmp_path):
    """The small study, where L has one sample a problem and no greedy one: it passes on two of three problems."""
    results = shutil.copytree(small, tmp_path / "results")
    shutil.rmtree(results / "outcomes/humaneval/L")
    write_cell(results, "L", "sampled", 0, [0])
    estimate(results, "L", greedy=False)
    return results


def estimated(results, metric):
    rows = read_rows(results / "estimates/humaneval/L.parquet", "estimates").to_pylist()
    return [row for row in rows if row["metric"] == metric]


def test_pass_at_1_is_estimated_with_its_interval_over_problems(study):
    (row,) = estimated(study, "pass_at_k")
    assert (row["k"], row["n"], row["problems"]) == (1, 1, 3)
    assert row["value"] == pytest.approx(2 / 3)
    assert row["low"] < 2 / 3 < row["high"]
    assert [row["value"] for row in estimated(study, "samples_until_pass")] == [1.0]


def test_every_ranker_of_one_sample_gives_pass_at_1(study):
    ranked = estimated(study, "rank_score_at_k")
    assert {row["ranker"] for row in ranked} == set(SETTINGS["rankers"])
    assert [row["k"] for row in ranked] == [1, 1]
    assert [row["value"] for row in ranked] == pytest.approx([2 / 3, 2 / 3])


def test_a_vote_of_one_sample_gives_pass_at_1(study):
    place = "humaneval/L/sampled/0.parquet"
    rows = [
        {"task_id": name, "sample": 0, "score": -1.0, "kept": True, "cluster": f"{score('L', 'x', task, 0)}"}
        for task, name in enumerate(TASKS)
    ]
    write_rows(study / "scores/agreement:examples" / place, "votes", rows)
    estimate(study, "L", greedy=False, rankers=["agreement:examples"])
    assert [(row["k"], row["value"]) for row in estimated(study, "rank_score_at_k")] == [(1, pytest.approx(2 / 3))]


def test_what_tests_at_hand_accept_of_one_sample_is_estimated(study):
    place = "humaneval/L/sampled/0.parquet"
    outcomes = read_rows(study / "outcomes" / place, "outcomes").to_pylist()
    write_rows(study / "at_hand/examples" / place, "outcomes", outcomes)
    estimate(study, "L", greedy=False, at_hand=["examples"])
    assert [(row["k"], row["value"]) for row in estimated(study, "at_hand_right_at_k")] == [(1, pytest.approx(2 / 3))]


def test_it_has_its_place_among_the_options_at_the_price_of_one_generation(study):
    done = aggregate(study, greedy=["S"])
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:

        def ask(query):
            return connection.execute(query).fetchall()

        assert ask("SELECT k, round(value, 9) FROM pass_at_k WHERE model = 'L'") == [(1, round(2 / 3, 9))]
        # one generation of L costs four of S in FLOPs, and three in seconds
        assert ask("SELECT unit, budget, k FROM pass_at_budget WHERE model = 'L' ORDER BY ALL") == [
            ("flops", 4.0, 1),
            ("seconds", 3.0, 1),
        ]
        winner = "SELECT model, k, runner_up, margin_low IS NOT NULL FROM winners WHERE unit = 'flops' AND budget = 4"
        assert ask(winner) == [("L", 1, "S", True)]
        assert ask("SELECT DISTINCT single FROM against_one WHERE other = 'L'") == [("sampled",)]
        # a larger budget would buy more of L than it has, and says so
        assert ask("SELECT DISTINCT capped FROM answers WHERE unit = 'flops' AND tests AND budget = 8") == [("L, S",)]
        assert ask("SELECT DISTINCT capped FROM mixes WHERE unit = 'flops' AND budget = 4 AND NOT early_stop") == [
            (None,)
        ]
