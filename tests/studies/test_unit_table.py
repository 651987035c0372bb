"""The table of units: a new one is a file and a row, as docs/how-to/add-a-unit.md says, and no other code names any."""

import filecmp
import json
import os
import pkgutil
import re
import shutil
import statistics
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

import isobudget
from isobudget.costs.facts import NOT_KNOWN, Price
from isobudget.run.code_checksum import code_files
from isobudget.study.config import load
from isobudget.study.sample_counts import Budgets
from isobudget.study.units import UNITS

ROOT = Path(isobudget.__file__).parents[2]
PAGE = ROOT / "docs/how-to/add-a-unit.md"
PARTS = ("Snakefile", "rules", "workflow", "envs", "profiles", "recordings")
CODE = (".py", ".sql", ".js", ".html", ".rst", ".smk")


def blocks():
    """(language, text) of every block of code on the page, in its order; the row of the table has no language."""
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [(language, textwrap.dedent(text)) for language, text in found]


def is_shown(printed, shown):
    """Whether a command printed what the page shows, where a line of `...` stands for any lines."""
    lines = (r"(?:.*\n)*" if line == "..." else f"{re.escape(line)}\n" for line in shown.splitlines())
    return re.fullmatch("".join(lines), printed)


def put_into_table(file, row):
    text, end = file.read_text(), "\n)\n\nUNITS: "
    assert text.count(end) == 1
    file.write_text(text.replace(end, f"\n{textwrap.indent(row, '    ')}{end[1:]}"))


def run(root, *command):
    """A command in a copy of the repository, with the code of that copy."""
    environment = os.environ | {"PYTHONPATH": str(root / "workflow")}
    return subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """(a copy of the repository in which all steps were taken, [(what was printed, what the page shows)])."""
    root, programs = tmp_path_factory.mktemp("units") / "copy", Path(sys.executable).parent
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, root / part)
    pairs, printed = [], None
    for language, text in blocks():
        if language == "text":
            pairs.append((printed, text))
            printed = None
            continue
        assert not printed, "the page shows what every command prints"
        if not language:
            put_into_table(root / "workflow/isobudget/study/units.py", text)
            continue
        done = run(root, "sh", "-ec", text.replace(".venv/bin/", f"{programs}/"))
        assert done.returncode == 0, done.stderr[-4000:]
        printed = done.stdout
    assert not printed
    return root, pairs


def test_every_step_of_the_page_prints_what_it_shows(followed):
    _, pairs = followed
    assert len(pairs) == 4
    for printed, shown in pairs:
        assert is_shown(printed, shown), printed


