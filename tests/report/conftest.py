"""A database of two models, and its report."""

import subprocess
import sys

import pytest

from helpers.made_database import RANKERS, build_database


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """A database of two models with made-up verdicts."""
    path = tmp_path_factory.mktemp("two") / "isobudget.duckdb"
    return build_database(path, rankers=RANKERS, budgets=(1, 2, 3.1, 4, 8, 18))


@pytest.fixture(scope="session")
def written(database, tmp_path_factory):
    """The report of the two-model study, made by the command that the rule runs."""
    folder = tmp_path_factory.mktemp("report")
    command = [sys.executable, "-m", "isobudget.report", "--database", database, "--output", folder / "index.html"]
    command += ["--settings", '{"problems": {"humaneval": 164}}', "--log", folder / "log"]
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder
