"""The image of envs/isobudget.Dockerfile holds what jobs read. Its base lies on a registry, so it is not built here."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.checkout import ROOT


@pytest.mark.slow
def test_what_the_image_copies_is_enough_for_a_job_and_for_snakemakes_record_of_it(tmp_path):
    for line in (ROOT / "envs/isobudget.Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            source, target = shlex.split(line)[1:]
            place = tmp_path / Path(target).relative_to("/opt")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / source, place)
    inside = tmp_path / "isobudget"
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{path.name}" for path in inside.iterdir()} <= set(ignored), "the build is not given what it copies"
    wanted = ["results/problems/humaneval.parquet", "results/models/qwen2.5-coder-0.5b.json"]
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--config", "problems=2", "--", *wanted]
    done = subprocess.run(command, cwd=inside, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert all((inside / file).exists() for file in wanted)
