"""Two toy problems, and the stages that run samples of them: a fixture, and what runs a stage in it."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from isobudget.files import tables
from isobudget.sandbox import bubblewrap, docker

STOP = ["\ndef ", "\nclass ", "\nif ", "\nprint("]
PROBLEMS = [
    {
        "task_id": f"Toy/{number}",
        "prompt": f'def {name}(x):\n    """{name} of x"""\n',
        "tests": f"def check(candidate):\n    assert candidate(3) == {expected}\n",
        "kind": "call",
        "entry_point": name,
        "reference": reference,
        "split": "test",
    }
    for number, (name, expected, reference) in enumerate(
        [("double", 6, "    return 2 * x\n"), ("square", 9, "    return x * x\n")]
    )
]


@pytest.fixture
def study(tmp_path):
    """A folder with problems, and a function that runs a stage's command line in it."""
    reason = docker.missing() and bubblewrap.missing()
    if reason:
        pytest.skip(f"no sandbox here: {reason}")
    tables.write_rows(tmp_path / "problems.parquet", "problems", PROBLEMS)

    def start(module, output, *more, settings=None):
        said = {"engine": "auto", "memory": "512m", "runtime": None, "stop": STOP, "timeout": 2, **(settings or {})}
        return subprocess.Popen(
            [sys.executable, "-m", module, "--problems", "problems.parquet", "--workers", "2", "--output", output]
            + ["--settings", json.dumps(said, sort_keys=True), "--log", f"{output}.log", *more],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )

    def run(*args, **named):
        job = start(*args, **named)
        said = job.communicate()
        return subprocess.CompletedProcess(job.args, job.returncode, *said)

    run.start = start
    run.folder = tmp_path
    return run


def sample(task, number, text):
    counts = {"prompt_tokens": 9, "completion_tokens": 5, "logprob": -1.5, "finish_reason": "stop"}
    return {"task_id": f"Toy/{task}", "sample": number, "text": text, **counts}


def references(study, settings=None):
    done = study("isobudget.execution.references", "references.json", settings=settings)
    assert done.returncode == 0, done.stderr


def execute(study, samples, settings=None, kept=False, **drawn):
    identity = {"benchmark": "toy", "model": "hand", "decoding": "sampled", "block": 0}
    tables.write_rows(study.folder / "samples.parquet", "samples", samples, {**identity, "seconds": 2.0, **drawn})
    references(study, settings)
    job = start(study, "samples.parquet", "out/outcomes.parquet", settings, kept)
    said = job.communicate()
    return subprocess.CompletedProcess(job.args, job.returncode, *said)


def start(study, samples, output, settings=None, kept=False):
    """A job that runs the programs of a samples file; `kept` is where verdicts are kept, or True for the usual file."""
    more = ["--samples", samples, "--references", "references.json"]
    more += ["--verdicts", "verdicts.sqlite" if kept is True else kept] if kept else []
    return study.start("isobudget.execution", output, *more, settings=settings)


def judged(study):
    """How many programs have a verdict in the usual file by now."""
    path = study.folder / "verdicts.sqlite"
    if not path.exists():
        return 0
    connection = sqlite3.connect(path, timeout=10)
    try:
        return connection.execute("SELECT count(*) FROM verdicts").fetchone()[0]
    except sqlite3.OperationalError:  # the table is being made
        return 0
    finally:
        connection.close()
