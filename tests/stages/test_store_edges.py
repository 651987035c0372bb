"""The store on studies changed by hand: ties, prices of nothing, no rankers; spoilt files; a stage stopped."""

import json
import os
import shutil
import signal
import subprocess
import time

import duckdb
import pyarrow.parquet as pq
import pytest

from helpers.small_study import COSTS, SETTINGS, aggregate, command, estimate, write_costs
from isobudget.files.tables import read_rows, write_json, write_rows


@pytest.fixture
def study(small, tmp_path):
    """A copy to change."""
    return shutil.copytree(small, tmp_path / "results")


def test_how_the_samples_were_drawn_is_kept(study):
    """What blocks have in common once, what differs as a list; of greedy ones nothing."""
    for block, machine in ((0, "one"), (1, "other")):
        file = study / f"samples/humaneval/S/sampled/{block}.parquet"
        found = read_rows(file, "samples")
        note = {"engine": "vllm", "dtype": "bfloat16", "seed": block, "hardware": {"name": machine}}
        write_rows(file, "samples", found.to_pylist(), note)
    assert aggregate(study).returncode == 0
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
        kept = dict(connection.execute("SELECT key, value FROM study").fetchall())
    assert json.loads(kept["samples"]) == {
        "S": {
            "engine": "vllm",
            "dtype": "bfloat16",
            "hardware": [{"name": "one"}, {"name": "other"}],
            "seeds": "0 to 1",
        },
        "L": {},
    }


def test_equal_values_go_to_the_one_that_spends_less_then_to_the_name(study):
    for model in ("S", "L"):
        file = study / f"estimates/humaneval/{model}.parquet"
        table = pq.read_table(file)
        rows = table.to_pylist()
        for row in rows:
            # what a sum in another order may give of the same value
            row["value"], row["replicates"] = 0.5 + 1.2e-16 * (model == "S"), [0.5] * 50
        pq.write_table(type(table).from_pylist(rows, schema=table.schema), file)
    write_costs(study, {"S": {**COSTS["S"], "flops": (1.5, 1)}, "L": {**COSTS["L"], "flops": (4.0, 1)}})
    done = aggregate(study, budgets={"flops": [3], "seconds": [3], "usd": []})
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT unit, model, k, runner_up, margin, margin_low, margin_high FROM winners WHERE budget = 3"
        ).fetchall()
    # flops: a budget of 4.5 buys three of S for 4.5 or one of L for 4; seconds: three of S and one of L, both for 1.5
    assert [row[:4] for row in found] == [("flops", "L", 1, "S"), ("seconds", "L", 1, "S")]
    assert [row[4:] for row in found] == [(pytest.approx(0, abs=1e-15), 0, 0)] * 2


def test_a_budget_of_exactly_k_generations_buys_k_whatever_the_division_rounds_to(study):
    write_costs(study, {"S": {**COSTS["S"], "seconds": (0.1, 0.1)}, "L": {**COSTS["L"], "seconds": (0.1 * 3, 0.1)}})
    assert aggregate(study, budgets={"flops": [], "seconds": [3], "usd": []}).returncode == 0
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
        assert connection.execute("FROM pass_at_budget SELECT model, k, budget").fetchall() == [
            ("S", 1, 1),  # its own price; the large one's is 3 but for rounding, and no budget beside 3
            ("L", 1, 3),
            ("S", 3, 3),
        ]
        assert connection.execute("SELECT DISTINCT unit FROM rank_score_at_budget").fetchall() == [("seconds",)]


def test_a_model_that_is_free_has_no_budget_and_does_not_set_the_unit(study):
    write_costs(study, {"S": {**COSTS["S"], "usd": (0.0, 0.0)}, "L": {**COSTS["L"], "usd": (2.0, 0.5)}})
    assert aggregate(study, budgets={"flops": [], "seconds": [], "usd": [1, 2]}).returncode == 0
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT model, budget, budget_absolute, k FROM pass_at_budget").fetchall()
        assert found == [("L", 1, 2.0, 1), ("L", 2, 4.0, 2)]
        relative = connection.execute("SELECT relative FROM costs WHERE unit = 'usd' ORDER BY model").fetchall()
        assert relative == [(1.0,), (0.0,)]


