"""Put everything a study found into one DuckDB file, which DuckDB fills from the Parquet files itself."""

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
from importlib import resources

import duckdb
import numpy as np
import pyarrow as pa

from isobudget.files import stage, tables
from isobudget.files.errors import StudyError
from isobudget.files.settings import AggregateSettings
from isobudget.store import choosing, comparisons, mixtures
from isobudget.store.files import check, covered, drawn, fell_short, read_costs, read_through, scored
from isobudget.store.prices import candidate_costs, in_unit
from isobudget.study.rankers import AT_HAND, reads_with
from isobudget.study.study_files import study_files
from isobudget.study.units import UNITS

ROW_TABLES = {table: table for table in ("problems", "samples", "outcomes", "scores", "at_hand")}
ROW_TABLES |= {"labels": "imported", "tests_at_hand": "tests"}
DERIVED: tuple[str, ...] = ("load_estimates", "relative_costs", "pass_at_k", "greedy", "rank_score_at_k")
DERIVED += ("absolute_budgets", "pass_at_budget", "rank_score_at_budget", "winners", "early_stop_at_k")
DERIVED += ("early_stop_at_budget", "counts", "at_hand_at_k", "at_hand_at_budget", "at_hand_ceilings")


def aggregate(args: argparse.Namespace) -> None:
    """Write the database, whole.

    settings: benchmarks (names), models ({name: sampled blocks}, or {name: {benchmark: sampled blocks}}), greedy
    (whether each model has a greedy block, or the names of those that do), rankers (names), unranked ({name: rankers
    that it lacks}, may be left out), at_hand ({benchmark: sources of tests}, may be left out), imported (names, may be
    left out), budgets ({unit: numbers}); they and anything
    else are kept in the table `study`.
    """
    settings = args.settings
    for ranker in settings["rankers"]:
        if (scorer := reads_with(ranker)) and scorer not in settings["models"]:
            raise StudyError(f"the ranker {ranker!r} names no model of the study; add it to models or drop the ranker.")
    files = study_files(args.results, settings)
    notes = check(files)
    files, unranked = scored(files, notes)
    if unranked:
        known = settings.get("unranked", {})
        both = {model: sorted({*known.get(model, ()), *unranked.get(model, ())}) for model in {**known, **unranked}}
        settings = settings | {"unranked": both}
    kept = _provenance(settings, files, fell_short(files, notes), covered(files, notes))
    costs = read_costs(args.results, settings["models"])
    with tables.whole_file(args.output) as temporary:
        temporary.unlink()  # DuckDB takes no empty file for a database
        try:
            with contextlib.closing(duckdb.connect(str(temporary))) as connection:
                _fill(connection, settings, files, costs, kept)
        except (duckdb.Error, RuntimeError) as error:
            if stage.ending():
                raise
            if re.search(r"no space left|disk quota", str(error), re.IGNORECASE):
                raise StudyError(
                    f"{args.output}: the disk is full; free some space and run again, finished files are kept."
                ) from error
            read_through(files)  # a footer can be whole where the rows are not; DuckDB does not always say in which
            raise
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{temporary}.wal")
            shutil.rmtree(f"{temporary}.tmp", ignore_errors=True)


def _fill(connection, settings, files, costs, kept):
    # bounded whatever the machine and the study; more threads than this hold more buffers than they save time
    connection.execute(f"SET threads = {min(os.cpu_count() or 1, 4)}")
    connection.execute("SET memory_limit = '2GB'")
    connection.execute("SET preserve_insertion_order = false")  # else the rows of a large study wait in memory
    connection.execute(_operation("schema"))
    connection.executemany(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(f.kind, f.path, f.benchmark, f.model, f.decoding, f.block, f.ranker, f.source) for f in files],
    )
    connection.executemany(
        "INSERT INTO costs (model, unit, generation, scoring, how, flops_read_written, written)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        costs,
    )
    chosen: dict[str, dict[str, bool]] = {}
    for file in files:
        if file.kind in ("scores", "at_hand"):
            chosen.setdefault(file.model, {})[file.ranker or f"{AT_HAND}{file.source}"] = True
    candidates = candidate_costs(costs, chosen)
    if candidates:
        connection.executemany("INSERT INTO candidate_costs VALUES (?, ?, ?, ?, ?)", candidates)
    budgets = [(unit, float(budget)) for unit, numbers in settings["budgets"].items() for budget in numbers]
    if budgets:
        connection.executemany("INSERT INTO budgets VALUES (?, ?)", budgets)
    connection.executemany("INSERT INTO study VALUES (?, ?)", kept)
    for table, kind in ROW_TABLES.items():
        _run(connection, f"load_{table}", [file.path for file in files if file.kind == kind])
    estimates = [file.path for file in files if file.kind == "estimates"]
    _compare(connection, files, costs)
    for operation in DERIVED:
        _run(connection, operation, estimates)
    _mix(connection, files, costs)
    connection.execute("CHECKPOINT")


