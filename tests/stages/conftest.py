"""The folder of two toy problems in which a test runs stages, and a small study up to its estimates."""

import pytest

from helpers.small_study import write_study
from helpers.toy_study import study

__all__ = ["small", "study"]


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The folder of a study small enough to enumerate, up to its estimates; only copies of it are changed."""
    results = tmp_path_factory.mktemp("small") / "results"
    write_study(results)
    return results
