"""What Snakemake would give each job: threads and resources, of a study planned in a copy of the workflow."""

import os
import re
import shutil
import subprocess
import sys

import yaml

from helpers.checkout import ROOT

# one model on one GPU and one on two, and a ranker that is a model beside one that is not
TWO_MODELS = {
    "benchmarks": ["humaneval"],
    "problems": 2,
    "models": {
        "small": {"engine": "vllm", "weights": "a/small", "samples": 4},
        "big": {"engine": "vllm", "weights": "a/big", "samples": 4, "tensor_parallel": 2},
    },
    "rankers": ["nll:self", "nll:big"],
}


def copy(folder):
    """The workflow without its messages, in whose place Snakemake then says what a job is given."""
    for part in ("rules", "workflow", "envs", "profiles"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy2(ROOT / "Snakefile", folder)
    for file in (folder / "rules").glob("*.smk"):
        file.write_text(re.sub(r"    message:\n.*\n", "", file.read_text()))
    return folder


def planned(folder, study, *arguments):
    """[(rule, wildcards, resources)] of every job of a dry run: two dicts of text, `threads` among the resources."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", "study.yaml", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    jobs = []
    for text in re.split(r"^(?:local)?rule ", done.stdout + done.stderr, flags=re.MULTILINE)[1:]:
        lines = dict(re.findall(r"^    (\w+): (.*)$", text, re.MULTILINE))
        named = [dict(re.findall(r"(\w+)=([^,]*)", lines.get(key, ""))) for key in ("wildcards", "resources")]
        jobs.append((text.partition(":")[0], named[0], {"threads": lines.get("threads", "1"), **named[1]}))
    return jobs
