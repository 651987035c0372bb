"""The short table at the end of a run: at each budget which model, how often, its score and margin."""

import argparse
import sys
import textwrap
from collections.abc import Iterable

from isobudget.engines import shortfalls
from isobudget.files.errors import StudyError
from isobudget.report import choosing, sentences
from isobudget.report.database import Row, Study, read_study
from isobudget.report.formatting import NAMES, digits, percent, points, scale, short_names
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.units import UNITS

WIDTH = 100
_LEFT = {"best", "95 % int.", "runner-up", "separated"}


def table(study: Study) -> str:
    """The whole text, plain, every line within 100 columns: a block for each benchmark and unit."""
    blocks = [
        _block(study, benchmark, unit)
        for benchmark in study.benchmarks
        for unit in UNITS
        if sentences.winners(study, benchmark, unit)
    ]
    if not blocks:
        blocks = ["No budget of this study buys a generation with a known cost, so there is no winner to show."]
    for model, note in study.servers.items():
        blocks += [textwrap.fill(one, WIDTH, break_on_hyphens=False) for one in shortfalls.sentences(model, note)]
    for said in study.imports.values():
        blocks += [textwrap.fill(one, WIDTH, break_on_hyphens=False) for one in said]
    return "\n\n".join(blocks) + "\n"


def _block(study, benchmark, unit):
    rows = sentences.winners(study, benchmark, unit)
    names = short_names(study.models)
    columns = _columns(rows, unit, names)
    if _width(columns) > WIDTH:  # names too long for a line: letters, told below
        names = {model: _letter(position) for position, model in enumerate(study.models)}
        columns = _columns(rows, unit, names)
    title = f"{benchmark}, {study.size(benchmark)}, equal {NAMES[unit]}, unit tests to choose by. "
    lines = textwrap.wrap(title + sentences.headline(study, benchmark, unit), WIDTH, break_on_hyphens=False)
    lines += ["", *_aligned(columns)]
    for note in _notes(study, benchmark, unit, rows, names):
        lines += textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    ranked = choosing.by_rankers(study, benchmark, unit)
    for paragraph in [*choosing.by_tests_at_hand(study, benchmark, unit), *([ranked] if ranked else [])]:
        lines += ["", *textwrap.wrap(paragraph, WIDTH, break_on_hyphens=False)]
    return "\n".join(lines)


def _columns(rows, unit, names):
    """[(head, cells)], without the columns that say nothing in any row."""
    cost = scale(unit, max(row.budget_absolute or 0 for row in rows))
    told = {True: "yes", False: "no", None: "-"}
    columns = [
        ("budget", [digits(row.budget) for row in rows]),
        (
            cost.short,
            ["-" if row.budget_absolute is None else digits(row.budget_absolute / cost.factor) for row in rows],
        ),
        ("best", [f"{names[row.model]} x {row.k}" for row in rows]),
        ("solves %", [percent(row.value) for row in rows]),
        ("95 % int.", [_span(percent(row.low), percent(row.high)) for row in rows]),
        ("runner-up", [f"{names[row.runner_up]} x {row.runner_up_k}" if row.runner_up else "-" for row in rows]),
        ("margin", [points(row.margin) for row in rows]),
        ("95 % int.", [_span(points(row.margin_low), points(row.margin_high)) for row in rows]),
        ("separated", [told[sentences.separated(row)] for row in rows]),
    ]
    return [(head, cells) for head, cells in columns if set(cells) != {"-"}]


def _span(low, high):
    return "-" if low == "-" else f"{low}..{high}"


def _width(columns):
    return sum(max(len(head), *map(len, cells)) + 2 for head, cells in columns) - 2


def _aligned(columns):
    widths = [max(len(head), *map(len, cells)) for head, cells in columns]
    lines = [[head for head, _ in columns], ["-" * width for width in widths]]
    lines += [list(row) for row in zip(*(cells for _, cells in columns), strict=True)]
    padded = [
        [
            cell.ljust(width) if head in _LEFT else cell.rjust(width)
            for (head, _), cell, width in zip(columns, line, widths, strict=True)
        ]
        for line in lines
    ]
    return ["  ".join(cells).rstrip() for cells in padded]


def _notes(study, benchmark, unit, rows, names):
    prices = sentences.prices(study, benchmark, unit)
    cheapest = next((model for model, cost in study.costs_in(unit).items() if cost.relative == 1), "the cheapest model")
    notes = [f"budget is in generations of {cheapest}, {scale_words(unit, rows)} a problem beside it"]
    if len(prices) > 1:
        told = {model: model if model.endswith(names[model]) else f"{names[model]} = {model}" for model in prices}
        notes.append("one generation costs: " + ", ".join(f"{told[m]} {digits(price)}" for m, price in prices.items()))
        notes.append("margin is the best less the runner-up in points, its interval paired over problems")
    if len(rows) > 1:
        notes.append("each interval holds at its own budget, not all of them at once")
    for row in rows:
        for model, k, n in sentences.undersampled(study, benchmark, unit, row.budget):
            held = "" if n is None else f", {n} were drawn"
            notes.append(f"budget {digits(row.budget)} leaves out {names[model]}: x {k} needs {2 * k} samples{held}")
    left_open = sentences.unscored(study, benchmark, unit)
    return [*notes, left_open] if left_open else notes


def scale_words(unit: str, rows: Iterable[Row]) -> str:
    """The unit of the column of absolute budgets, in words."""
    words = scale(unit, max(row.budget_absolute or 0 for row in rows)).axis
    return words.removesuffix(" a thousand problems") + (" for a thousand times" if "thousand" in words else "")


def _letter(position):
    return chr(ord("A") + position) if position < 26 else f"M{position}"


def main() -> None:
    """Print the table; a StudyError is one sentence and exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True, help="results/isobudget.duckdb")
    try:
        whole = {name: benchmark.problems for name, benchmark in BENCHMARKS.items()}
        print(table(read_study(parser.parse_args().database, whole)), end="")
    except StudyError as error:
        sys.exit(f"isobudget: {error}")


if __name__ == "__main__":
    main()