def test_without_the_cost_of_scoring_a_ranker_that_needs_it_has_no_budget_rows(study):
    write_costs(study, {**COSTS, "L": {**COSTS["L"], "seconds": (1.5, None)}})
    assert aggregate(study).returncode == 0
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
        query = "SELECT DISTINCT model, unit FROM rank_score_at_budget WHERE ranker = 'nll:L' ORDER BY ALL"
        assert connection.execute(query).fetchall() == [("L", "flops"), ("L", "seconds"), ("S", "flops")]


def test_one_model_without_rankers_or_greedy_makes_every_table(study):
    estimate(study, "S", rankers=[], greedy=False)
    done = aggregate(study, models={"S": 2}, rankers=[], greedy=False)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
        sizes = {
            t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("scores", "greedy", "winners")
        }
        assert sizes == {"scores": 0, "greedy": 0, "winners": 5}
        assert connection.execute("SELECT DISTINCT model, margin FROM winners").fetchall() == [("S", None)]


def assert_one_sentence(done, study, *parts):
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(part in done.stderr for part in parts), done.stderr
    assert sorted(p.name for p in study.iterdir() if "duckdb" in p.name) == [], "nothing half-written stays"


@pytest.mark.parametrize(
    "file", ["samples/humaneval/S/sampled/1", "scores/nll:L/humaneval/L/sampled/0", "estimates/humaneval/S"]
)
@pytest.mark.parametrize("damage", ["missing", "truncated", "foreign"])
def test_a_missing_truncated_or_foreign_file_is_named(study, file, damage):
    path = study / f"{file}.parquet"
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.write_bytes((study / "problems/humaneval.parquet").read_bytes())
    assert_one_sentence(aggregate(study), study, str(path))


def test_a_file_whose_rows_are_spoilt_is_named_and_leaves_no_database(study):
    path = study / "samples/humaneval/S/sampled/1.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 200 + whole[204:])
    assert_one_sentence(aggregate(study), study, str(path))


def test_costs_that_are_no_costs_are_named(study):
    write_json(study / "costs/L.json", {"generation": {}})
    assert_one_sentence(aggregate(study), study, f"{study}/costs/L.json: no costs file of isobudget")


def test_estimates_over_other_resamples_are_not_paired(study):
    estimate(study, "L", bootstrap={"resamples": 50, "seed": 1})
    assert_one_sentence(aggregate(study), study, f"{study}/estimates/humaneval/L.parquet: estimated over other")


def test_a_ranker_that_names_no_model_is_refused(study):
    assert_one_sentence(aggregate(study, rankers=["nll:nobody"]), study, "the ranker 'nll:nobody' names no model")


def test_an_old_database_stays_when_a_new_one_cannot_be_made(study):
    assert aggregate(study).returncode == 0
    before = (study / "isobudget.duckdb").read_bytes()
    (study / "problems/humaneval.parquet").write_text("spoilt")
    assert aggregate(study).returncode == 1
    assert (study / "isobudget.duckdb").read_bytes() == before


@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.7, 0.9, 1.1])
def test_a_stage_that_is_stopped_leaves_a_whole_database_or_none(study, seconds):
    process = subprocess.Popen(command("store", study / "isobudget.duckdb", study, SETTINGS), stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.terminate()
    assert process.wait() in (0, 130, -signal.SIGTERM)  # done, unwound, or not yet begun
    left = [path.name for path in study.iterdir() if "duckdb" in path.name]
    assert left in ([], ["isobudget.duckdb"])
    if left:
        with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM winners").fetchone() == (7,)
