"""What a study far beyond a workstation's costs us: a million programs through execute, a million kept verdicts.

The programs run nowhere: a worker that answers at once stands in for the sandbox, so that what is measured is all that
is ours, reading, extraction, the pool, the kept verdicts, writing. Each measurement is a process of its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = 1_000_000
PROBLEMS = 500
KEYS = 100_000


class Answering:
    """An engine, a worker and its channel in one: every program passes, at once."""

    name, root, last_words = "none", {"sha256": "none"}, ""

    def __init__(self, *args):
        self._waiting = 0

    def start(self):
        return Answering()

    def send(self, frames):
        self._waiting += 1

    def answer(self, timeout):
        return {"verdict": "passed", "detail": "", "cpu_seconds": 0.01, "doubtful": False, "trouble": None}

    def close(self):
        pass


def execute(folder, count):
    """Judge one block of `count` samples, all distinct."""
    from isobudget import sandbox
    from isobudget.execution import blocks
    from isobudget.files import tables

    sandbox._choose = lambda settings: (Answering(), "nothing is run")
    files = [f"{folder}/{name}" for name in ("problems.parquet", "samples.parquet", "references.json")]
    started, before = time.monotonic(), usage()
    output, kept = f"{folder}/outcomes.parquet", f"{folder}/verdicts.sqlite"
    blocks.execute(*files, {"stop": ["\ndef "], "timeout": 3, "memory": "1g"}, 2, output, kept)
    found = tables.read_metadata(output, "outcomes")
    assert found["verdicts"] == {"passed": count} and found["ran"] == count
    return {"seconds": time.monotonic() - started, "cpu": usage() - before, "mib": Path(kept).stat().st_size / 2**20}


def look_up(folder, count):
    """Find KEYS verdicts among those that `execute` kept."""
    import random
    import sqlite3

    from isobudget.execution.verdict_cache import open_kept

    with sqlite3.connect(f"{folder}/verdicts.sqlite") as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM verdicts")]
    assert len(keys) == count
    some = random.Random(0).sample(keys, KEYS // 2) + [os.urandom(32) for _ in range(KEYS // 2)]
    del keys
    started, before = time.monotonic(), usage()
    with open_kept(f"{folder}/verdicts.sqlite") as known:
        assert len(known.find(some)) == KEYS // 2
    return {"seconds": time.monotonic() - started, "cpu": usage() - before}


def prepare(folder, count):
    """A block of `count` samples of PROBLEMS problems, as sampling writes it."""
    from isobudget.files.tables import write_json, write_rows

    ids = [f"T/{number}" for number in range(PROBLEMS)]
    same = {"tests": "assert f(1)", "kind": "call", "entry_point": "f", "reference": "", "split": "test"}
    problems = [{"task_id": task_id, "prompt": f"def f(x):\n    # {task_id}\n", **same} for task_id in ids]
    write_rows(f"{folder}/problems.parquet", "problems", problems)
    each = count // PROBLEMS
    body = "    y = [x for x in range(10)]\n" * 8
    columns = {
        "task_id": [task_id for task_id in ids for _ in range(each)],
        "sample": list(range(each)) * PROBLEMS,
        "text": [f"{body}    return {number}\n" for number in range(count)],
        "prompt_tokens": [100] * count,
        "completion_tokens": [90] * count,
        "logprob": [-1.0] * count,
        "finish_reason": ["stop"] * count,
    }
    where = {"benchmark": "humaneval", "model": "m", "decoding": "sampled", "block": 0}
    write_rows(f"{folder}/samples.parquet", "samples", columns, where)
    write_json(f"{folder}/references.json", {"task_ids": ids})
    return {}


def usage():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def measured(step, folder, count):
    """One step in a process of its own: what it returned, and `gib`, the most memory it held."""
    done = subprocess.run([sys.executable, __file__, step, folder, str(count)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{step}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main(count=PROGRAMS):
    """Returns figures of a run of `count` programs; CPU seconds, as they do not ask what else the machine does."""
    with tempfile.TemporaryDirectory() as folder:
        measured("prepare", folder, count)
        ran = measured("execute", folder, count)
        found = measured("look_up", folder, count)
    print(f"{count:,} programs in one block: {ran['cpu']:.0f} CPU s, {ran['gib']:.2f} GiB, {ran['seconds']:.0f} s")
    print(
        f"their verdicts: {ran['mib']:.0f} MiB; {KEYS:,} looked up, every second unknown, in {found['cpu']:.1f} CPU s"
    )
    return {
        "execute_million_cpu_seconds": ran["cpu"] * PROGRAMS / count,
        "execute_million_gib": ran["gib"],
        "kept_million_mib": ran["mib"],
        "kept_lookups_per_cpu_second": KEYS / found["cpu"],
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent.parent / "workflow"))
    chosen = {"prepare": prepare, "execute": execute, "look_up": look_up}[sys.argv[1]]
    found = chosen(sys.argv[2], int(sys.argv[3]))
    print(json.dumps(found | {"gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
