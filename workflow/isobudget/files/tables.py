"""The rows between stages, and whole files.

Every file between two stages is Parquet (zstd) with one of the schemas below, or JSON. A
file appears whole or not at all: it is written beside its place under a unique name,
then moved there with `os.replace`.
"""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from isobudget.files import temporary
from isobudget.files.errors import StudyError

SCHEMAS = {
    "problems": pa.schema(
        [
            ("task_id", pa.string()),
            ("prompt", pa.string()),
            ("tests", pa.string()),  # what execution.judging.program_for takes
            ("kind", pa.string()),  # call or stdio
            ("entry_point", pa.string()),
            ("reference", pa.string()),  # several to be tried in turn have a form feed between them
            ("split", pa.string()),
        ]
    ),
    # what a ranker may know of a problem: what the model read, and neither tests nor reference
    "questions": pa.schema(
        [
            ("task_id", pa.string()),
            ("prompt", pa.string()),
            ("kind", pa.string()),
            ("entry_point", pa.string()),
        ]
    ),
    "examples": pa.schema(
        [
            ("task_id", pa.string()),
            ("example", pa.int32()),  # from 0 in each problem
            ("form", pa.string()),  # cases.Case
            ("call", pa.string()),  # an expression that calls the entry point, or what a program reads
            ("expected", pa.string()),  # an expression, or what a program should print
            ("times", pa.int32()),  # how often it stands there; a model writes some tests more than once
        ]
    ),
    "samples": pa.schema(
        [
            ("task_id", pa.string()),
            ("sample", pa.int32()),  # runs on across blocks
            ("text", pa.string()),  # raw, the stop sequence included
            ("prompt_tokens", pa.int32()),
            ("completion_tokens", pa.int32()),
            ("logprob", pa.float64()),  # summed over completion tokens, nats; null: not kept
            ("finish_reason", pa.string()),  # stop or length
        ]
    ),
    "imported": pa.schema(
        [
            ("task_id", pa.string()),
            ("sample", pa.int32()),  # from 0, in the order of the file that was imported
            ("text", pa.string()),
            ("passed", pa.bool_()),  # the label that came along; null: none did
        ]
    ),
    "outcomes": pa.schema(
        [
            ("task_id", pa.string()),
            ("sample", pa.int32()),
            ("program_sha256", pa.string()),
            ("verdict", pa.string()),
            ("detail", pa.string()),
            ("cpu_seconds", pa.float64()),
        ]
    ),
    "behaviours": pa.schema(
        [
            ("task_id", pa.string()),
            ("sample", pa.int32()),  # one without a program has no rows
            ("example", pa.int32()),  # of the source's examples
            ("ended", pa.string()),  # returned, raised, foreign (no plain data), or a verdict that ended the program
            ("value", pa.string()),  # what it returned, the same text for what is equal, or the exception's name
            ("passed", pa.bool_()),  # whether it is what the example says
        ]
    ),
    "scores": pa.schema(
        [
            ("task_id", pa.string()),
            ("sample", pa.int32()),
            ("score", pa.float64()),  # lower is better
            ("kept", pa.bool_()),  # false: hit the token limit, never chosen
        ]
    ),
    "estimates": pa.schema(
        [
            ("metric", pa.string()),  # pass_at_k, samples_until_pass, greedy, rank_score_at_k or at_hand_..._at_k
            ("ranker", pa.string()),  # who chooses: a ranker, or a source of tests at hand; null for the others
            ("k", pa.int32()),
            ("value", pa.float64()),  # a fraction in 0..1, as low and high; of samples_until_pass 1..k samples
            ("low", pa.float64()),
            ("high", pa.float64()),
            ("n", pa.int32()),  # samples a problem that the value rests on
            ("problems", pa.int32()),
            ("replicates", pa.list_(pa.float64())),  # on each bootstrap resample, in an order all models share
        ]
    ),
}

# scores of a ranker that lets the samples vote: in a draw a sample is worth its score times the samples drawn of its
# cluster, statistics/votes.py; a null cluster adds up with none
SCHEMAS["votes"] = SCHEMAS["scores"].append(pa.field("cluster", pa.string()))
SCHEMAS["tests"] = SCHEMAS["problems"]  # with the tests at hand in place of those that judge
SCHEMAS["at_hand"] = SCHEMAS["outcomes"]  # what those say

DEAR_TO_REPLACE = ("problems", "questions")  # samples, or tests that models write, are drawn after them


