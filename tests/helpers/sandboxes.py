"""The two sandbox engines, and whether this machine has them."""

import os

import pytest

from isobudget.sandbox import bubblewrap, docker

ENGINES = [pytest.param("docker", marks=pytest.mark.docker), "bubblewrap"]
MISSING = {"docker": docker.missing(), "bubblewrap": bubblewrap.missing()}


def engine_or_skip(name):
    if MISSING[name]:
        if name == "docker" and os.environ.get("ISOBUDGET_REQUIRE_DOCKER"):
            pytest.fail(f"ISOBUDGET_REQUIRE_DOCKER is set, but {MISSING[name]}")
        pytest.skip(MISSING[name])
    return name
