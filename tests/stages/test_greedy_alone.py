"""One greedy output a problem, which is what people have of a dear model, against many samples of another."""

import json
import shutil

import duckdb
import pytest

from helpers.imported_samples import model
from helpers.small_study import aggregate, estimate
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_rows
from isobudget.report.database import read_study
from isobudget.report.sentences import headline
from isobudget.report.table import table
from isobudget.study import stage_settings
from isobudget.study.config import load
from isobudget.study.study_files import study_files

ALONE = {"large": {"engine": "import", "greedy": "g.jsonl", "cost": {"flops": 4e12}}}


def test_a_greedy_file_needs_no_path_and_no_samples():
    study = load({"models": model() | ALONE, "rankers": ["shortest", "combined"]})
    assert (study.decodings("large"), study.blocks("humaneval", "large")) == (("greedy",), 0)
    files = study_files("results", json.loads(stage_settings.aggregate(study)))
    assert [file.path for file in files if file.model == "large"] == [
        "results/imported/humaneval/large/greedy.parquet",
        "results/samples/humaneval/large/greedy/0.parquet",
        "results/outcomes/humaneval/large/greedy/0.parquet",
        "results/estimates/humaneval/large.parquet",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples": 4}, "models.large: 'samples' counts those of 'path', which is not there; name it, or leave"),
        ({"path": "s.jsonl"}, "the key 'models.large.samples' is missing"),
        ({"path": "s.jsonl", "samples": None}, "models.large: 'samples' is empty; give a number"),
        ({"greedy": None, "samples": 4}, "or 'greedy', a file of one greedy sample a problem"),
        ({"engine": "recorded"}, "the key 'models.large.samples' is missing"),
    ],
)
def test_what_is_missing_beside_a_greedy_file_is_named(changes, words):
    with pytest.raises(StudyError) as caught:
        load({"models": {"large": ALONE["large"] | changes}}, "study.yaml")
    assert words in str(caught.value)


@pytest.fixture(scope="module")
def study(small, tmp_path_factory):
    """The small study, where of L there is one greedy output a problem and nothing else: it passes on two of three."""
    results = shutil.copytree(small, tmp_path_factory.mktemp("greedy") / "results")
    for stage in ("samples", "outcomes"):
        shutil.rmtree(results / f"{stage}/humaneval/L/sampled")
    estimate(results, "L", blocks=0)
    done = aggregate(results, models={"S": 2, "L": 0})
    assert done.returncode == 0, done.stderr
    return results


def test_its_estimate_is_the_greedy_one_alone(study):
    rows = read_rows(study / "estimates/humaneval/L.parquet", "estimates").to_pylist()
    assert [(row["metric"], row["k"], row["n"], row["value"]) for row in rows] == [
        ("greedy", 1, 1, pytest.approx(2 / 3))
    ]


def test_it_is_compared_at_the_price_of_one_generation(study):
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:

        def ask(query):
            return connection.execute(query).fetchall()

        assert ask("SELECT DISTINCT model FROM pass_at_k") == [("S",)]
        winners = "SELECT model, k, runner_up, runner_up_k, margin_low IS NOT NULL FROM winners WHERE unit = 'flops'"
        assert ask(f"{winners} AND budget = 4") == [("L", 1, "S", 4, True)]
        options = "SELECT DISTINCT model, ranker, k FROM answers WHERE unit = 'flops' AND budget = 4 ORDER BY ALL"
        assert ("L", "greedy", 1) in ask(options)
        # nothing is chosen among the outputs of L: it is no chooser, and one output that S is measured by
        assert ask("SELECT DISTINCT model, other, single FROM against_one WHERE chooser = 'tests'") == [
            ("S", "L", "greedy")
        ]


def test_the_terminal_names_both(study):
    found = read_study(study / "isobudget.duckdb")
    assert "At the price of one generation of L (4 generations of S), L run once" in headline(
        found, "humaneval", "flops"
    )
    assert "L x 1" in table(found)


def test_a_model_without_a_cost_is_named_with_what_it_lacks(study):
    found = read_study(study / "isobudget.duckdb")
    costs = tuple(row._replace(generation=None, relative=None) if row.model == "L" else row for row in found.costs)
    lacking = type(found)(**{**vars(found), "costs": costs, "whole": {}, "published": {}})
    said = headline(lacking, "humaneval", "flops")
    assert said.startswith("Only S has scores and a cost in ") and "compared: L has no known cost in that." in said
