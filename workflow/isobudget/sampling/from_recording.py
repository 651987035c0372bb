"""Samples that this pipeline drew before and kept in recordings/."""

from collections.abc import Mapping
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.files.settings import SampleSettings
from isobudget.files.tables import read_metadata, read_rows


def samples(
    problems: list[dict[str, Any]],
    settings: SampleSettings,
    where: Mapping[str, Any],
    source: str,
    output: str | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Replay a block: the rows of the study's problems, if they were drawn the way the study asks.

    Args and returns as sampling.live.samples; `source` is the file to replay.

    Raises:
        StudyError: drawn another way, or a problem or a sample of the block is not there.
    """
    metadata = read_metadata(source, "samples")
    for key, wanted in {**where, "protocol": settings["protocol"], "n": settings["n"]}.items():
        if metadata.get(key) != wanted:
            raise StudyError(
                f"{source}: recorded with {key} {metadata.get(key)!r}, the study asks for {wanted!r}; "
                "change the config or sample anew with engine: vllm."
            )
    if metadata.get("chat") != settings.get("chat"):
        raise StudyError(
            f"{source}: recorded with {_prompts(metadata)}, the study asks for {_prompts(settings)}; "
            "change models.*.chat in the config or sample anew with engine: vllm."
        )
    for key, wanted in settings["decoding"].items():
        if metadata["settings"].get(key) != wanted:
            raise StudyError(
                f"{source}: recorded with {key} {metadata['settings'].get(key)!r}, the study asks for {wanted!r}; "
                "change decoding in the config or sample anew with engine: vllm."
            )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read_rows(source, "samples").to_pylist():
        found.setdefault(row["task_id"], []).append(row)
    rows = []
    first = where["block"] * settings["n"]
    for problem in problems:
        drawn = sorted(found.get(problem["task_id"], []), key=lambda row: row["sample"])
        if [row["sample"] for row in drawn] != list(range(first, first + settings["n"])):
            raise StudyError(
                f"{source}: {problem['task_id']} has samples {[row['sample'] for row in drawn]}, "
                f"{first} to {first + settings['n'] - 1} were expected; restore the file from git."
            )
        rows += drawn
    return rows, metadata | {"engine": "recorded", "recorded_engine": metadata["engine"]}


def _prompts(settings):
    return f"the chat prompts {settings['chat']!r}" if settings.get("chat") else "completion prompts"
