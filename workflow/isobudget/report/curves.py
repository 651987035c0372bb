"""The points that the figures draw, apart from how they are drawn."""

from collections.abc import Sequence
from typing import NamedTuple

from isobudget.report.database import Study
from isobudget.study import published
from isobudget.study.rankers import AT_HAND


class Curve(NamedTuple):
    """One line of a figure: a score over k samples, or over what they cost.

    x is k itself, or an absolute cost a problem (FLOPs, seconds, US dollars); value, low and high are
    fractions. All five have one entry a point, k rising. ranker is None for pass@k.
    """

    model: str
    ranker: str | None
    k: tuple
    x: tuple
    value: tuple
    low: tuple
    high: tuple


class Star(NamedTuple):
    """One output of a model, at the cost of one generation: greedy, or sampled (k = 1)."""

    model: str
    x: float
    value: float
    low: float
    high: float


def pass_curves(study: Study, benchmark: str, unit: str | None = None) -> list[Curve]:
    """pass@k of every model over k, or over the cost of k generations in a unit.

    A model whose cost in the unit is unknown has no curve.
    """
    return _curves(study, [row for row in study.pass_at_k if row.benchmark == benchmark], unit)


def published_tables(study: Study, benchmark: str) -> dict[str, dict[int, float]]:
    """{model: {k: pass@k}}: what the paper published of models of this study."""
    names, tables = study.published.get(benchmark, {}), published.pass_at_k()
    return {model: tables[benchmark, names[model]] for model in study.models if model in names}


def published_marks(study: Study, benchmark: str, unit: str | None = None) -> list[Curve]:
    """What the paper published of models of this study: a Curve each, without intervals, at the cost of k here.

    Only up to where the study's own curves end: a mark far beyond them would say nothing of them.
    """
    own = pass_curves(study, benchmark, unit)
    end = max((curve.x[-1] for curve in own), default=0)
    tables = published_tables(study, benchmark)
    marks = []
    for curve in own:
        cost = curve.x[0] / curve.k[0]
        table = {k: v for k, v in tables.get(curve.model, {}).items() if k * cost <= end * (1 + 1e-9)}
        value = tuple(table.values())
        marks.append(Curve(curve.model, None, tuple(table), tuple(k * cost for k in table), value, value, value))
    return [mark for mark in marks if mark.k]


def rank_curves(study: Study, benchmark: str, unit: str | None, model: str) -> list[Curve]:
    """rank-score@k of one model's samples, a curve a ranker, over the cost of k candidates.

    Each candidate costs its sampling and its ranking (arXiv 2404.00725, section 4).
    """
    rows = [row for row in study.rank_score_at_k if (row.benchmark, row.model) == (benchmark, model)]
    return _curves(study, rows, unit)


def at_hand_curves(study: Study, benchmark: str, unit: str | None, source: str) -> list[Curve]:
    """Choosing by one source of tests at hand, any sample taken where they accept none: a curve a model."""
    rows = [row for row in study.at_hand_at_k if (row.benchmark, row.source) == (benchmark, source)]
    return _curves(study, rows, unit, ("anyway", "anyway_low", "anyway_high"))


def false_positive_curves(study: Study, benchmark: str, unit: str | None, source: str) -> list[Curve]:
    """The share of the answers that one source of tests at hand accepts and that are wrong: a curve a model."""
    rows = [row for row in study.at_hand_at_k if (row.benchmark, row.source) == (benchmark, source)]
    return _curves(study, rows, unit, tuple(f"false_positives{end}" for end in ("", "_low", "_high")))


def candidate_cost(study: Study, unit: str, model: str, chooser: str | None = None) -> tuple[float, float] | None:
    """What one candidate costs in a unit, its ranking included, and what a problem costs once beside them.

    chooser: a ranker, `at_hand:SOURCE`, or None for the tests that judge. Returns (each, once), absolute; None where a
    part of the cost is unknown.
    """
    if chooser is None:
        costs = study.costs_in(unit)
        return (costs[model].generation, 0.0) if model in costs else None
    key = (model, chooser, unit)
    return next(((row.candidate, row.once) for row in study.candidate_costs if row[:3] == key), None)


def greedy_stars(study: Study, benchmark: str, unit: str | None = None) -> list[Star]:
    """Every model's greedy output at the cost of one generation, or at k = 1."""
    return _stars(study, [row for row in study.greedy if row.benchmark == benchmark], unit)


def single_stars(study: Study, benchmark: str, unit: str | None = None) -> list[Star]:
    """Every model's sampled single output (pass@1) at the cost of one generation."""
    return _stars(study, [row for row in study.pass_at_k if row.benchmark == benchmark and row.k == 1], unit)


def thinned(curve: Curve) -> Curve:
    """The curve with few enough points to draw: all up to k = 32, then eight an octave, and the last.

    At n = 2000 a line of 1,000 points looks the same and makes the page many times heavier.
    """
    keep = thinned_places(curve.k)
    parts = [tuple(column[i] for i in keep) for column in (curve.k, curve.x, curve.value, curve.low, curve.high)]
    return Curve(curve.model, curve.ranker, *parts)


def thinned_places(k: Sequence[int]) -> list[int]:
    """Which of the sizes `k`, rising, are drawn: all up to 32, then eight an octave, and the last; their positions."""
    drawn = {round(32 * 2 ** (step / 8)) for step in range(8 * 20)}
    return [place for place, size in enumerate(k) if size <= 32 or size in drawn or size == k[-1]]


def _curves(study, rows, unit, columns=("value", "low", "high")):
    grouped: dict[tuple[str, str | None], list] = {}
    for row in rows:
        if getattr(row, columns[0]) is not None:
            grouped.setdefault((row.model, getattr(row, "ranker", None)), []).append(row)
    curves = []
    order = {model: position for position, model in enumerate(study.models)}
    for (model, ranker), points in sorted(grouped.items(), key=lambda item: (order[item[0][0]], item[0][1] or "")):
        chooser = ranker or (f"{AT_HAND}{points[0].source}" if hasattr(points[0], "source") else None)
        cost = (1, 0) if unit is None else candidate_cost(study, unit, model, chooser)
        if cost is None:
            continue
        points.sort(key=lambda row: row.k)
        told = ([row.k, *(getattr(row, column) for column in columns)] for row in points)
        k, value, low, high = zip(*told, strict=True)
        curves.append(Curve(model, ranker, k, tuple(cost[0] * each + cost[1] for each in k), value, low, high))
    return curves


def _stars(study, rows, unit):
    stars = []
    for row in sorted(rows, key=lambda row: study.models.index(row.model)):
        cost = (1, 0) if unit is None else candidate_cost(study, unit, row.model)
        if cost is not None and row.value is not None:
            stars.append(Star(row.model, cost[0], row.value, row.low, row.high))
    return stars
