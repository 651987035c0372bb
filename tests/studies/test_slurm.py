"""The same study on a Slurm of three nodes (tests/slurm/start.sh) and with --cores 2: the same results.

What must be the same to the byte: problems, samples, scores, costs, estimates and the report. An outcome must be the
same but for cpu_seconds, which was measured, and so must every table of the database.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from helpers.checkout import ROOT
from helpers.live_model import SMOLLM2
from helpers.plans import TWO_MODELS, copy, planned
from isobudget.engines import gpu_leases, vllm
from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_metadata, read_rows

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

RECORDED = {
    "benchmarks": ["humaneval"],
    "problems": 12,
    "models": {
        "qwen2.5-coder-0.5b": {"engine": "recorded", "samples": 8},
        "qwen2.5-coder-1.5b": {"engine": "recorded", "samples": 4},
    },
    "rankers": ["nll:self"],
    "budgets": {"flops": [1, 2, 4], "seconds": [1, 2, 4]},
    "bootstrap": {"resamples": 20},
}
LIVE = {
    "benchmarks": ["humaneval"],
    "problems": 2,
    "models": {"smollm2": {"engine": "vllm", "weights": SMOLLM2, "samples": 4}},
    "decoding": {"max_tokens": 24},
    "rankers": ["shortest"],
}
# the profile as it is; the machine has fewer cores than its nodes pretend to have, and keeps no accounts of jobs
SLURM = ["--workflow-profile", "profiles/slurm", "--slurm-status-command", "squeue", "--jobs", "8"]
SLURM += ["--set-threads", "execute=2", "references=2", "--slurm-init-seconds-before-status-checks", "2"]
LOCAL = ["--cores", "2"]


def missing():
    """Why there is no Slurm to submit to, or None."""
    plugin = subprocess.run([sys.executable, "-c", "import snakemake_executor_plugin_slurm"], capture_output=True)
    if plugin.returncode:
        return "the Slurm plugin is not installed; make cluster installs it"
    try:
        answer = subprocess.run(["sinfo", "--noheader", "--format", "%t"], capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        return "there is no Slurm; tests/slurm/start.sh starts one"
    return None if "idle" in answer.stdout else f"Slurm has no idle node: {answer.stdout or answer.stderr}"


@pytest.fixture(scope="module", autouse=True)
def slurm():
    reason = missing()
    if reason:
        (pytest.fail if os.environ.get("ISOBUDGET_REQUIRE_SLURM") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def root(slurm, tmp_path_factory):
    """The repository as it is here, where all nodes see it."""
    root = tmp_path_factory.mktemp("slurm")
    for part in ("rules", "workflow", "envs", "profiles"):
        shutil.copytree(ROOT / part, root / part)
    shutil.copy2(ROOT / "Snakefile", root)
    (root / "recordings").symlink_to(ROOT / "recordings")
    return root


def snakemake(root, study, results, *arguments):
    (root / "study.yaml").write_text(yaml.safe_dump(study | {"results": results}))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", "study.yaml"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-6000:]
    return done.stderr


@pytest.fixture(scope="module")
def recorded(root):
    """The recorded study both ways, and what Snakemake said of the one through Slurm."""
    said = snakemake(root, RECORDED, "cluster", *SLURM)
    snakemake(root, RECORDED, "local", *LOCAL)
    return root / "cluster", root / "local", said


def test_what_is_not_light_was_submitted(recorded):
    *_, said = recorded
    submitted = [line.split("/rule_")[1].split("/")[0] for line in said.splitlines() if "submitted with SLURM" in line]
    counts = {rule: submitted.count(rule) for rule in submitted}
    heavy = {"sample": 5, "references": 1, "execute": 5, "rank": 3, "calibrate": 6, "estimate": 2, "aggregate": 1}
    assert counts == heavy


def test_files_are_the_same_to_the_byte(recorded):
    cluster, local, _ = recorded
    folders = ("problems", "samples", "scores", "costs", "models", "calibrations", "estimates", "report")
    files = [file for folder in folders for file in sorted((local / folder).rglob("*")) if file.is_file()]
    assert len(files) > 1 + 5 + 3 + 2 + 2 + 6 + 2
    for file in files:
        assert file.read_bytes() == (cluster / file.relative_to(local)).read_bytes(), file


def test_outcomes_are_the_same_but_for_the_time_they_took(recorded):
    cluster, local, _ = recorded
    files = sorted((local / "outcomes").rglob("*.parquet"))
    assert len(files) == 5
    for file in files:
        ours = read_rows(cluster / file.relative_to(local), "outcomes").drop_columns(["cpu_seconds"])
        assert ours.equals(read_rows(file, "outcomes").drop_columns(["cpu_seconds"])), file


def test_every_table_of_the_database_is_the_same(recorded):
    cluster, local, _ = recorded
    with duckdb.connect() as database:
        for name, folder in (("a", cluster), ("b", local)):
            database.execute(f"ATTACH '{folder}/isobudget.duckdb' AS {name} (READ_ONLY)")
        query = "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'b'"
        tables = sorted(name for (name,) in database.execute(query).fetchall())
        assert {"pass_at_k", "pass_at_budget", "greedy", "rank_score_at_k", "winners", "margins"} <= set(tables)
        for table in tables:
            columns = "* EXCLUDE (cpu_seconds)" if table == "outcomes" else "*"
            rows = [database.execute(f"SELECT {columns} FROM {name}.{table} ORDER BY ALL").fetchall() for name in "ab"]
            assert rows[0] == rows[1], table


def test_only_jobs_that_load_a_model_ask_for_the_gpu_partition(tmp_path):
    jobs = planned(copy(tmp_path), TWO_MODELS, *SLURM)
    asked = {
        (rule, keys.get("ranker"), keys["model"]): (job["slurm_partition"], job.get("gpu"), job["mem_mb"])
        for rule, keys, job in jobs
        if rule in ("sample", "rank", "calibrate", "execute")
    }
    assert asked[("sample", None, "small")] == ("gpu", "1", "64000")
    assert asked[("sample", None, "big")] == ("gpu", "2", "64000")
    assert asked[("calibrate", None, "big")] == ("gpu", "2", "64000")
    assert asked[("rank", "nll:big", "small")] == ("gpu", "2", "64000")
    assert asked[("rank", "nll:self", "small")] == ("cpu", "0", "4000")
    assert asked[("execute", None, "small")] == ("cpu", None, "4000")


@pytest.mark.vllm
def test_a_live_block_through_slurm_is_the_block_drawn_here(root, monkeypatch):
    try:
        vllm.on_cpu()
    except StudyError as error:
        (pytest.fail if os.environ.get("ISOBUDGET_REQUIRE_VLLM") else pytest.skip)(str(error))
    block = paths.below("live", paths.SAMPLES, benchmark="humaneval", model="smollm2", decoding="sampled", block=0)
    # Slurm gave the job one of a node's two GPUs, and that one the job leased
    monkeypatch.setenv("ISOBUDGET_DEVICES", "pretended-0,pretended-1")
    said = snakemake(root, LIVE, "live", block, *SLURM)
    assert (Path(gpu_leases.FOLDER) / "pretended-0").read_text().endswith("(live/weights/smollm2)")
    monkeypatch.delenv("ISOBUDGET_DEVICES")
    assert said.count("submitted with SLURM") == 1
    job = said.split("SLURM jobid ")[1].split()[0]
    facts = subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True).stdout
    assert all(
        fact in facts for fact in ("Partition=gpu", "TresPerJob=gres:gpu:1", "CpusPerTres=gres:gpu:8", "mem=62.50G")
    )
    there = (root / block).rename(root / "there.parquet")
    snakemake(root, LIVE, "live", block, *LOCAL)
    assert read_rows(there, "samples").equals(read_rows(root / block, "samples"))
    facts = [read_metadata(file, "samples") for file in (there, root / block)]
    assert [one.pop("seconds") > 0 for one in facts] == [True, True] and facts[0] == facts[1]
