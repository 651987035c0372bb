"""The gate before any sample: every reference solution passes, here, in this sandbox."""

from isobudget import rows, stage
from isobudget.errors import StudyError
from isobudget.execution.judging import judge, program_for
from isobudget.sandbox import verdicts


def check_references(problems_path, settings, workers, output):
    """Run every reference solution and write a JSON file that says that all of them passed.

    Keys: task_ids, passed (how many), engine, sandbox, limits, seconds. Raises StudyError that
    names the first problem whose reference does not pass: the machine or the benchmark is at fault.
    """
    problems = rows.read_rows(problems_path, "problems").to_pylist()
    programs = [program_for(problem, problem["prompt"] + problem["reference"]) for problem in problems]
    outcomes, facts = judge(programs, settings, workers, "references")
    failed = [
        (problem, outcome)
        for problem, outcome in zip(problems, outcomes, strict=True)
        if outcome.verdict != verdicts.PASSED
    ]
    if failed:
        problem, outcome = failed[0]
        others = f", and so did {len(failed) - 1} more" if len(failed) > 1 else ""
        raise StudyError(
            f"{problems_path}: the reference solution of {problem['task_id']} ended with {outcome.verdict} "
            f"({outcome.detail or 'no detail'}) in the {facts['engine']} sandbox{others}; no sample is judged before "
            "this machine or the benchmark is put right."
        )
    task_ids = [problem["task_id"] for problem in problems]
    rows.write_json(output, {**facts, "passed": len(problems), "task_ids": task_ids})


def main():
    parser = stage.arguments("Check that the reference solutions of a benchmark pass in the sandbox.")
    parser.add_argument("--problems", required=True, help="the problems, Parquet")
    parser.add_argument("--workers", type=int, default=1, help="programs at once")
    stage.run(lambda args: check_references(args.problems, args.settings, args.workers, args.output), parser)


if __name__ == "__main__":
    main()
