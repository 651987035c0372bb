"""What a study's files (study/study_files.py) say of themselves, each checked to be whole."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isobudget.engines import shortfalls
from isobudget.files import paths, tables
from isobudget.files.errors import StudyError
from isobudget.study import coverage
from isobudget.study.study_files import File
from isobudget.study.units import UNITS

_DRAWN = ("engine", "dtype", "compiled", "weights", "revision", "hardware", "versions")


def check(files: Iterable[File]) -> dict[str, dict[str, Any]]:
    """Refuse a file that is missing, truncated or foreign, and estimates that cannot be compared.

    Returns:
        {path: what the file's metadata say}.

    Raises:
        StudyError: names the file.
    """
    alike: dict[str, tuple] = {}
    notes: dict[str, dict[str, Any]] = {}
    for file in files:
        note = notes[file.path] = tables.read_metadata(file.path, file.kind)
        if file.kind != "estimates":
            continue
        # margins subtract replicates one by one: they must be of the same problems and resamples
        paired = note.get("problems_sha256"), note.get("bootstrap")
        other, expected = alike.setdefault(file.benchmark, (file.path, paired))
        if paired != expected:
            raise StudyError(
                f"{file.path}: estimated over other problems or resamples than {other}, so the models cannot be "
                "compared; delete both and run again."
            )
    return notes


def scored(files: list[File], notes: Mapping[str, dict[str, Any]]) -> tuple[list[File], dict[str, list[str]]]:
    """Leave out the rankers that could not score a model's samples, which their jobs found out: a server that gives no
    log-probabilities, say.

    Args:
        files: a list of File.
        notes: as `check` returns them.

    Returns:
        (files, unranked): those that are left, and {model: sorted names of the rankers left out}.
    """
    out = {
        (f.benchmark, f.model, f.ranker)
        for f in files
        if f.kind == "scores" and f.model and f.ranker and notes[f.path].get("unscored")
    }
    unranked = {model: sorted({ranker for _, m, ranker in out if m == model}) for _, model, _ in out}
    return [f for f in files if f.kind != "scores" or (f.benchmark, f.model, f.ranker) not in out], unranked


def fell_short(files: Iterable[File], notes: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """{model: shortfalls.of_model} of the models that a server drew, from the metadata of all their samples."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        if file.kind == "samples" and file.model and notes[file.path].get("engine") == "endpoint":
            found.setdefault(file.model, []).append(notes[file.path])
    return {model: shortfalls.of_model(each) for model, each in found.items()}


def covered(files: Sequence[File], notes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """{model: sentences} on the problems that imported files lack and hold beside the study's, of those that do."""
    found: dict[str, list[str]] = {}
    for file in files:
        if file.kind == "imported" and file.model:
            problems = next(each.path for each in files if (each.kind, each.benchmark) == ("problems", file.benchmark))
            said = coverage.sentences(notes[file.path], tables.read_rows(problems, "problems").num_rows)
            if said:
                found.setdefault(file.model, []).extend(said)
    return found


def drawn(files: Iterable[File]) -> dict[str, dict[str, Any]]:
    """How each model's samples were drawn, as their blocks say: engine, dtype, weights, machine, versions, seeds.

    Returns:
        {model: {fact: value}}; a list of the different values where blocks differ, seeds in words.
    """
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if file.kind != "samples" or file.decoding != "sampled" or file.model is None:
            continue
        note, facts = tables.read_metadata(file.path, file.kind), found.setdefault(file.model, {})
        for fact in (*_DRAWN, "seed"):
            if note.get(fact) is not None and note[fact] not in facts.setdefault(fact, []):
                facts[fact].append(note[fact])
    for facts in found.values():
        seeds = sorted(facts.pop("seed", []))
        for fact, values in list(facts.items()):
            facts[fact] = values[0] if len(values) == 1 else values
        if seeds:
            whole = len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1))
            facts["seeds"] = f"{seeds[0]} to {seeds[-1]}" if whole else ", ".join(map(str, seeds))
    return {model: {fact: value for fact, value in facts.items() if value != []} for model, facts in found.items()}


def read_through(files: Iterable[File]) -> None:
    """Read every row of every file, to find the one whose rows are spoilt.

    Raises:
        StudyError: names the first that cannot be read; none is raised where all can be.
    """
    for file in files:
        tables.read_rows(file.path, file.kind)


def read_costs(results: str | Path, models: Iterable[str]) -> list[tuple]:
    """What each model costs, one row a model and unit.

    Args:
        results: the results folder.
        models: names.

    Returns:
        A list of (model, unit, generation, scoring, how, flops_read_written, written); None where not known.

    Raises:
        StudyError: a file is missing, no JSON object, or lacks a key.
    """
    found = []
    for model in models:
        path = paths.below(results, paths.COSTS, model=model)
        cost = tables.read_json(path)
        try:
            for unit, row in UNITS.items():
                beside = cost["generation"].get(row.beside)  # not told of every model
                prices = cost["generation"][unit], cost["scoring"][unit]
                found.append((model, unit, *prices, cost["how"][unit], beside, cost.get("written", {}).get(unit)))
        except (KeyError, TypeError) as error:
            raise StudyError(
                f"{path}: no costs file of isobudget ({error}); delete it and run again to make it anew."
            ) from None
    return found