@contextlib.contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; move it there if the block succeeds.

    Whatever goes wrong, Ctrl-C included, nothing half-written stays; what a `kill -9` leaves goes
    with the next run that writes the file. A full disk, or a folder that this user may not write,
    is a StudyError that names the file.
    """
    path = Path(path)
    prefix = f".{path.name}."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f"{prefix}{temporary.owner()}", suffix=".part")
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise StudyError(
            f"{path}: this user may not write there ({error.strerror}); see who owns the folder, or give this study "
            "another `results`."
        ) from None
    os.close(handle)
    try:
        temporary.sweep(path.parent, prefix)
        yield Path(part)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StudyError(
                f"{path}: the disk is full; free some space and run again, finished files are kept."
            ) from error
        raise
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)


def write_rows(
    path: str | Path,
    kind: str,
    rows: list[dict[str, Any]] | dict[str, Any] | pa.Table,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write rows as one whole Parquet file.

    Args:
        path: where to.
        kind: a key of SCHEMAS.
        rows: a list of dicts, a dict of columns, or a pyarrow Table.
        metadata: a JSON-serialisable dict kept under the file's `isobudget` key.
    """
    schema = SCHEMAS[kind]
    if isinstance(rows, pa.Table):
        table = rows.select(schema.names).cast(schema)
    elif isinstance(rows, dict):
        table = pa.table(rows, schema=schema)
    else:
        table = pa.Table.from_pylist(rows, schema=schema)
    note = json.dumps({"kind": kind, **(metadata or {})}, sort_keys=True)
    table = table.replace_schema_metadata({"isobudget": note})
    with whole_file(path) as part:
        pq.write_table(table, part, compression="zstd")


def writable(text: str) -> str:
    """A text as a file can hold it: half a surrogate pair has no UTF-8, nor is it part of a program, and becomes ?."""
    return text.encode("utf-8", "replace").decode()


def read_rows(path: str | Path, kind: str) -> pa.Table:
    """Read a Parquet file of one of the SCHEMAS as a pyarrow Table.

    Raises StudyError if the file is missing, truncated, no Parquet, or of another kind.
    """
    file = _open(path, kind)
    try:
        return file.read(columns=SCHEMAS[kind].names).cast(SCHEMAS[kind])
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error, kind) from None


def read_metadata(path: str | Path, kind: str) -> dict[str, Any]:
    """The dict that `write_rows` kept in the file, without reading its rows."""
    return json.loads(_open(path, kind).schema_arrow.metadata[b"isobudget"])


def read_columns(path: str | Path, kind: str) -> list[str]:
    """The names of the file's columns, those that its kind may lack included, without reading its rows."""
    return _open(path, kind).schema_arrow.names


def _open(path: str | Path, kind: str) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file; it should hold {kind}.") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(path, error, kind) from None
    found = file.schema_arrow
    for field in SCHEMAS[kind]:
        index = found.get_field_index(field.name)
        if index < 0 or not _same_type(found.field(index).type, field.type):
            raise StudyError(
                f"{path}: no {kind} file of isobudget, column {field.name!r} of type {field.type} is missing; "
                f"{_repair(path, kind)}."
            )
    if b"isobudget" not in (found.metadata or {}):
        raise StudyError(
            f"{path}: no {kind} file of isobudget, its metadata lacks the isobudget key; {_repair(path, kind)}."
        )
    return file


def _same_type(found, wanted):
    return found == wanted or (pa.types.is_large_string(found) and pa.types.is_string(wanted))


def damaged(path: str | Path, error: Exception, kind: str | None = None) -> StudyError:
    """The StudyError for a file that Parquet could not read to its end, with its reason."""
    reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    return StudyError(f"{path}: not a whole Parquet file ({reason}); {_repair(path, kind)}.")


def _repair(path: str | Path, kind: str | None) -> str:
    if kind in DEAR_TO_REPLACE:
        # a file with the same content, made on its own, is known by its checksum, which Snakemake has up to 1 MB
        return (
            f"delete it and first make it alone, `snakemake --cores 1 -- {path}` with your other options: else every "
            "sample would be drawn again. If --dry-run still says so after that, run once with --touch"
        )
    return "delete it and run again to make it anew"


def write_json(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file, whole, with sorted keys."""
    with whole_file(path) as part:
        part.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object; StudyError if the file is missing or no JSON object."""
    try:
        value = json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except ValueError as error:
        raise StudyError(f"{path}: not JSON ({error}); delete it and run again to make it anew.") from None
    if not isinstance(value, dict):
        raise StudyError(f"{path}: a JSON object was expected; delete it and run again to make it anew.")
    return value