def test_a_unit_touches_no_file_but_its_own_the_table_and_the_schema_written_from_it(followed):
    root, _ = followed
    files = {
        file.relative_to(top)
        for top in (ROOT, root)
        for part in ("rules", "workflow")
        for file in (top / part).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    other = {
        str(file)
        for file in files
        if not ((ROOT / file).exists() and filecmp.cmp(ROOT / file, root / file, shallow=False))
    }
    package = "workflow/isobudget"
    assert other == {
        f"{package}/costs/joules.py",
        f"{package}/study/units.py",
        "workflow/schemas/config.schema.json",
    }


def test_the_new_unit_is_in_the_tables(followed):
    root, _ = followed
    expected = {}
    for folder in (root / "recordings/calibrations").iterdir():
        runs = [json.loads(file.read_text()) for file in folder.iterdir()]
        expected[folder.name] = 300 * statistics.median(r["generation_seconds"] / r["generations"] for r in runs)
    with duckdb.connect(str(root / "results/joules/isobudget.duckdb"), read_only=True) as connection:
        costs = dict(connection.execute("SELECT model, generation FROM costs WHERE unit = 'joules'").fetchall())
        assert costs == pytest.approx(expected)
        asked = "SELECT budget, budget_absolute FROM winners WHERE unit = 'joules' ORDER BY budget"
        cheapest, dearest = sorted(expected.values())
        paid = [(each, each * cheapest) for each in (1, 2, dearest / cheapest, 4)]
        assert connection.execute(asked).fetchall() == [pytest.approx(row) for row in paid]
        for table in ("answers", "margins", "mixes", "candidate_costs", "against_one", "pass_at_budget"):
            assert ("joules",) in connection.execute(f"SELECT DISTINCT unit FROM {table}").fetchall(), table


def test_n_of_samples_auto_follows_from_a_budget_in_the_new_unit(followed):
    root, _ = followed
    told = """
import yaml
from isobudget.files.tables import read_json
from isobudget.study.config import load
from isobudget.run.sized_study import sized
config = yaml.safe_load(open("joules.yaml"))
config["models"] = {name: settings | {"samples": "auto"} for name, settings in config["models"].items()}
study = load(config)
costs = {name: read_json(f"results/joules/costs/{name}.json")["generation"] for name in study.models}
prices = {"joules": {name: cost["joules"] for name, cost in costs.items()}}
print([model.samples for model in sized(study, prices, {})[0].models.values()])
"""
    done = run(root, sys.executable, "-c", told)
    assert done.stdout == "[8, 4]\n", done.stderr  # 4 of the small one, 1 of the large one, twice that, in blocks of 4


def test_an_edit_of_the_units_file_prices_anew_and_draws_nothing(followed, tmp_path):
    root = shutil.copytree(followed[0], tmp_path / "copy", symlinks=True)
    file = root / "workflow/isobudget/costs/joules.py"
    plan = (sys.executable, "-m", "snakemake", "--dry-run", "--cores", "2", "--configfile", "joules.yaml")
    for watts, jobs in (
        (300, {}),
        (200, {"cost": 2, "aggregate": 1, "report": 1, "all": 1}),
    ):
        file.write_text(file.read_text().replace("WATTS = 300", f"WATTS = {watts}"))
        done = run(root, *plan)
        assert done.returncode == 0, done.stderr[-4000:]
        table = re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        assert {rule: int(count) for rule, count in table if rule != "total"} == jobs


def named():
    """(file, line) of every line outside the table and costs/ that compares with a unit's name, or quotes one.

    Keys of files are called seconds too (how long a job took), so that name may be quoted.
    """
    own = {"study/units.py", *(f"costs/{key}.py" for key in UNITS)}
    keys = "|".join(UNITS)
    compared = re.compile(
        rf"(?:==|!=|\bin|\bis)\s*[\(\[{{]?\s*[\"'](?:{keys})[\"']|[\"'](?:{keys})[\"']\s*(?:==|!=|in\b)"
    )
    quoted = re.compile(rf"[\"'](?:{'|'.join(set(UNITS) - {'seconds'})})[\"']")
    for top in ("workflow", "rules"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix not in CODE or str(file.relative_to(ROOT)).removeprefix("workflow/isobudget/") in own:
                continue
            for line in file.read_text().splitlines():
                if compared.search(line) or quoted.search(line):
                    yield str(file.relative_to(ROOT)), line.strip()


def test_no_code_but_the_table_and_a_units_own_file_names_a_unit():
    assert list(named()) == []


def test_the_config_asks_the_table():
    assert {key: getattr(Budgets(), key) for key in UNITS} == {key: unit.budgets for key, unit in UNITS.items()}
    given = {"engine": "import", "path": "x.jsonl", "samples": 4, "cost": dict.fromkeys(UNITS, 2)}
    model = load({"models": {"theirs": given}}).models["theirs"]
    assert [model.given(key) for key in UNITS] == [2] * len(UNITS)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_a_row_is_whole(unit):
    assert pkgutil.resolve_name(unit.function).__annotations__["return"] is Price
    assert unit.needs and set(unit.needs) <= set(NOT_KNOWN)
    factors = [scale.factor for scale in unit.scales]
    assert factors == sorted(factors, reverse=True)
    assert unit.scale(1e-30) == unit.scales[-1]
    assert unit.scale(1e-30, one_problem=True).problems == 1


def test_each_units_file_is_code_of_the_cost_stage():
    files = code_files("isobudget.costs", *(unit.function for unit in UNITS.values()))
    assert {f"{key}.py" for key in UNITS} <= {file.name for file in files if file.parent.name == "costs"}
    for stage in ("costs", "store", "report"):
        assert "units.py" in {file.name for file in code_files(f"isobudget.{stage}")}


def test_dollars_a_thousand_problems_are_not_what_one_costs():
    assert UNITS["usd"].scale(2.4e-5).written("0.024") == "$0.024/1,000"
    assert UNITS["usd"].scale(2.4e-5, one_problem=True).short == "$"
