"""The page's data: one JSON text that its script reads."""

import json
from pathlib import Path
from typing import Any

from isobudget.report import formatting, sentences
from isobudget.report.browser import browser
from isobudget.report.colours import looks, variables
from isobudget.report.curves import candidate_cost, greedy_stars, published_tables
from isobudget.report.database import Study, connected
from isobudget.report.families import families
from isobudget.study.units import UNITS


def page_data(study: Study, database: str | Path) -> dict[str, Any]:
    """Everything that the page's script draws, ready for JSON.

    Args:
        study: a database.Study.
        database: the path that it was read from.
    """
    with connected(database) as connection:
        problems = browser(study, connection)
        parts = [_part(study, connection, benchmark, problems[benchmark]) for benchmark in study.benchmarks]
    units = {unit: _unit(study, unit) for unit in UNITS if study.costs_in(unit)}
    return {"models": _models(study), "units": units, "benchmarks": parts}


def in_script(data: Any) -> str:
    """JSON that can stand between <script> and </script>, whatever texts are in it: no letter of it opens a tag."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate becomes its own escape


def _models(study):
    series = {colour: name for colour, name, _, _ in variables()}
    look, short = looks(study.models), formatting.short_names(study.models)
    return [
        {"name": model, "short": short[model], "colour": series[look[model].light], "marker": look[model].marker}
        for model in study.models
    ]


def _unit(study, unit):
    """How costs in a unit are said: its scales from large to small, and what one generation of the cheapest costs."""
    costs = study.costs_in(unit)
    cheapest = min(costs, key=lambda model: costs[model].relative)
    return {
        "name": UNITS[unit].label,
        "scales": [
            {key: getattr(scale, key) for key in ("factor", "axis", "before", "after", "least")}
            for scale in UNITS[unit].scales
        ],
        "cheapest": study.models.index(cheapest),
        "one": costs[cheapest].generation / costs[cheapest].relative,
    }


def _costs(study, model):
    """What one generation costs, in the units in which it is known."""
    costs = {unit: candidate_cost(study, unit, model) for unit in UNITS}
    return {unit: cost[0] for unit, cost in costs.items() if cost}


def _star(study, star):
    """One greedy output, which costs one generation."""
    return {
        "model": study.models.index(star.model),
        "cost": _costs(study, star.model),
        "value": star.value,
        "low": star.low,
        "high": star.high,
    }


def _part(study, connection, benchmark, problems):
    starts = {}
    for unit in UNITS:
        row = sentences.deciding(study, benchmark, unit)
        if row is not None and row.budget_absolute is not None:
            starts[unit] = row.budget_absolute
    return {
        "name": benchmark,
        "size": study.size(benchmark),
        "families": families(study, connection, benchmark),
        "stars": [_star(study, star) for star in greedy_stars(study, benchmark)],
        "published": [
            {
                "model": study.models.index(model),
                "cost": _costs(study, model),
                "k": [*table],
                "value": [*table.values()],
            }
            for model, table in published_tables(study, benchmark).items()
        ],
        "starts": starts,
        "problems": problems,
    }
