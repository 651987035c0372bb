"""A study small enough to enumerate: two models, three problems, written as the stages write it."""

import json
import subprocess
import sys

from isobudget.files.tables import write_json, write_rows

TASKS = ["T/0", "T/1", "T/2"]
PASSED = {  # model -> task -> sample -> passed; S has n = 8 in two blocks, L n = 4 in one
    "S": [[1, 0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 1, 1, 0, 0], [0] * 8],
    "L": [[1, 1, 1, 0], [1, 0, 1, 1], [0, 0, 1, 0]],
}
GREEDY = {"S": [1, 0, 0], "L": [1, 1, 0]}
COSTS = {  # generation, scoring
    "S": {"flops": (1e12, 1e12), "seconds": (0.5, 0.25), "usd": (None, None)},
    "L": {"flops": (4e12, 4e12), "seconds": (1.5, 0.5), "usd": (None, None)},
}
SETTINGS = {
    "benchmarks": ["humaneval"],
    "models": {"S": 2, "L": 1},
    "greedy": True,
    "rankers": ["nll:L", "nll:self"],
    "budgets": {"flops": [1, 2, 4, 8, 16, 64], "seconds": [1, 3, 6], "usd": [1]},
    "bootstrap": {"resamples": 50, "seed": 0},
}


def score(model, ranker, task, sample):
    """Any fixed order with ties, another for each ranker."""
    return float((sample * 5 + task + len(ranker)) % 4 + (model == "L") * 0.5)


def write_cell(results, model, decoding, block, samples):
    place = f"humaneval/{model}/{decoding}/{block}.parquet"
    passed = GREEDY[model] if decoding == "greedy" else None
    keys = [(task, sample) for task in range(len(TASKS)) for sample in samples]
    texts, outcomes = [], []
    for task, sample in keys:
        good = passed[task] if passed else PASSED[model][task][sample]
        where = {"task_id": TASKS[task], "sample": sample}
        texts.append(
            {**where, "text": f"{model} {task} {sample}", "prompt_tokens": 9, "completion_tokens": 5}
            | {"logprob": -1.5, "finish_reason": "stop"}
        )
        outcomes.append(
            {**where, "program_sha256": f"{task:064d}", "verdict": "passed" if good else "failed"}
            | {"detail": "", "cpu_seconds": 0.01}
        )
    write_rows(results / "samples" / place, "samples", texts)
    write_rows(results / "outcomes" / place, "outcomes", outcomes)
    for ranker in SETTINGS["rankers"] if decoding == "sampled" else ():
        scores = [
            {"task_id": TASKS[t], "sample": s, "score": score(model, ranker, t, s), "kept": True} for t, s in keys
        ]
        write_rows(results / "scores" / ranker / place, "scores", scores)


def write_costs(results, costs):
    for model, units in costs.items():
        generation = {unit: units[unit][0] for unit in units} | {"flops_read_written": 7.5}
        scoring = {unit: units[unit][1] for unit in units} | {"flops_read_written": 7.5}
        how = dict.fromkeys(["flops", "seconds", "usd"], "by hand")
        write_json(results / f"costs/{model}.json", {"generation": generation, "scoring": scoring, "how": how})


def command(module, output, results, settings):
    arguments = [sys.executable, "-m", f"isobudget.{module}", "--results", results, "--output", output]
    arguments += ["--settings", json.dumps(settings), "--log", output.with_suffix(".log")]
    return [str(argument) for argument in arguments]


def stage(*arguments):
    return subprocess.run(command(*arguments), check=False, capture_output=True, text=True)


def estimate(results, model, **changes):
    blocks = SETTINGS["models"][model]
    settings = {"benchmark": "humaneval", "model": model, "blocks": blocks, "greedy": True}
    settings |= {"rankers": SETTINGS["rankers"], "bootstrap": SETTINGS["bootstrap"], **changes}
    done = stage("estimates", results / f"estimates/humaneval/{model}.parquet", results, settings)
    assert done.returncode == 0, done.stderr


def write_study(results):
    problems = [
        dict.fromkeys(["prompt", "tests", "entry_point", "reference", "split"], "x") | {"task_id": t, "kind": "call"}
        for t in TASKS
    ]
    write_rows(results / "problems/humaneval.parquet", "problems", problems)
    for model, blocks in SETTINGS["models"].items():
        for block in range(blocks):
            write_cell(results, model, "sampled", block, range(4 * block, 4 * block + 4))
        write_cell(results, model, "greedy", 0, [0])
        estimate(results, model)
    write_costs(results, COSTS)


def aggregate(results, **changes):
    return stage("store", results / "isobudget.duckdb", results, {**SETTINGS, **changes})
