"""One block of samples to one file of outcomes."""

import collections

from isobudget import rows
from isobudget.errors import StudyError
from isobudget.execution import extract
from isobudget.execution.judging import judge, program_for, sha256
from isobudget.sandbox import verdicts

IDENTITY = ("benchmark", "model", "decoding", "block")


def execute(problems_path, samples_path, references_path, settings, workers, output):
    """Judge every sample of a block and write `outcomes` rows, in the samples' order.

    Each distinct program (text and tests) runs once. Whether a text is a completion or a chat answer,
    the samples' metadata say (`chat`, the form in which the model was asked). Raises StudyError if
    the references have not passed, a task_id is unknown, or the sandbox fails.
    """
    problems = {row["task_id"]: row for row in rows.read_rows(problems_path, "problems").to_pylist()}
    samples = rows.read_rows(samples_path, "samples").to_pylist()
    drawn = rows.read_metadata(samples_path, "samples")
    _check_references(references_path, problems)
    stop = extract.stop_sequences(settings)

    numbers, programs, plan = {}, [], []
    for row, sample in enumerate(samples):
        problem = problems.get(sample["task_id"])
        if problem is None:
            raise StudyError(
                f"{samples_path}: row {row} is a sample of {sample['task_id']!r}, which {problems_path} does not have; "
                "delete the samples and run again."
            )
        text = sample["text"] or ""
        if drawn.get("chat"):
            source, reason = extract.from_answer(problem["prompt"], text, problem["entry_point"] or None)
        else:
            source, reason = extract.from_completion(problem["prompt"], text, stop)
        if source is None:
            plan.append((sample, None, reason))
            continue
        program = program_for(problem, source)
        if program not in numbers:
            numbers[program] = len(programs)
            programs.append(program)
        plan.append((sample, sha256(source), numbers[program]))

    outcomes, facts = judge(programs, settings, workers, "execute")
    found = [
        _row(sample, digest, outcomes[known]) if digest else _rejected(sample, known) for sample, digest, known in plan
    ]
    metadata = {
        **{key: value for key, value in drawn.items() if key in IDENTITY},
        **facts,
        "extraction": extract.VERSION,
        "distinct": len(programs),
        "verdicts": dict(collections.Counter(row["verdict"] for row in found)),
    }
    rows.write_rows(output, "outcomes", found, metadata)


def _check_references(path, problems):
    references = rows.read_json(path)
    missing = sorted(set(problems) - set(references.get("task_ids", [])))
    if missing:
        raise StudyError(
            f"{path}: no reference solution has passed for {missing[0]} and {len(missing) - 1} more problem(s); "
            "delete it and run again to make it anew."
        )


def _row(sample, digest, outcome):
    row = {"task_id": sample["task_id"], "sample": sample["sample"], "program_sha256": digest}
    return {**row, "verdict": outcome.verdict, "detail": outcome.detail, "cpu_seconds": outcome.cpu_seconds}


def _rejected(sample, reason):
    row = {"task_id": sample["task_id"], "sample": sample["sample"], "program_sha256": None}
    return {**row, "verdict": verdicts.REJECTED, "detail": reason, "cpu_seconds": 0.0}
