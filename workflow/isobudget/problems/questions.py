"""Write what a ranker may know of each problem: the prompt and the name it asks for, without tests and reference.

A job that is given this file alone cannot look at a test, whatever it does.
"""

import argparse

from isobudget.files import stage
from isobudget.files.tables import read_metadata, read_rows, write_rows


def write_questions(args: argparse.Namespace) -> None:
    """Copy the columns of `questions` from a problems file."""
    note = {key: value for key, value in read_metadata(args.problems, "problems").items() if key != "kind"}
    write_rows(args.output, "questions", read_rows(args.problems, "problems"), note)


if __name__ == "__main__":
    parser = stage.arguments(__doc__)
    parser.add_argument("--problems", required=True, help="the problems, Parquet")
    stage.run(write_questions, parser)
