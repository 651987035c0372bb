"""Read and check samples that people already have, and keep them in the order in which blocks take them.

python -m isobudget.sampling.imported --problems P --source S --least N --settings JSON --output F --log F
"""

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import ImportSettings
from isobudget.files.tables import SCHEMAS, read_metadata, read_rows, whole_file, writable
from isobudget.sampling.imported.check import identity, too_few
from isobudget.sampling.imported.formats import READERS, guess
from isobudget.sampling.imported.tasks import Tasks
from isobudget.study import coverage

BATCH = 20_000  # rows in memory at once
SCHEMA = SCHEMAS["imported"]


def collect(args: argparse.Namespace) -> None:
    """Write every sample of the file, numbered from 0 a problem, sorted by number and then by problem.

    settings: format (a key of READERS, or null to guess it), greedy (whether it should hold one sample a problem).

    Raises:
        StudyError: names the file and the line, entry or sample, or the problems whose counts are wrong.
    """
    source, settings = args.source, args.settings
    read = identity(source)  # before anything else, so that an edit while it is read shows later
    problems = read_rows(args.problems, "problems").to_pylist()
    tasks = Tasks(problems, read_metadata(args.problems, "problems").get("whole", len(problems)), source)
    name = settings["format"] or guess(source)
    counts: Counter[str] = Counter()
    output = Path(args.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as folder:
        unsorted = Path(folder) / "unsorted.parquet"
        found = READERS[name](source, tasks)
        form, labelled = _write(
            unsorted, found, {task_id: place for place, task_id in enumerate(tasks.ids)}, counts, source
        )
        tasks.check(sum(counts.values()))
        n = _check(counts, tasks, args.least, settings["greedy"], source)
        missing = [task_id for task_id in tasks.ids if not counts[task_id]]
        note = {"source": source, "format": name, "form": form, "n": n, "labelled": labelled}
        note |= {"left_out": tasks.left_out, "unknown": [*tasks.unknown], "missing": missing, **read}
        _sort(unsorted, output, note, folder)
    held = len(problems) - len(missing)
    stage.say(f"{source}: {n} samples a problem of {held} problems, format {name}, {labelled} with a label")
    for sentence in coverage.sentences(note, len(problems)):
        stage.say(sentence)


def _write(path, found, places, counts, source):
    """Write rows in the file's order; returns what all texts are (form), and how many came with a label."""
    schema = SCHEMA.append(pa.field("place", pa.int32()))
    form, labelled, rows = None, 0, []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for one in tqdm(found, desc="import", unit=" samples", file=stage.terminal(), mininterval=0.5):
            if one.task_id is None:
                continue
            form = form or one.form
            if one.form != form:
                raise StudyError(
                    f"{source}, {one.place}: a {one.form}, where those before are each a {form}; import them apart."
                )
            rows.append((one.task_id, counts[one.task_id], writable(one.text), one.passed, places[one.task_id]))
            counts[one.task_id] += 1
            labelled += one.passed is not None
            if len(rows) == BATCH:
                writer.write_table(_table(rows, schema))
                rows = []
        writer.write_table(_table(rows, schema))
    return form, labelled


def _table(rows, schema):
    columns = zip(*rows, strict=True) if rows else [[]] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _check(counts, tasks, least, greedy, source):
    """n, the samples of every problem that has any; StudyError where they differ, all have none, or n is too few."""
    held = [task_id for task_id in tasks.ids if counts[task_id]]
    if not held:
        raise StudyError(f"{source}: there is no sample of any of the study's {len(tasks.ids)} problems; add them.")
    n = counts[held[0]]
    odd = next((task_id for task_id in held if counts[task_id] != n), None)
    if odd:
        raise StudyError(
            f"{source}: {held[0]} has {n} samples and {odd} has {counts[odd]}; every problem needs as many."
        )
    if greedy and n != 1:
        raise StudyError(
            f"{source}: {n} samples a problem, and a greedy file has one; give the sampled ones as 'path'."
        )
    if n < least:
        raise too_few(source, n, least)
    return n


def _sort(unsorted, output, note, folder):
    """Rows by sample number, then in the order of the problems: a block is a few row groups of the file."""
    columns = ", ".join(SCHEMA.names)
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2, "temp_directory": folder}) as connection:
        query = f"SELECT {columns} FROM read_parquet(?) ORDER BY sample, place"
        batches = connection.sql(query, params=[str(unsorted)]).to_arrow_reader(BATCH)
        schema = SCHEMA.with_metadata({"isobudget": json.dumps({"kind": "imported", **note}, sort_keys=True)})
        with whole_file(output) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))


if __name__ == "__main__":
    parser = stage.arguments(__doc__, ImportSettings)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--source", required=True, help="the file or folder to import")
    parser.add_argument("--least", type=int, default=1, help="samples a problem that the study needs")
    stage.run(collect, parser)
