"""The page's size, and the seconds to write the report, for the recorded study and at the size of the paper.

The paper's size is a database of 11.4 million samples of four models on five benchmarks, with made-up scores and texts:
only how much there is of everything matters here. A page is opened in Chromium where there is one.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from estimate import BUDGETS, MODELS, PROBLEMS, SAMPLES

from helpers.checkout import ROOT
from isobudget.report.__main__ import write_report


def main():
    """Print and return the figures of this part."""
    done = subprocess.run([sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all"], cwd=ROOT)
    if done.returncode:
        raise RuntimeError("the recorded study did not run")
    with tempfile.TemporaryDirectory(prefix="isobudget-bench-") as folder:
        recorded = written(ROOT / "results/isobudget.duckdb", Path(folder, "recorded"))
        database = Path(folder, "isobudget.duckdb")
        write_database(database)
        paper = written(database, Path(folder, "paper"))
    names = ("page_mb", "page_report_seconds", "page_open_seconds")
    figures = dict(zip(names, recorded, strict=True))
    figures |= {name.replace("page_", "page_paper_"): value for name, value in zip(names, paper, strict=True)}
    return {name: round(value, 2) for name, value in figures.items() if value is not None}


def written(database, folder):
    """(MB of the page, seconds to write the whole report, seconds until Chromium shows the page or None)."""
    output, start = folder / "index.html", time.monotonic()
    write_report(argparse.Namespace(database=str(database), settings={}, output=str(output)))
    seconds, size = time.monotonic() - start, output.stat().st_size / 1e6
    print(f"{folder.name}: {size:.2f} MB, the report in {seconds:.1f} s", flush=True)
    return size, seconds, opened(output)


def opened(page):
    from helpers.browser import Browser, program

    if not program():
        return None
    with contextlib.closing(Browser()) as browser:
        start = time.monotonic()
        browser.open(page)
        seconds = time.monotonic() - start
        if browser.problems:
            raise RuntimeError(f"the page has errors: {browser.problems}")
    print(f"{page.parent.name}: ready in Chromium after {seconds:.1f} s")
    return seconds


def write_database(path):
    """The tables that the report reads, at the size of the paper's study."""
    cells = [
        (benchmark, model, problems, SAMPLES[model][benchmark.startswith("apps")], place)
        for benchmark, problems in PROBLEMS.items()
        for place, model in enumerate(MODELS)
    ]
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE cells (benchmark VARCHAR, model VARCHAR, problems INTEGER, n INTEGER, place INTEGER)"
        )
        connection.executemany("INSERT INTO cells VALUES (?, ?, ?, ?, ?)", cells)
        connection.execute("CREATE TABLE asked (unit VARCHAR, budget DOUBLE)")
        connection.executemany(
            "INSERT INTO asked VALUES (?, ?)", [(unit, b) for unit, all_ in BUDGETS.items() for b in all_]
        )
        connection.execute("CREATE TABLE price (model VARCHAR, unit VARCHAR, generation DOUBLE)")
        prices = [
            (model, unit, cost)
            for model, pair in MODELS.items()
            for unit, cost in zip(("flops", "seconds"), pair, strict=True)
        ]
        connection.executemany("INSERT INTO price VALUES (?, ?, ?)", prices)
        connection.execute(Path(__file__).with_name("page.sql").read_text())
