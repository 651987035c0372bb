"""config/paper.yaml is the paper's study: n, jobs and generations; its tables come out of counts that have them."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from helpers.checkout import ROOT
from isobudget.files.tables import read_rows, write_rows
from isobudget.run import plan
from isobudget.statistics.unbiased import pass_at_k
from isobudget.study import published, stage_settings
from isobudget.study.config import load

PROBLEMS = {"humaneval": 164, "mbpp": 500, "apps-introductory": 1000, "apps-interview": 3000, "apps-competition": 1000}
N = {"7b": (2000, 1000), "13b": (1000, 500), "34b": (400, 200), "70b": (200, 100)}  # APPS has the second
BLOCK = 50


def of_paper(name, benchmark):
    size = "7b" if name == "llama-3-8b" else name.rpartition("-")[2]
    return N[size][benchmark.startswith("apps")]


@pytest.fixture(scope="module")
def paper():
    return load(yaml.safe_load((ROOT / "config/paper.yaml").read_text()), "paper.yaml")


def test_n_and_decoding_are_the_papers(paper):
    assert list(paper.benchmarks) == list(PROBLEMS)
    assert len(paper.models) == 6
    for benchmark in paper.benchmarks:
        for name in paper.models:
            assert paper.blocks(benchmark, name) * paper.block == of_paper(name, benchmark), (benchmark, name)
        assert paper.decoded(benchmark, "temperature") == (0.6 if benchmark.startswith("apps") else 0.8)
        assert paper.decoded(benchmark, "top_p") == 0.95
        assert paper.max_tokens(benchmark) == (512 if benchmark == "humaneval" else 256)


def test_every_budget_of_it_buys_no_more_than_half_of_the_samples_of_the_7b(paper):
    assert max(*paper.budgets.flops, *paper.budgets.seconds) == N["7b"][0] // 2


def test_generations_and_readings_are_counted(paper):
    works = {work.model: work for work in plan.plan(paper)}
    for name, work in works.items():
        drawn = sum((of_paper(name, benchmark) + 1) * count for benchmark, count in PROBLEMS.items())
        assert work.generations == drawn + 128 * 8 * 3, name
    every = {name: sum(of_paper(name, b) * count for b, count in PROBLEMS.items()) for name in works}
    read = {name: sum(every.values()) - every[name] for name in works if name.startswith("code-llama")}
    assert {name: work.readings for name, work in works.items() if work.readings} == read


def test_gpu_hours_are_those_of_the_papers_table_and_of_a_share_of_the_peak():
    study = load({"models": {"m": {"engine": "vllm", "weights": "codellama/CodeLlama-13b-hf", "samples": 8}}})
    (work,) = plan.plan(study)
    assert work.generations == 164 * 9 + 32 * 4 * 3 == 1860
    assert work.paper_hours == pytest.approx(1860 * 667 * 8 / 1000 / 3600)
    assert work.hours == pytest.approx(1860 * 512 * 3.29e12 / 128 / 312e11 / 3600)


def test_a_size_is_read_off_the_name_and_where_there_is_none_the_hours_say_so():
    models = {
        "big": {"engine": "vllm", "weights": "org/Coder-14B-Instruct", "samples": 4},
        "odd": {"engine": "vllm", "weights": "org/Phi-mini", "samples": 4},
        "kept": {"engine": "recorded", "samples": 4},
    }
    big, odd = plan.plan(load({"models": models}))
    per_token = 28e9 / (0.1 * 312e12)
    assert big.hours == pytest.approx(big.generations * 512 * per_token / 3600)
    assert (odd.hours, odd.paper_hours) == (None, None)
    assert "not in the hours, models whose size no name tells: odd" in plan.report(load({"models": models}))
    assert plan.report(load({"models": {"kept": models["kept"]}})) == ""


def test_calibrations_that_never_run_are_not_counted():
    served = {"engine": "endpoint", "url": "http://127.0.0.1:1/v1", "served": "m", "samples": 4}
    models = {"timed": served, "given": served | {"cost": {"flops": 1e12, "seconds": 1}}}
    timed, given = plan.plan(load({"models": models, "problems": 3}))
    assert timed.generations == 3 * 5 + 3 * 4 * 3
    assert given.generations == 3 * 5


def test_no_more_problems_are_counted_than_a_local_file_has_records(tmp_path):
    records = [{"task_id": number} for number in (2, 3, 4, 11, 12)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "mbpp.jsonl").write_text(lines + "\n")
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "mbpp.parquet")
    (tmp_path / "mbpp.json").write_text(json.dumps(records))
    (tmp_path / "broken.parquet").write_text("x")
    (tmp_path / "list.jsonl").write_text(json.dumps(records))
    models = {"m-1b": {"engine": "vllm", "weights": "w", "samples": 4}}
    counted = {"mbpp.jsonl": 5, "mbpp.parquet": 5, "mbpp.json": 500, "broken.parquet": 500, "list.jsonl": 500}
    for name, problems in counted.items():
        study = load({"benchmarks": ["mbpp"], "data": {"mbpp": str(tmp_path / name)}, "models": models})
        (work,) = plan.plan(study)
        assert work.generations == problems * 5 + min(32, problems) * 4 * 3, name
        assert "at most, as not every record of a local file need be a problem: mbpp" in plan.report(study)


def test_n_that_is_not_known_yet_is_said():
    study = load({"models": {"m-1b": {"engine": "vllm", "weights": "w", "samples": "auto"}}})
    assert re.search(r"^m-1b +auto ", plan.report(study), re.MULTILINE)
    assert "at least, as n follows from prices that are not known yet: m-1b" in plan.report(study)


def test_a_dry_run_says_how_many_jobs_generations_and_gpu_hours(paper, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    header = re.search(r"^# +snakemake (.*)$", (ROOT / "config/paper.yaml").read_text(), re.MULTILINE)[1]
    command = [sys.executable, "-m", "snakemake", *header.split(), "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-4000:]
    jobs = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", done.stdout, re.MULTILINE)}
    blocks = sum(of_paper(name, benchmark) // BLOCK for name in paper.models for benchmark in PROBLEMS)
    greedy = len(paper.models) * len(PROBLEMS)
    wanted = {"model": 6, "cost": 6, "calibrate": 6 * 3, "problems": 5, "references": 5, "estimate": 30}
    wanted |= {"sample": blocks + greedy, "execute": blocks + greedy, "rank": 5 * blocks}
    wanted |= {"aggregate": 1, "report": 1, "all": 1}
    assert jobs == wanted | {"total": sum(wanted.values())}
    assert jobs["total"] == 2975
    assert done.stderr.rstrip().endswith(plan.report(paper))
    assert "18,403,616   62,014,400" in done.stderr
    assert not list(tmp_path.rglob("*.parquet"))


# The table of HumanEval, from counts that have it: what 164 problems of n samples would look like.


def counts(n, wanted, problems=PROBLEMS["humaneval"]):
    """c of as many problems, ints, whose mean pass@k rounds to what is wanted, {k: fraction}, at every k.

    From a spread of solve rates one problem is moved at a time, to where the table is met best; three anywhere, where
    no such move is left.
    """
    rng = np.random.default_rng(0)
    k = np.array(sorted(wanted))
    target = np.array([wanted[each] for each in k])
    places = np.unique(np.concatenate([np.arange(40), np.geomspace(40, n, 80).astype(int), [n]]))
    each = pass_at_k(n, places, k) / problems
    at = (rng.beta(0.4, 1.0, problems) * len(places)).astype(int)
    least, best = np.inf, at
    for _ in range(4000):
        short = target - each[at].sum(axis=0)
        if np.abs(short).max() < least:
            least, best = np.abs(short).max(), at.copy()
        if least < 0.00045:  # a published value is right to 0.0005
            return places[best]
        here = np.unique(at)
        loss = np.square(each[None] - each[here][:, None] - short).sum(axis=2)
        moved, to = np.unravel_index(loss.argmin(), loss.shape)
        if loss[moved, to] < np.square(short).sum() - 1e-12:
            at[np.flatnonzero(at == here[moved])[0]] = to
        else:
            at = best.copy()
            at[rng.integers(problems, size=3)] = rng.integers(len(places), size=3)
    raise AssertionError(f"no counts found: still off by {least}")


def write_outcomes(results, model, n, c):
    rng = np.random.default_rng(1)
    passed = np.array([rng.permutation(n) < count for count in c])
    for block in range(n // BLOCK):
        mine = passed[:, block * BLOCK : (block + 1) * BLOCK]
        columns = {
            "task_id": np.repeat([f"HumanEval/{number}" for number in range(len(c))], BLOCK),
            "sample": np.tile(np.arange(block * BLOCK, (block + 1) * BLOCK, dtype=np.int32), len(c)),
            "program_sha256": [""] * mine.size,
            "verdict": np.where(mine.ravel(), "passed", "failed"),
            "detail": [""] * mine.size,
            "cpu_seconds": np.zeros(mine.size),
        }
        write_rows(results / f"outcomes/humaneval/{model}/sampled/{block}.parquet", "outcomes", columns)


@pytest.mark.parametrize("model", ["code-llama-7b", "code-llama-13b", "code-llama-34b", "code-llama-70b"])
def test_the_estimate_stage_gives_the_published_table_where_it_is_fed_counts_that_have_it(paper, model, tmp_path):
    name = published.costs()[paper.models[model].weights.lower()].model
    wanted = published.pass_at_k()["humaneval", name]
    n = of_paper(model, "humaneval")
    write_outcomes(tmp_path, model, n, counts(n, wanted))
    settings = json.loads(stage_settings.estimate(paper, "humaneval", model))
    settings |= {"greedy": False, "rankers": [], "bootstrap": {"resamples": 20, "seed": 0}}
    output = tmp_path / f"estimates/humaneval/{model}.parquet"
    command = [sys.executable, "-m", "isobudget.estimates", "--results", tmp_path, "--output", output]
    done = subprocess.run([*command, "--settings", json.dumps(settings)])
    assert done.returncode == 0
    found = read_rows(output, "estimates").to_pylist()
    values = {row["k"]: row["value"] for row in found if row["metric"] == "pass_at_k"}
    assert max(values) == n // 2
    assert {k: round(100 * values[k], 1) for k in wanted} == {k: round(100 * value, 1) for k, value in wanted.items()}


def test_the_published_tables_are_whole():
    table = published.pass_at_k()
    assert {name: (len(row), row[1], round(row[max(row)], 4)) for (_, name), row in table.items()} == {
        "Code Llama 7B": (9, 0.282, 0.963),
        "Code Llama 13B": (8, 0.327, 0.965),
        "Code Llama 34B": (6, 0.386, 0.943),
        "Code Llama 70B": (5, 0.467, 0.944),
    }
    for row in table.values():
        assert list(row.values()) == sorted(row.values()), "more samples solve more"


def test_config_readme_shows_the_plan_as_it_is(paper):
    assert plan.report(paper) in (ROOT / "config/README.md").read_text()
