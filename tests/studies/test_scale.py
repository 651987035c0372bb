"""A study of a thousand cells: what is planned is only what is missing. Files are empty; nothing is sampled or run."""

import json
import os
import shutil
import time

import pytest

from helpers.checkout import ROOT
from helpers.snakemake_runs import ENDING, planned
from isobudget.files import paths
from isobudget.study import stage_settings
from isobudget.study.config import load
from isobudget.study.study_files import study_files

pytestmark = pytest.mark.slow

MODELS = {f"m{number}": {"engine": "recorded", "samples": 160} for number in range(4)}
STUDY = {"models": MODELS, "rankers": ["nll:self", "shortest", "random", "nll:m0"]}
MORE = STUDY | {"models": MODELS | {"m4": {"engine": "recorded", "samples": 160}}}
# the order in which stages write, as files without Snakemake's records are told by their times
ORDER = ("problems", "models", "calibrations", "references", "samples", "outcomes", "scores", "costs", "estimates")


def files(config):
    """Every file of a study, below its results folder."""
    study = load(config)
    found = [file.path for file in study_files("results", json.loads(stage_settings.aggregate(study)))]
    found += [paths.below("results", paths.REFERENCES, benchmark="humaneval")]
    for model in study.models:
        found += [paths.below("results", template, model=model, run=0) for template in (paths.MODELS, paths.COSTS)]
        found += [paths.below("results", paths.CALIBRATIONS, model=model, run=0)]
    return found


@pytest.fixture
def thousand(tmp_path):
    """A folder with the workflow, all recordings of MORE and all results of STUDY, each file empty."""
    for part in ("Snakefile", "rules", "workflow", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, tmp_path / part)
    now = time.time()
    results = files(STUDY)
    assert len(results) > 980
    recorded = [file.replace("results/", "recordings/", 1) for file in files(MORE)]
    for file in recorded + results + [f"results/{paths.DATABASE}", f"results/{paths.REPORT}"]:
        kind = file.split("/")[1]
        age = 1000 if file.startswith("recordings/") else 100 - ORDER.index(kind) if kind in ORDER else 0
        age -= kind == "report"
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (now - age, now - age))
    return tmp_path


def test_a_model_added_to_a_thousand_cells_plans_exactly_its_jobs(thousand):
    assert planned(thousand, STUDY) == {}
    own = {"model": 1, "calibrate": 1, "sample": 41, "execute": 41, "rank": 160, "cost": 1, "estimate": 1}
    assert planned(thousand, MORE) == own | ENDING
