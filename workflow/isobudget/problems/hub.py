"""Records of a dataset: from the Hugging Face hub at a pinned revision, or from a local file of the same schema."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.files.stage import say

_BUILDERS = {".jsonl": "json", ".json": "json", ".parquet": "parquet"}


def records(
    benchmark: str, pinned: Mapping[str, Any], data: str | None, columns: Iterable[str | tuple[str, ...]]
) -> Any:
    """Read a dataset through the `datasets` library.

    Args:
        benchmark: its name, for messages.
        pinned: dict of `repository`, `revision` and `files` on the hub.
        data: a local file (.jsonl, .json, .parquet) that stands for all of `files`, or None.
        columns: names that every record must have; of a tuple of names one suffices.

    Returns:
        A datasets.Dataset, which gives a dict a record.

    Raises:
        StudyError: the hub or the file cannot be read, or a column is missing.
    """
    if data is None:
        repository, revision = pinned["repository"], pinned["revision"]
        files = [f"hf://datasets/{repository}@{revision}/{file}" for file in pinned["files"]]
        suffix, where = Path(pinned["files"][0]).suffix, f"{repository} at {revision[:7]} on the hub"
        hint = f"check the network, or name a local file of the same schema as data.{benchmark} in the config"
        say(f"{benchmark}: read {where}; what is not cached yet is fetched")
    else:
        files, suffix, where = [str(data)], Path(data).suffix, str(data)
        hint = f"put a file of the schema of {pinned['repository']} there, or leave data.{benchmark} out"
        if not Path(data).is_file():
            raise StudyError(f"data.{benchmark}: there is no file {data}; {hint}.")
        if suffix not in _BUILDERS:
            raise StudyError(f"data.{benchmark}: {data} ends in none of {', '.join(_BUILDERS)}; {hint}.")
    try:
        import datasets

        found = datasets.load_dataset(_BUILDERS[suffix], data_files=files, split="train")
    except Exception as error:  # the library's errors for no network, no such file and no JSON have no common kind
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise StudyError(f"{benchmark}: {where} cannot be read ({type(error).__name__}: {reason}); {hint}.") from error
    for wanted in columns:
        names = wanted if isinstance(wanted, tuple) else (wanted,)
        if not set(names) & set(found.column_names):
            raise StudyError(f"{benchmark}: {where} has no column {' or '.join(names)}; {hint}.")
    return found


def each(
    records: Iterable[dict[str, Any]], key: str, where: str, make: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> list[dict[str, Any]]:
    """What `make` makes of each record that it makes something of, a list.

    Args:
        records: iterable of dicts.
        key: the column that numbers them; each number is there once.
        where: what to call their file in messages.
        make: a function of a record; None leaves it out.

    Raises:
        StudyError: a record is not what `make` can read, or is there twice; the message names it.
    """
    found, seen = [], set()
    for record in records:
        name = f"{where}: {key} {str(record.get(key))[:60]}"
        try:
            made = make(record)
        except StudyError as error:
            raise StudyError(f"{name}: {error}; correct the record or take it out.") from None
        except (AttributeError, KeyError, SyntaxError, TypeError, ValueError, RecursionError) as error:
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            raise StudyError(f"{name} is not what the benchmark has ({reason}); correct it or take it out.") from None
        if made is not None:
            if record[key] in seen:
                raise StudyError(f"{name} is there twice; take one of the records out.")
            seen.add(record[key])
            found.append(made)
    return found


def source(pinned: Mapping[str, Any], data: str | None) -> dict[str, str]:
    """What the problems were made from, for the metadata of their file: repository and revision, or file and sum."""
    if data is None:
        return {"repository": pinned["repository"], "revision": pinned["revision"]}
    with open(data, "rb") as file:
        return {"file": str(data), "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
