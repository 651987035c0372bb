"""Read the asserts in what a model wrote when it was asked for tests: rows of examples, each distinct one once.

As CodeT does, the first five of each completion count (Chen et al., 2022, arXiv 2207.10397), and an assert that
was written several times counts as often. Kept are those that say what a call of the function gives, in expressions
that can do no more than call it (cases.py): a model's tests are never run as programs.
"""

import argparse
import collections
from collections.abc import Iterable
from typing import Any

from isobudget.at_hand import cases
from isobudget.extraction import cut
from isobudget.files import stage
from isobudget.files.settings import Stop
from isobudget.files.tables import read_metadata, read_rows, write_rows

EACH = 5  # asserts of a completion


def asserts(completions: Iterable[dict[str, Any]], name: str, stop: Stop) -> collections.Counter[cases.Case]:
    """The distinct asserts in one problem's completions, in the order in which they were first written.

    Args:
        completions: rows of samples, each a text that begins behind the word assert.
        name: the function under test.
        stop: texts at which a completion is over.

    Returns:
        {cases.Case: how often it was written}.
    """
    found: collections.Counter[cases.Case] = collections.Counter()
    for completion in completions:
        text = cut(completion["text"], stop)
        if completion["finish_reason"] == "length" and text == completion["text"]:
            text = text.rpartition("\n")[0]  # the last line may go on
        found.update(cases.of_asserts(f"assert{text}", name, EACH))
    return found


def read_asserts(args: argparse.Namespace) -> None:
    """Write the asserts of one model on one benchmark from all blocks that it wrote."""
    written: dict[str, list[dict[str, Any]]] = {}
    for file in args.written:
        stop = read_metadata(file, "samples")["settings"]["stop"]
        for row in read_rows(file, "samples").to_pylist():
            written.setdefault(row["task_id"], []).append(row)
    rows, count = [], 0
    for question in read_rows(args.questions, "questions").to_pylist():
        found = asserts(written.get(question["task_id"], []), question["entry_point"], stop)
        count += found.total()
        for number, (case, times) in enumerate(found.items()):
            rows.append({"task_id": question["task_id"], "example": number, "times": times, **case._asdict()})
    note = {"completions": sum(map(len, written.values())), "read": count}
    write_rows(args.output, "examples", rows, note)
    stage.say(f"asserts: {count} could be read in {note['completions']} completions, {len(rows)} of them distinct")


if __name__ == "__main__":
    parser = stage.arguments(__doc__)
    parser.add_argument("--questions", required=True, help="the questions, Parquet")
    parser.add_argument("--written", required=True, nargs="+", help="blocks of tests that the model wrote")
    stage.run(read_asserts, parser)
