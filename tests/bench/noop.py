"""Seconds that Snakemake takes to find that a study of a thousand cells is done, and one of five thousand.

The files of every job are made empty and touched by Snakemake itself, so that its records
say that they are up to date; nothing is sampled or run.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from helpers.checkout import ROOT
from isobudget.files import paths
from isobudget.study.config import load

ROUNDS = 3
BEFORE = os.environ.get("BEFORE")

# Snakemake waits a tenth of a second before it touches a job's files: ten minutes for five thousand
HASTY = """
from snakemake.executors import touch
touch.Executor.SLEEPING_TIME = 0
from snakemake.cli import main
main()
"""


def main():
    """Returns noop_N_seconds, the median wall seconds of `snakemake` over about N jobs, and noop_N_cpu_seconds.

    Where the environment variable BEFORE names another checkout, that one is measured in turns with this one, on the
    same study; noop_N_vs_before is its time over ours, above 1 is faster.
    """
    return measure(1000, models=4) | measure(5000, models=20)


def measure(name, models):
    """Figures of a study of `models` models of 40 blocks, done."""
    models = {f"m{number}": {"engine": "recorded", "samples": 160} for number in range(models)}
    config = {"models": models, "rankers": ["nll:self", "shortest", "random", "nll:m0"]}
    versions = {"now": ROOT} | ({"before": Path(BEFORE)} if BEFORE else {})
    with tempfile.TemporaryDirectory() as folder:
        roots = {version: done(Path(folder, version), source, config) for version, source in versions.items()}
        seconds, cpu = {version: [] for version in roots}, {version: [] for version in roots}
        for _ in range(ROUNDS):
            for version, root in roots.items():
                before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
                said = snakemake(root)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                seconds[version].append(time.monotonic() - started)
                cpu[version].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
                if "Nothing to be done" not in said:
                    raise RuntimeError(f"the study was not done: {said[-2000:]}")
        for version in roots:
            print(f"{name} jobs, nothing to be done, {version}: {', '.join(f'{s:.1f}' for s in seconds[version])} s")
            print(f"{statistics.median(cpu[version]):.1f} CPU s a run, and at most {after.ru_maxrss / 2**20:.2f} GiB")
    found = {f"noop_{name}_seconds": statistics.median(seconds["now"])}
    found[f"noop_{name}_cpu_seconds"] = statistics.median(cpu["now"])
    if BEFORE:
        pairs = zip(seconds["before"], seconds["now"], strict=True)
        found[f"noop_{name}_vs_before"] = statistics.median(other / ours for other, ours in pairs)
    return found


def done(root, source, config):
    """The folder `root` with the workflow of a checkout and a study that is done there; returns `root`."""
    root.mkdir()
    for part in ("Snakefile", "rules", "workflow", "envs", "profiles"):
        copy = shutil.copytree if (source / part).is_dir() else shutil.copy2
        copy(source / part, root / part)
    (root / "study.yaml").write_text(yaml.safe_dump(config))
    for file in recordings(load(config)):
        touch(root / "recordings" / file)
    files = outputs(root)
    for file in files:
        touch(root / file)
    snakemake(root, "--touch", "--forceall", program=("-c", HASTY))
    print(f"{len(files)} files of {source}")
    return root


def recordings(study):
    for model in study.models:
        yield paths.MODELS.format(model=model)
        yield paths.CALIBRATIONS.format(model=model, run=0)
        for decoding, count in (("greedy", 1), ("sampled", study.blocks("humaneval", model))):
            for block in range(count):
                keys = dict(benchmark="humaneval", model=model, decoding=decoding, block=block)
                yield paths.SAMPLES.format(**keys)
                if decoding == "sampled":
                    yield paths.SCORES.format(ranker="nll:m0", **keys)


def outputs(root):
    """Every file that the plan names as an output."""
    said = snakemake(root, "--summary")
    lines = [line.split("\t") for line in said.splitlines() if line.startswith("results/")]
    return [line[0] for line in lines]


def snakemake(root, *arguments, program=("-m", "snakemake")):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, *program, "--cores", "2", *arguments, "--configfile", "study.yaml"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {ran.stderr[-2000:]}")
    return ran.stdout + ran.stderr


def touch(file):
    """An empty file, or an empty folder where the name has no ending."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix:
        file.touch()
    else:
        file.mkdir(exist_ok=True)
