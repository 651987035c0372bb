"""Read the blocks of one model on one benchmark into arrays of one row a problem, one column a sample."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isobudget.files import tables
from isobudget.files.errors import StudyError

WRONG = ("failed", "error", "timeout", "memory", "crashed", "rejected")
REPAIR = "delete it and run again to make it anew"


def read_outcomes(files: Sequence[str | Path], without: Collection[str] = frozenset()) -> tuple[list[str], np.ndarray]:
    """Which samples passed.

    Args:
        files: paths of outcome blocks.
        without: task_ids that are left out.

    Returns:
        task_ids, sorted strings; passed, bools, shape (problems, n).

    Raises:
        StudyError: a file is no whole outcomes file, a verdict is none that counts, or the problems do not all have
            the samples 0..n-1 once.
    """
    blocks = [_without(without, table) for table in _read(files, "outcomes", ["verdict"])]
    passed = []
    for file, table in zip(files, blocks, strict=True):
        verdicts, index = _dictionary(table["verdict"])
        for verdict in verdicts:
            if verdict not in WRONG and verdict != "passed":
                raise StudyError(
                    f"{file}: the verdict {verdict!r} says nothing about a program and never counts as wrong; {REPAIR}."
                )
        passed.append(np.isin(verdicts, ["passed"])[index])
    if without and not any(map(len, blocks)):
        raise StudyError(f"{files[0]}: no problem of it is in every imported file; import files of the same problems.")
    task_ids, cell, n = _cells(files, blocks)
    return task_ids, _grid(cell, n, passed)


def excluded_problems(files: Sequence[str | Path]) -> set[str]:
    """The problems that their own reference excluded: they have samples and scores, and no outcomes.

    Args:
        files: paths of outcome blocks.

    Returns:
        A set of task_ids.

    Raises:
        StudyError: the blocks do not agree.
    """
    found = [set(tables.read_metadata(file, "outcomes").get("excluded", [])) for file in files]
    for file, excluded in zip(files, found, strict=True):
        if excluded != found[0]:
            odd = sorted(excluded ^ found[0])[0]
            raise StudyError(f"{file}: {odd} is excluded either here or in {files[0]}, not in both; {REPAIR}.")
    return found[0] if found else set()


def unscored(files: Sequence[str | Path]) -> bool:
    """Whether a ranker scored no sample of some of these blocks, as their metadata say: it is left out then."""
    return any(tables.read_metadata(file, "scores").get("unscored") for file in files)


def read_scores(
    files: Sequence[str | Path], task_ids: list[str], n: int, excluded: Collection[str] = frozenset()
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """What a ranker made of the same samples.

    Args:
        files: paths of score blocks.
        task_ids, n: of the outcomes that the scores belong to.
        excluded: task_ids whose scores are left out, as their outcomes are.

    Returns:
        scores, floats, kept, bools, and clusters, ints, each of shape (problems, n); clusters are numbers from 0, -1
        for a sample that votes with none, and None where the ranker lets nobody vote.

    Raises:
        StudyError: a file is no whole scores file, a kept sample has no finite score, or the samples are not those
            of the outcomes.
    """
    votes = "cluster" in _columns(files)
    columns = ["score", "kept", *(["cluster"] if votes else [])]
    blocks = [_without(excluded, table) for table in _read(files, "votes" if votes else "scores", columns)]
    scores, kept = [], []
    for file, table in zip(files, blocks, strict=True):
        kept.append(table["kept"].to_numpy().astype(bool))
        scores.append(table["score"].to_numpy())
        bad = np.flatnonzero(kept[-1] & ~np.isfinite(scores[-1]))
        if bad.size:
            row = table.slice(int(bad[0]), 1).to_pylist()[0]
            raise StudyError(
                f"{file}: sample {row['sample']} of {row['task_id']} is kept with a score of {row['score']}; a score "
                f"must be a finite number; {REPAIR}."
            )
    found, cell, count = _cells(files, blocks)
    if found != task_ids or count != n:
        odd = sorted(set(found) ^ set(task_ids))
        what = f"{odd[0]} is in one and not in the other" if odd else f"{count} samples a problem here, {n} there"
        raise StudyError(f"{files[0]}: its scores are not of the samples that were executed: {what}; {REPAIR}.")
    clusters = _grid(cell, n, _numbers([table["cluster"] for table in blocks])) if votes else None
    return _grid(cell, n, scores), _grid(cell, n, kept), clusters


def _columns(files):
    """The columns of the first of the files; of none, if there is none."""
    return tables.read_columns(files[0], "scores") if files else []


def _numbers(columns):
    """Each distinct text of several columns as a number from 0, null as -1."""
    place: dict[str, int] = {}
    return [
        np.array([-1 if text is None else place.setdefault(text, len(place)) for text in column.to_pylist()], int)
        for column in columns
    ]


def _without(excluded, table):
    if not excluded:
        return table
    task_ids = table["task_id"].cast(pa.string())  # a dictionary would still hold the names that are left out
    table = table.set_column(table.schema.get_field_index("task_id"), "task_id", task_ids)
    return table.filter(pc.invert(pc.is_in(task_ids, pa.array(sorted(excluded), pa.string()))))


def _read(files, kind, columns):
    if not files:
        raise StudyError(f"no block of {kind} to estimate from; give the model at least one block of samples.")
    blocks = []
    for file in files:
        tables.read_metadata(file, kind)
        try:
            # only what is needed: at the paper's size the other columns are gigabytes
            table = pq.read_table(file, columns=["task_id", "sample", *columns], read_dictionary=["task_id", "verdict"])
        except (pa.ArrowException, OSError) as error:
            raise tables.damaged(file, error) from None
        # a missing score of a sample that is not kept is fine, and NaN says the same to numpy
        for name in ("task_id", "sample", *(c for c in columns if c not in ("score", "cluster"))):
            if table[name].null_count:
                raise StudyError(f"{file}: the column {name} has empty values; {REPAIR}.")
        blocks.append(table)
    return blocks


def _dictionary(column):
    """The distinct strings of a column, and each row's index into them."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    values = array.dictionary.to_pylist()
    return np.asarray(values, object), array.indices.to_numpy()


