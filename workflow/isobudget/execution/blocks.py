"""One block of samples to one file of outcomes."""

import collections
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isobudget import extraction
from isobudget.execution.judging import code_of, judge, language_of, program_for, sha256
from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.files.settings import RunSettings
from isobudget.sandbox import Program, verdicts

IDENTITY = ("benchmark", "model", "decoding", "block")


def execute(
    problems_path: str | Path,
    samples_path: str | Path,
    references_path: str | Path,
    settings: RunSettings,
    workers: int,
    output: str | Path,
    keep_in: str | Path | None = None,
) -> None:
    """Judge every sample of a block and write `outcomes` rows, in the samples' order.

    Each distinct program (text and tests) runs once, and not at all if `keep_in`, the file of
    verdicts kept by content, knows it. What a text is, the samples' metadata say (`extracted`). Samples of
    a problem that its own reference excluded get no row; the file's metadata name those problems. Raises
    StudyError if the references have not passed, a task_id is unknown, or the sandbox fails.
    """
    problems = {row["task_id"]: row for row in tables.read_rows(problems_path, "problems").to_pylist()}
    drawn = tables.read_metadata(samples_path, "samples")
    excluded = _check_references(references_path, problems)

    numbers: dict[Program, int] = {}
    programs: list[Program] = []
    plan: list[tuple] = []
    for row, sample in enumerate(_samples(samples_path)):
        problem = problems.get(sample["task_id"])
        if problem is None:
            raise StudyError(
                f"{samples_path}: row {row} is a sample of {sample['task_id']!r}, which {problems_path} does not have; "
                "delete the samples and run again."
            )
        if sample["task_id"] in excluded:
            continue
        text = sample["text"] or ""
        source, reason = extracted(drawn, code_of(problem, settings), text, settings, problem["entry_point"])
        # a block of the paper has 150,000 texts: each is kept once, in its program
        sample = {"task_id": sample["task_id"], "sample": sample["sample"]}
        if source is None:
            plan.append((sample, None, reason))
            continue
        program = program_for(problem, source, settings)
        if program not in numbers:
            numbers[program] = len(programs)
            programs.append(program)
        plan.append((sample, sha256(source), numbers[program]))

    outcomes, facts = judge(programs, settings, workers, "execute", keep_in)
    found = [
        _row(sample, digest, outcomes[known]) if digest else _rejected(sample, known) for sample, digest, known in plan
    ]
    metadata = {
        **{key: value for key, value in drawn.items() if key in IDENTITY},
        **facts,
        "extraction": extraction.VERSION,
        "distinct": len(programs),
        "excluded": excluded,
        "verdicts": dict(collections.Counter(row["verdict"] for row in found)),
    }
    tables.write_rows(output, "outcomes", found, metadata)


def _samples(path):
    """The samples one by one, as dicts; few of them are in memory as such."""
    for batch in tables.read_rows(path, "samples").to_batches(max_chunksize=4096):
        yield from batch.to_pylist()


def extracted(
    drawn: Mapping[str, Any], prompt: str, text: str, settings: RunSettings, entry_point: str | None
) -> extraction.Extracted:
    """The program in a text, by what its file's metadata say that it is, behind the code that the prompt gives.

    `chat`: an answer to a model that was asked in that form. `form`: of imported samples, unless they are raw,
    what another harness made ready. Else a completion.
    """
    if drawn.get("form", "raw") != "raw":
        return extraction.as_it_stands(prompt, text, drawn["form"])
    if drawn.get("chat"):
        return pkgutil.resolve_name(language_of(settings).answer)(prompt, text, entry_point or None)
    return extraction.from_completion(prompt, text, extraction.stop_sequences(settings))


def _check_references(path, problems):
    """The task_ids of `problems` that their own reference excluded, sorted."""
    references = tables.read_json(path)
    excluded = set(references.get("excluded", {})) & set(problems)
    missing = sorted(set(problems) - set(references.get("task_ids", [])) - excluded)
    if missing:
        raise StudyError(
            f"{path}: no reference solution has passed for {missing[0]} and {len(missing) - 1} more problem(s); "
            "delete it and run again to make it anew."
        )
    return sorted(excluded)


def _row(sample, digest, outcome):
    row = {**sample, "program_sha256": digest}
    return {**row, "verdict": outcome.verdict, "detail": outcome.detail, "cpu_seconds": outcome.cpu_seconds}


def _rejected(sample, reason):
    row = {**sample, "program_sha256": None}
    return {**row, "verdict": verdicts.REJECTED, "detail": reason, "cpu_seconds": 0.0}
