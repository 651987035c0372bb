"""Which problems a study is over: those of which every imported file holds samples."""

from collections.abc import Iterable, Mapping
from typing import Any

from isobudget.files import paths, tables

NAMED = 5  # tasks in a sentence


def missing(results: str, benchmark: str, imported: Iterable[tuple[str, str]]) -> set[str]:
    """The problems of a benchmark of which some imported file holds no sample: no model is scored on them.

    Args:
        results: the results folder.
        benchmark: a name.
        imported: (model, decoding) of every import of the study.
    """
    found: set[str] = set()
    for model, decoding in imported:
        file = paths.below(results, paths.IMPORTED, benchmark=benchmark, model=model, decoding=decoding)
        found |= set(tables.read_metadata(file, "imported").get("missing", ()))
    return found


def sentences(note: Mapping[str, Any], problems: int) -> list[str]:
    """What an imported file lacks, and what it holds beside: nothing where it holds the study's problems and no other.

    Args:
        note: the metadata of what rule collect kept.
        problems: how many the study's benchmark has.
    """
    source, lacking, unknown = note["source"], note.get("missing", ()), note.get("unknown", ())
    found = []
    if lacking:
        found.append(
            f"{source} holds samples of {problems - len(lacking):,} of {problems:,} problems, and the study is over "
            f"those that every imported file holds; it lacks {_named(lacking)}."
        )
    if unknown:
        tasks = "task that is no problem" if len(unknown) == 1 else "tasks that are no problems"
        found.append(f"{source}: left out {len(unknown):,} {tasks} of the study: {_named(unknown)}.")
    return found


def _named(tasks: list[str]) -> str:
    more = f" and {len(tasks) - NAMED:,} more" if len(tasks) > NAMED else ""
    return ", ".join(tasks[:NAMED]) + more