def _cells(files, blocks):
    """Each row's place in the grid of problems and samples; every place must be taken once.

    Returns task_ids (sorted), a list of int arrays problem * n + sample, one a block, and n.
    """
    encoded = [_dictionary(table["task_id"]) for table in blocks]
    task_ids = sorted(set().union(*(values.tolist() for values, _ in encoded)))
    if not task_ids:
        raise StudyError(f"{files[0]}: no rows; {REPAIR}.")
    place = {task_id: index for index, task_id in enumerate(task_ids)}
    problems = [np.array([place[v] for v in values], np.int64)[index] for values, index in encoded]
    samples = [table["sample"].to_numpy() for table in blocks]
    total = sum(map(len, samples))
    for file, sample in zip(files, samples, strict=True):
        odd = sample[(sample < 0) | (sample >= total)]
        if odd.size:
            raise StudyError(f"{file}: sample {odd[0]} is no number among {total} samples; {REPAIR}.")
    n = int(max(sample.max(initial=-1) for sample in samples)) + 1
    cells = [problem * n + sample for problem, sample in zip(problems, samples, strict=True)]
    taken = np.bincount(np.concatenate(cells), minlength=len(task_ids) * n)
    if (taken == 1).all():
        return task_ids, cells, n
    wrong = int(np.flatnonzero(taken != 1)[0])
    task_id, sample = task_ids[wrong // n], wrong % n
    with_it = [str(file) for file, there in zip(files, samples, strict=True) if (there == sample).any()]
    times = "is missing" if taken[wrong] == 0 else f"is there {taken[wrong]} times"
    raise StudyError(
        f"{' and '.join(with_it) or files[-1]}: sample {sample} of {task_id} {times}; every problem needs the samples "
        f"0 to {n - 1} once; delete the file and run again to make it anew."
    )


def _grid(cells, n, values):
    """Put each row's value in its place: shape (problems, n)."""
    grid = np.empty(sum(map(len, cells)), values[0].dtype)
    for cell, value in zip(cells, values, strict=True):
        grid[cell] = value
    return grid.reshape(-1, n)
