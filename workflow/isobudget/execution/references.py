"""The gate before any sample: the reference solutions pass, here, in this sandbox.

A benchmark may have problems whose own reference fails its own tests. Those are left out, by name: no sample of theirs
is judged, no metric counts them. Too many of them are no fault of the benchmark any more, but of this machine.
"""

import math

from isobudget import rows, stage
from isobudget.errors import StudyError
from isobudget.execution.judging import code_of, judge, program_for
from isobudget.sandbox import verdicts


def check_references(problems_path, settings, workers, output):
    """Run every reference solution and write a JSON file that says which problems are fit to judge samples with.

    Keys: task_ids (fit), passed (how many of them by their reference), unchecked (task_ids without a reference, fit by
    trust), excluded (task_id: why), engine, sandbox, limits, seconds. Raises StudyError that names the first problem
    whose reference fails where more do than the share `excusable` of the settings (none, if it does not say).
    """
    problems = rows.read_rows(problems_path, "problems").to_pylist()
    excluded = {problem["task_id"]: "it has no tests" for problem in problems if not problem["tests"]}
    checked = [problem for problem in problems if problem["tests"] and problem["reference"]]
    programs = [program_for(p, code_of(p, settings) + p["reference"], settings) for p in checked]
    outcomes, facts = judge(programs, settings, workers, "references")
    failed = {}
    for problem, outcome in zip(checked, outcomes, strict=True):
        if outcome.verdict != verdicts.PASSED:
            failed[problem["task_id"]] = f"{outcome.verdict} ({outcome.detail or 'no detail'})"
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
    for task_id, why in excluded.items():
        stage.say(f"references: {task_id} is left out: {why}")
    unchecked = [p["task_id"] for p in problems if p["tests"] and not p["reference"]]
    if unchecked:
        stage.say(f"references: {len(unchecked)} problems have no reference and are judged unchecked")
    task_ids = [problem["task_id"] for problem in problems if problem["task_id"] not in excluded]
    if not task_ids:
        raise StudyError(f"{problems_path}: none of its problems is fit to judge samples with; see the log.")
    passed = len(checked) - len(failed)
    rows.write_json(
        output, {**facts, "passed": passed, "task_ids": task_ids, "unchecked": unchecked, "excluded": excluded}
    )


def main():
    parser = stage.arguments("Check that the reference solutions of a benchmark pass in the sandbox.")
    parser.add_argument("--problems", required=True, help="the problems, Parquet")
    parser.add_argument("--workers", type=int, default=1, help="programs at once")
    stage.run(lambda args: check_references(args.problems, args.settings, args.workers, args.output), parser)


if __name__ == "__main__":
    main()
