"""The proof that the tables hold: each page of docs/how-to is followed, and what it adds is found.

A page adds its thing by files of its own and one row. No other file of the checkout is touched. Those on units and
figures have tests of their own, test_unit_table.py and report/test_figure_table.py.
"""

import subprocess
import sys

import duckdb
import pytest

from helpers.how_to import follow
from helpers.snakemake_runs import repository

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout in which the pages were followed, in an order in which each has what it asks for."""
    folder = repository(tmp_path_factory.mktemp("checkout"))
    (folder / ".venv").symlink_to(sys.prefix)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    for page in ("add-a-benchmark", "add-an-engine", "add-a-ranker", "add-a-language"):
        follow(page, folder)
    return folder


@pytest.fixture
def rows(checkout):
    """A function that asks the study's database."""
    with duckdb.connect(str(checkout / "results/dictionary/isobudget.duckdb"), read_only=True) as connection:
        yield lambda text: connection.execute(text).fetchall()


def test_each_page_touches_its_own_files_and_one_table(checkout):
    done = subprocess.run(["git", "diff", "--numstat"], cwd=checkout, capture_output=True, text=True, check=True)
    changed = {line.split("\t")[2]: line.split("\t")[1] for line in done.stdout.splitlines()}
    tables = ("benchmarks", "engines", "languages", "rankers")
    assert changed == {f"workflow/isobudget/study/{name}.py": "0" for name in tables}  # nothing was taken away


def test_the_benchmark_and_the_engine_are_in_the_tables(rows):
    assert rows("SELECT DISTINCT benchmark, task_id FROM outcomes ORDER BY ALL") == [
        ("mine", "Mine/0"),
        ("mine", "Mine/1"),
    ]
    # of 8 answers of double, which take turns, two in three are right; of square one in two, whoever begins
    counts = "SELECT model, task_id, count(*) FILTER (verdict = 'passed') FROM outcomes WHERE decoding = 'sampled'"
    found = {(model, task): count for model, task, count in rows(f"{counts} GROUP BY ALL")}
    assert {count for (_, task), count in found.items() if task == "Mine/1"} == {4}
    assert {count for (_, task), count in found.items() if task == "Mine/0"} <= {5, 6}
    assert rows("SELECT model, generation FROM costs WHERE unit = 'seconds' ORDER BY 2") == [
        ("small", 1),
        ("larger", 3),
    ]


def test_the_rankers_are_in_the_tables_and_what_they_choose_is_right(rows):
    found = rows("SELECT DISTINCT ranker FROM rank_score_at_k ORDER BY 1")
    assert [name for (name,) in found] == ["first-answer:examples", "longest", "total:larger", "total:self"]
    # the longest answers are the right ones of double, and of square
    best = rows("SELECT max(value) FROM rank_score_at_k WHERE ranker = 'longest' AND k = 4")[0][0]
    alone = rows("SELECT max(value) FROM rank_score_at_k WHERE ranker = 'longest' AND k = 1")[0][0]
    assert best > alone
    # a reader is paid for each sample
    paid = rows("SELECT ranker, candidate FROM candidate_costs WHERE model = 'small' ORDER BY 1")
    assert ("longest", 1) in paid and not [ranker for ranker, _ in paid if ranker == "total:larger"]


def test_they_are_on_the_page(checkout):
    page = (checkout / "results/dictionary/report/index.html").read_text()
    assert all(name in page for name in ("mine", "longest", "first-answer:examples", "total:self"))


def test_the_language_is_in_the_tables_and_on_its_page(checkout):
    """The verdicts are on docs/how-to/add-a-language.md, which was followed."""
    with duckdb.connect(str(checkout / "results/shell/isobudget.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT k, value FROM pass_at_k WHERE benchmark = 'shell'").fetchall()
    assert found == [(1, 0.5)]
    page = (checkout / "results/shell/report/index.html").read_text()
    assert "shell" in page and "somebody" in page
