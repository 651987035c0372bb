"""A block of imported samples, cut from what reading the file kept."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from isobudget.files.settings import SampleSettings
from isobudget.files.tables import damaged, read_metadata
from isobudget.sampling.imported.check import too_few


def samples(
    problems: list[dict[str, Any]],
    settings: SampleSettings,
    where: Mapping[str, Any],
    source: str,
    output: str | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Take a block: n samples a problem, from number block * n; or, in the last block, as many as there are.

    A problem of which the file holds no sample has no row.

    Args and returns as sampling.live.samples; `source` is the file that `isobudget.sampling.imported` wrote.
    Tokens, log-probabilities and finish reasons are null, for the formats have none.

    Raises:
        StudyError: it holds too few samples, or is no whole file.
    """
    metadata = read_metadata(source, "imported")
    first = where["block"] * settings["n"]
    last = min(first + settings["n"], metadata["n"])
    if last <= first:
        raise too_few(metadata["source"], metadata["n"], first + 1)
    try:
        # a part of the file: its rows are sorted by number, and the row groups say which they hold
        table = pq.read_table(source, filters=[("sample", ">=", first), ("sample", "<", last)])
    except (pa.ArrowException, OSError) as error:
        raise damaged(source, error) from None
    texts = {(row["task_id"], row["sample"]): row["text"] for row in table.to_pylist()}
    rows = [
        {"task_id": problem["task_id"], "sample": number, "text": texts[problem["task_id"], number]}
        for problem in problems
        if problem["task_id"] not in metadata.get("missing", ())
        for number in range(first, last)
    ]
    return rows, {
        "engine": "import",
        "n": last - first,
        **{key: metadata[key] for key in ("source", "format", "form")},
    }
