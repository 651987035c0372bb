"""The study that most of these tests change: run once, and copied."""

import shutil

import pytest

from helpers.recorded_study import record
from helpers.snakemake_runs import repository, snakemake


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """The repository as it is here, its own small recordings, and the base study run once."""
    root = repository(tmp_path_factory.mktemp("reruns") / "base")
    record(root, "small", 4)
    record(root, "large", 1)
    record(root, "third", 1)
    done = snakemake(root)
    assert done.returncode == 0, done.stderr[-4000:]
    return root


@pytest.fixture
def study(base, tmp_path):
    """A copy of the base study, to be changed; times of files are kept."""
    root = tmp_path / "study"
    shutil.copytree(base, root, symlinks=True)
    return root
