"""One block of samples to one file of outcomes."""

import collections

from isobudget import rows
from isobudget.errors import StudyError
from isobudget.execution import extract
from isobudget.execution.judging import code_of, judge, program_for, sha256
from isobudget.sandbox import verdicts

IDENTITY = ("benchmark", "model", "decoding", "block")


def execute(problems_path, samples_path, references_path, settings, workers, output, keep_in=None):
    """Judge every sample of a block and write `outcomes` rows, in the samples' order.

    Each distinct program (text and tests) runs once, and not at all if `keep_in`, the file of
    verdicts kept by content, knows it. Samples of a problem that its own reference excluded get no row;
    the file's metadata name those problems. Raises StudyError if the references have not passed, a
    task_id is unknown, or the sandbox fails.
    """
    problems = {row["task_id"]: row for row in rows.read_rows(problems_path, "problems").to_pylist()}
    samples = rows.read_rows(samples_path, "samples").to_pylist()
    excluded = _check_references(references_path, problems)
    stop = extract.stop_sequences(settings)
    form = rows.read_metadata(samples_path, "samples").get("form", "raw")

    numbers, programs, plan = {}, [], []
    for row, sample in enumerate(samples):
        problem = problems.get(sample["task_id"])
        if problem is None:
            raise StudyError(
                f"{samples_path}: row {row} is a sample of {sample['task_id']!r}, which {problems_path} does not have; "
                "delete the samples and run again."
            )
        if sample["task_id"] in excluded:
            continue
        text = sample["text"] or ""
        if form == "raw":
            source = extract.extract(code_of(problem, settings), text, stop)
        else:
            source = extract.as_it_stands(code_of(problem, settings), text, form)
        if source is None:
            plan.append((sample, None, None))
            continue
        program = program_for(problem, source, settings)
        if program not in numbers:
            numbers[program] = len(programs)
            programs.append(program)
        plan.append((sample, sha256(source), numbers[program]))

    outcomes, facts = judge(programs, settings, workers, "execute", keep_in)
    found = [_row(sample, digest, outcomes[number] if digest else None) for sample, digest, number in plan]
    metadata = {
        **{key: value for key, value in rows.read_metadata(samples_path, "samples").items() if key in IDENTITY},
        **facts,
        "extraction": extract.VERSION,
        "distinct": len(programs),
        "excluded": excluded,
        "verdicts": dict(collections.Counter(row["verdict"] for row in found)),
    }
    rows.write_rows(output, "outcomes", found, metadata)


def _check_references(path, problems):
    """The task_ids of `problems` that their own reference excluded, sorted."""
    references = rows.read_json(path)
    excluded = set(references.get("excluded", {})) & set(problems)
    missing = sorted(set(problems) - set(references.get("task_ids", [])) - excluded)
    if missing:
        raise StudyError(
            f"{path}: no reference solution has passed for {missing[0]} and {len(missing) - 1} more problem(s); "
            "delete it and run again to make it anew."
        )
    return sorted(excluded)


def _row(sample, digest, outcome):
    row = {"task_id": sample["task_id"], "sample": sample["sample"], "program_sha256": digest}
    if outcome is None:
        return {**row, "verdict": verdicts.REJECTED, "detail": "there is no text", "cpu_seconds": 0.0}
    return {**row, "verdict": outcome.verdict, "detail": outcome.detail, "cpu_seconds": outcome.cpu_seconds}
