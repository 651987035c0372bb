"""Three benchmarks, and a live model, one behind a server and an imported one side by side, each added to what was run.

It takes ten minutes on two cores, so it runs where ISOBUDGET_SIDE_BY_SIDE=1 asks for it; the value may be a folder of
weights for the live model instead, SmolLM2's otherwise. It needs ../shared/data.
"""

import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from helpers.checkout import DATA, ROOT
from helpers.serving import KEY, VARIABLE, serving
from helpers.snakemake_runs import ENDING, planned, snakemake
from isobudget.files.tables import read_rows

WANTED = os.environ.get("ISOBUDGET_SIDE_BY_SIDE")
FILES = {"mbpp": DATA / "mbpp/mbpp.jsonl", "apps-introductory": DATA / "apps/apps_mini_val.jsonl"}
BENCHMARKS = ["humaneval", *FILES]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.vllm,
    pytest.mark.skipif(not WANTED, reason="takes ten minutes; ISOBUDGET_SIDE_BY_SIDE=1 runs it"),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no {DATA}, which has MBPP and APPS"),
]


@pytest.fixture
def root(tmp_path):
    for part in ("Snakefile", "rules", "workflow", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, tmp_path / part)
    return tmp_path


def add(root, study, jobs):
    """Run a study that grew: only the jobs that it lacks, to the end."""
    assert planned(root, study) == jobs | ENDING
    done = snakemake(root, study=study)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(root, study) == {}


def write_solutions(root):
    """evalplus's JSON lines, each problem's own solution twice."""
    for benchmark in BENCHMARKS:
        lines = []
        for problem in read_rows(root / f"results/problems/{benchmark}.parquet", "problems").to_pylist():
            solution = problem["reference"].split("\f")[0]
            whole = problem["prompt"] + solution if benchmark == "humaneval" else solution
            lines += [json.dumps({"task_id": problem["task_id"], "solution": whole})] * 2
        (root / f"{benchmark}.jsonl").write_text("\n".join(lines))


def test_each_model_and_benchmark_is_added_by_its_own_jobs_to_one_report(root, smollm2, tmp_path, monkeypatch):
    weights = smollm2 if WANTED == "1" else Path(WANTED)
    live = {"engine": "vllm", "weights": str(weights), "samples": 2}
    study = {
        "benchmarks": ["humaneval"],
        "problems": 2,
        "data": {name: str(file) for name, file in FILES.items()},
        "models": {"live": live},
        "decoding": {"top_p": 1.0, "max_tokens": 48},
        "block": 2,
        "calibration": {"prompts": 2, "samples": 2, "repeats": 1},
        "rankers": ["nll:self", "shortest", "random"],
        "bootstrap": {"resamples": 20},
    }
    drawn = {"sample": 2, "execute": 2, "rank": 3, "estimate": 1}
    known = {"model": 1, "cost": 1}
    add(root, study, drawn | known | {"problems": 1, "references": 1, "calibrate": 1})

    study |= {"benchmarks": BENCHMARKS}
    add(root, study, {rule: 2 * count for rule, count in drawn.items()} | {"problems": 2, "references": 2})

    drawn = {rule: 3 * count for rule, count in drawn.items()}
    with serving(smollm2, tmp_path / "serve.log", "--max-model-len", 4096) as url:
        monkeypatch.setenv(VARIABLE, KEY)
        served = {"engine": "endpoint", "url": url, "served": "smollm2", "key_env": VARIABLE, "samples": 2}
        study |= {"models": {"live": live, "served": served | {"config": str(smollm2)}}}
        add(root, study, drawn | known | {"calibrate": 1})

    write_solutions(root)
    theirs = {"engine": "import", "path": "{benchmark}.jsonl", "samples": 2, "cost": {"flops": 1e12, "seconds": 1}}
    study |= {"models": study["models"] | {"theirs": theirs}}
    # without a greedy file, and without log-probabilities
    add(root, study, {"collect": 3, "sample": 3, "execute": 3, "rank": 6, "estimate": 3, "cost": 1})

    with duckdb.connect(str(root / "results/isobudget.duckdb"), read_only=True) as connection:
        cells = connection.execute("SELECT DISTINCT benchmark, model FROM pass_at_k ORDER BY ALL").fetchall()
        passed = "SELECT benchmark, value FROM pass_at_k WHERE model = 'theirs' AND k = 1 ORDER BY ALL"
        solved = connection.execute(passed).fetchall()
    assert cells == [(b, m) for b in sorted(BENCHMARKS) for m in ("live", "served", "theirs")]
    assert solved == [(benchmark, 1.0) for benchmark in sorted(BENCHMARKS)]
    page = (root / "results/report/index.html").read_text()
    assert all(name in page for name in (*BENCHMARKS, "live", "served", "theirs"))
