"""The tables of the report as CSV files, the figures of the database in full."""

import csv
from pathlib import Path

from isobudget.files.tables import whole_file
from isobudget.report.database import COLUMNS, Study


def write_tables(study: Study, folder: Path) -> None:
    """Write `folder`/{table}.csv for every table of COLUMNS, each whole.

    The first line names the columns; a number is written so that it reads back the same; NULL is empty.
    """
    for name, columns in COLUMNS.items():
        head = columns.split()
        path = folder / f"{name}.csv"
        with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head)
            writer.writerows(row[: len(head)] for row in getattr(study, name))
