"""Snakemake in a copy of the workflow: what a run says, what it would do, what it left in the database."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import duckdb
import yaml

from helpers.checkout import ROOT
from helpers.recorded_study import STUDY
from isobudget.sandbox import bubblewrap

ENDING = {"aggregate": 1, "report": 1, "all": 1}


def snakemake(root, *arguments, study=STUDY):
    (root / "study.yaml").write_text(yaml.safe_dump(study))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, "--configfile", "study.yaml"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)


def planned(root, study=STUDY, arguments=()):
    """How many jobs of each rule Snakemake would run now."""
    return jobs(snakemake(root, "--dry-run", *arguments, study=study))


def jobs(done):
    """How many jobs of each rule a run of Snakemake lists before the first, or a dry run."""
    assert done.returncode == 0, done.stderr[-4000:]
    lines = (done.stdout + done.stderr).splitlines()
    if not any(line.startswith("job  ") for line in lines):
        assert any("Nothing to be done" in line for line in lines), done.stderr
        return {}
    start = next(index for index, line in enumerate(lines) if line.startswith("job  ")) + 2
    table = [line.split() for line in lines[start : lines.index("", start)]]
    return {rule: int(count) for rule, count in table if rule != "total"}


def repository(root):
    """Copy to `root` what a study runs on; returns `root`."""
    for part in ("Snakefile", "rules", "workflow", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, root / part)
    return root


class Run:
    """One `snakemake` and whatever it starts, told from all else on the machine by a mark in the environment."""

    def __init__(self, root):
        self._mark = uuid.uuid4().hex
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.log = root / f"{self._mark}.log"
        with self.log.open("w") as said:
            self.workflow = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml"],
                cwd=root,
                stdout=said,
                stderr=said,
                env=environment | {"ISOBUDGET_TEST_MARK": self._mark},
            )

    def processes(self):
        """{pid: command line} of all of it that lives."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if self._mark.encode() in Path(f"/proc/{name}/environ").read_bytes():
                    words = Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace").split("\0")
                    found[int(name)] = " ".join(words)
        return found

    def stages(self):
        return {pid: words for pid, words in self.processes().items() if words.startswith("python -m isobudget.")}

    def kill(self, whom, rng):
        """kill -9; who it was, None where there was nobody."""
        alive, stages = self.processes(), self.stages()
        names = sorted({words.split(" ")[2].removeprefix("isobudget.") for words in stages.values()})
        if whom == "workflow":
            chosen = [self.workflow.pid]
        elif whom == "everyone":
            chosen = list(alive)
        else:
            sandboxes = [pid for pid, words in alive.items() if words.split(" ")[0] == bubblewrap.find()]
            if whom == "sandbox" and not sandboxes:
                whom = "stage"
            pids = sandboxes if whom == "sandbox" else list(stages)
            chosen = pids and [rng.choice(sorted(pids))]
        for pid in chosen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return f"{whom} at {'+'.join(names) or 'no stage'}" if chosen else None


def tables(root):
    """Every row of every table and view but for times, in an order of its own."""
    with duckdb.connect(str(root / "results/isobudget.duckdb"), read_only=True) as connection:
        found = {}
        for (name,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall():
            columns = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()]
            kept = ", ".join(f'"{column}"' for column in columns if column != "cpu_seconds")
            found[name] = sorted(map(repr, connection.execute(f"SELECT {kept} FROM {name}").fetchall()))
        return found