def _compare(connection, files, costs):
    """Fill the tables that need replicates, one benchmark and unit at a time."""
    read = {}
    for benchmark, unit, prices, cheapest in _markets(files, costs):
        if benchmark not in read:  # one benchmark's at a time: at the paper's size they are a hundred MB
            mine = [file for file in files if _estimated(file) and file.benchmark == benchmark]
            read = {benchmark: [comparisons.read_estimates(file) for file in mine]}
            sizes = choosing.best_sizes(read[benchmark])
            _insert(connection, "at_hand_best_k", sizes, {"benchmark": benchmark})
        estimates = read[benchmark]
        keys = {"benchmark": benchmark, "unit": unit, "cheapest": cheapest}
        for tests in (True, False):
            _insert(connection, "answers", comparisons.answers(estimates, prices, tests), keys)
        _insert(connection, "margins", comparisons.margins(estimates, prices), keys)
        _insert(connection, "crossovers", comparisons.crossovers(estimates, prices), keys)
        _insert(connection, "against_one", choosing.against_one(estimates, prices), keys)
        _insert(connection, "at_hand_margins", choosing.at_hand_margins(estimates, prices), keys)


def _mix(connection, files, costs):
    """Fill the table of mixes, which needs the counts of every problem."""
    for benchmark, unit, prices, cheapest in _markets(files, costs):
        found = connection.execute("FROM counts WHERE benchmark = $1 ORDER BY model, task_id", [benchmark]).fetchnumpy()
        counts = {
            model: (int(found["n"][mine][0]), np.asarray(found["c"][mine]))
            for model in np.unique(found["model"])
            if (mine := found["model"] == model).any()
        }
        paid = {model: generation for model, (generation, *_) in prices.items() if generation and model in counts}
        if len(paid) < 2:
            continue
        asked = "SELECT budget_absolute FROM absolute_budgets WHERE unit = $1 ORDER BY budget"
        budgets = [budget for (budget,) in connection.execute(asked, [unit]).fetchall()]
        bootstrap = next(tables.read_metadata(file.path, file.kind)["bootstrap"] for file in files if _estimated(file))
        keys = {"benchmark": benchmark, "unit": unit, "cheapest": cheapest}
        _insert(connection, "mixes", mixtures.mixtures(counts, paid, budgets, bootstrap), keys)


def _markets(files, costs):
    """(benchmark, unit, prices of prices.in_unit, the cheapest generation) where some generation has a cost."""
    for benchmark in sorted({file.benchmark for file in files}):
        for unit in UNITS:
            prices = in_unit(costs, unit)
            cheapest = min((generation for generation, *_ in prices.values() if generation), default=None)
            if cheapest is not None:
                yield benchmark, unit, prices, cheapest


def _estimated(file):
    return file.kind == "estimates"


def _insert(connection, table, found, keys):
    """Put rows that were found in Python into a table, by its .sql file."""
    if found:
        connection.register("found", pa.Table.from_pylist(found))
        connection.execute(_operation(f"insert_{table}"), keys)
        connection.unregister("found")


def _run(connection, operation, files):
    """Run one .sql file; one that reads $paths is not run without any."""
    text = _operation(operation)
    if "$paths" not in text:
        connection.execute(text)
    elif files:
        connection.execute(text, {"paths": files})


def _operation(name):
    return resources.files("isobudget.store").joinpath("sql", f"{name}.sql").read_text()


def _provenance(settings, files, servers, imports):
    versions = {"python": platform.python_version(), "duckdb": duckdb.__version__}
    for package in ("isobudget", "numpy", "pyarrow"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    kept = {"settings": settings, "versions": versions, "samples": drawn(files)}
    kept |= {"servers": servers} if servers else {}
    kept |= {"imports": imports} if imports else {}
    return [(key, json.dumps(value, sort_keys=True)) for key, value in kept.items()]


if __name__ == "__main__":
    parser = stage.arguments(__doc__, AggregateSettings)
    parser.add_argument("--results", required=True, help="the folder that holds the files of all stages")
    stage.run(aggregate, parser)
