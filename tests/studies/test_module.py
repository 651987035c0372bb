"""The workflow as a module of another Snakefile, as people who deploy it by name have it, far from its own folder."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml

from helpers.recorded_study import STUDY, record
from helpers.snakemake_runs import repository

pytestmark = pytest.mark.slow

# what snakedeploy writes, and a rule of the user's own behind it
SNAKEFILE = """
configfile: "config/config.yaml"

module isobudget:
    snakefile: "{root}/workflow/Snakefile"
    config: config

use rule * from isobudget as isobudget_*

rule mine:
    input: rules.isobudget_report.output.page
    output: "mine.txt"
    default_target: True
    shell: "cp {{input}} {{output}}"
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """(the folder of somebody's own workflow, that of this one)."""
    root = repository(tmp_path_factory.mktemp("isobudget"))
    for model, blocks in (("small", 2), ("large", 1)):
        record(root, model, blocks)
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "config").mkdir()
    (folder / "config/config.yaml").write_text(yaml.safe_dump(STUDY))
    (folder / "Snakefile").write_text(SNAKEFILE.format(root=root))
    return folder, root


def snakemake(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def test_a_study_runs_as_a_module_and_its_files_lie_where_snakemake_is_run(deployed):
    folder, root = deployed
    done = snakemake(folder)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "small" in (folder / "mine.txt").read_text()
    assert (folder / "results/isobudget.duckdb").exists() and not (root / "results").exists()
    again = snakemake(folder)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_without_the_package_beside_it_one_sentence_says_what_to_do(deployed, tmp_path):
    _, root = deployed
    alone = tmp_path / "alone"
    shutil.copytree(root, alone, ignore=shutil.ignore_patterns("isobudget", ".snakemake", "recordings"))
    folder = tmp_path / "theirs"
    (folder / "config").mkdir(parents=True)
    (folder / "config/config.yaml").write_text(yaml.safe_dump(STUDY))
    (folder / "Snakefile").write_text(SNAKEFILE.format(root=alone))
    # -S: the environment of the tests has the package on its path
    command = [sys.executable, "-S", "-c", "import sys; sys.path[:0] = [p for p in sys.argv.pop(1).split(':')]; "]
    packages = [path for path in sys.path if path.endswith("site-packages")]
    command[-1] += "from snakemake.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*command, ":".join(packages), "--cores", "1", "--dry-run"], cwd=folder, capture_output=True, text=True,
        env=environment,
    )  # fmt: skip
    assert done.returncode != 0
    assert "the package isobudget is not installed; clone the repository" in done.stdout + done.stderr
