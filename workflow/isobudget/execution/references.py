"""The gate before any sample: the reference solutions pass, here, in this sandbox.

A benchmark may have problems whose own reference fails its own tests. Those are left out, by name: no sample of theirs
is judged, no metric counts them. Too many of them are no fault of the benchmark any more, but of this machine.
"""

import math
from pathlib import Path
from typing import Any

from isobudget.execution.judging import code_of, judge, program_for
from isobudget.files import stage, tables
from isobudget.files.errors import StudyError
from isobudget.files.settings import RunSettings
from isobudget.sandbox import Outcome, verdicts

# A reference shows that the tests are right, not that it is quick: it gets so many times the time of a sample.
PATIENCE = 4


def check_references(problems_path: str | Path, settings: RunSettings, workers: int, output: str | Path) -> None:
    """Run the reference solutions and write a JSON file that says which problems are fit to judge samples with.

    Keys: task_ids (fit), passed (how many of them by a reference), unchecked (task_ids without a reference, fit by
    trust), slow (task_id: CPU seconds, over the time that a sample has), excluded (task_id: why), engine, sandbox,
    limits, seconds. Raises StudyError that names the first problem whose reference fails where more do than the share
    `excusable` of the settings (none, if it does not say).
    """
    problems = {problem["task_id"]: problem for problem in tables.read_rows(problems_path, "problems").to_pylist()}
    excluded = {task_id: "it has no tests" for task_id, problem in problems.items() if not problem["tests"]}
    checked = [task_id for task_id, problem in problems.items() if problem["tests"] and problem["reference"]]
    passed, failed, facts = _run(problems, checked, settings, workers)
    excusable = math.ceil(settings.get("excusable", 0) * len(checked))
    if len(failed) > excusable:
        others = f", and so did {len(failed) - 1} more" if len(failed) > 1 else ""
        allowed = f" ({excusable} of {len(checked)} may)" if excusable else ""
        task_id, why = next(iter(failed.items()))
        raise StudyError(
            f"{problems_path}: the reference solution of {task_id} ended with {why} in the {facts['engine']} "
            f"sandbox{others}{allowed}; no sample is judged before this machine or the benchmark is put right."
        )
    excluded |= {task_id: f"its own reference ended with {why}" for task_id, why in failed.items()}
    task_ids = [task_id for task_id in problems if task_id not in excluded]
    if not task_ids:
        raise StudyError(f"{problems_path}: none of its problems is fit to judge samples with; see the log.")
    found = {
        "task_ids": task_ids,
        "passed": len(passed),
        "unchecked": [task_id for task_id in task_ids if not problems[task_id]["reference"]],
        "slow": {
            task_id: outcome.cpu_seconds
            for task_id, outcome in passed.items()
            if problems[task_id]["kind"] == "call" and outcome.cpu_seconds > settings.get("timeout", 3)
        },
        "excluded": excluded,
    }
    _tell(found, settings)
    tables.write_json(output, {**facts, **found})


def _run(problems, task_ids, settings, workers):
    """Run the first solution of each problem, then the next of those that have not passed, while there are any.

    Returns ({task_id: Outcome that passed}, {task_id: how its first solution ended}, facts as of judge).
    """
    patient = {**settings, "timeout": PATIENCE * settings.get("timeout", 3)}
    solutions = {task_id: problems[task_id]["reference"].split("\f") for task_id in task_ids}
    passed: dict[str, Outcome] = {}
    failed: dict[str, str] = {}
    facts: dict[str, Any] = {}
    attempt = 0
    left = task_ids
    while left or not facts:
        programs = []
        for task_id in left:
            source = code_of(problems[task_id], settings) + solutions[task_id][attempt]
            programs.append(program_for(problems[task_id], source, settings))
        outcomes, now = judge(programs, patient, workers, "references" if not attempt else "other references")
        facts = now | {key: round(now[key] + facts.get(key, 0), 3) for key in ("ran", "seconds")}
        for task_id, outcome in zip(left, outcomes, strict=True):
            if outcome.verdict == verdicts.PASSED:
                passed[task_id] = outcome
                failed.pop(task_id, None)
            else:
                failed.setdefault(task_id, f"{outcome.verdict} ({outcome.detail or 'no detail'})")
        attempt += 1
        left = [task_id for task_id in left if task_id in failed and attempt < len(solutions[task_id])]
    return passed, failed, facts


def _tell(found, settings):
    for task_id, why in found["excluded"].items():
        stage.say(f"references: {task_id} is left out: {why}")
    for task_id, seconds in found["slow"].items():
        limit = settings.get("timeout", 3)
        stage.say(f"references: that of {task_id} took {seconds:.1f} s of CPU time; a sample has {limit:g} s")
    if found["unchecked"]:
        stage.say(f"references: {len(found['unchecked'])} problems have none and are judged unchecked")


def main() -> None:
    parser = stage.arguments("Check that the reference solutions of a benchmark pass in the sandbox.", RunSettings)
    parser.add_argument("--problems", required=True, help="the problems, Parquet")
    parser.add_argument("--workers", type=int, default=1, help="programs at once")
    stage.run(lambda args: check_references(args.problems, args.settings, args.workers, args.output), parser)


if __name__ == "__main__":
    main()
