"""The table of figures: a new figure is a file and a row, as docs/how-to/add-a-figure.md says, step by step."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from matplotlib.image import imread

from helpers.checkout import ROOT
from helpers.how_to import follow
from helpers.made_database import LARGE, SMALL, ask, build_database
from isobudget.report.database import COLUMNS, read_study
from isobudget.report.figures import FIGURES
from isobudget.study.units import UNITS


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the package and the database of a small study, in which the page was followed."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "workflow", folder / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(sys.prefix)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "workflow"], cwd=folder, check=True)
    build_database(folder / "results/isobudget.duckdb", problems=12, resamples=20)
    follow("add-a-figure", folder)
    return folder


def test_the_page_touches_a_file_of_its_own_and_the_table(checkout):
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--", "workflow", ":!*.pyc"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    changed = {line[3:] for line in done.stdout.splitlines() if line[1] != " "}
    assert changed == {f"workflow/isobudget/report/figures/{name}.py" for name in ("__init__", "unsolved")}


def test_the_new_figure_is_drawn_to_scale_and_stands_on_the_page_with_its_words(checkout):
    look, database = checkout / "results/look", checkout / "results/isobudget.duckdb"
    page = (look / "index.html").read_text()
    assert imread(look / "figures/humaneval/unsolved_at_flops.png").shape[0] > 700
    svg = ElementTree.parse(look / "figures/humaneval/unsolved_at_flops.svg").getroot()
    for model in (SMALL, LARGE):
        group = next(each for each in svg.iter() if each.get("id") == f"unsolved:{model}")
        path = next(each for each in group.iter() if each.tag.endswith("path")).get("d")
        drawn = [float(y) for y in re.findall(r"[ML] [-\d.]+ ([-\d.]+)", path)]
        values = [
            value for (value,) in ask(database, f"SELECT value FROM pass_at_k WHERE model = '{model}' ORDER BY k")
        ]
        assert len(drawn) == len(values) > 5
        share = [(y - drawn[0]) / (drawn[-1] - drawn[0]) for y in drawn]
        assert share == pytest.approx([(v - values[0]) / (values[-1] - values[0]) for v in values], abs=1e-3)
        assert drawn[-1] > drawn[0], "fewer unsolved problems stand lower"
        told = f"{model[-4:]}: {100 - 100 * values[0]:.1f} % at "
        assert re.search(rf'aria-label="humaneval, Unsolved problems over FLOPs\. [^"]*{re.escape(told)}', page)
    assert page.count('id="humaneval-unsolved_at_seconds-figure_1"') == 1
    for figure in FIGURES[:2]:
        assert f"<h4>{figure.title} over FLOPs</h4>" in page, "the others are still there"


def test_every_row_names_tables_and_units_that_there_are(database):
    study = read_study(database)
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert set(figure.needs) <= set(COLUMNS) and set(figure.units) <= {*UNITS, None}
        for table in figure.needs:
            assert study.has(table, "humaneval") == bool(getattr(study, table)), "only of tables with a benchmark"
            assert not study.has(table, "no such benchmark")


def test_a_benchmark_without_the_rows_that_a_figure_needs_lacks_that_figure_alone(database, written):
    study = read_study(database)
    drawn = {file.stem for file in (written / "figures/humaneval").glob("*.svg")}
    for figure in FIGURES:
        held = all(study.has(table, "humaneval") for table in figure.needs)
        assert bool({figure.stem(unit) for unit in figure.units} & drawn) == held
    assert {figure.name for figure in FIGURES if not study.has(figure.needs[0], "humaneval")} == {"at_hand"}


def test_no_other_file_compares_anything_with_a_figures_name():
    names = "|".join(re.escape(figure.name) for figure in FIGURES)
    files = [
        *(ROOT / "workflow/isobudget/report").rglob("*.py"),
        *(ROOT / "workflow/isobudget/report/web").iterdir(),
        ROOT / "workflow/report/figure.rst",
        ROOT / "rules/report.smk",
    ]
    compared = rf"(?:[=!]==?|\bin|startswith\(|equalto\",)\s*\(?[\"'](?:{names})(?:_\w+)?[\"']"
    assert len(files) > 30
    assert re.search(compared, '{% if name.startswith("rank_score_at") %}') and re.search(compared, "key === 'pass'")
    assert [file.name for file in files if re.search(compared, file.read_text())] == []
