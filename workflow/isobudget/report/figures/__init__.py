"""The figures of the report: one row here and one file in this folder per figure.

pass@k and rank-score@k are figures 1 to 6 of the paper (arXiv 2404.00725).
"""

from collections.abc import Callable
from typing import NamedTuple

from matplotlib.figure import Figure as Drawn

from isobudget.report.database import Study
from isobudget.report.figures import (
    pass_at_k,
    rank_score,
    tests_at_hand,
)
from isobudget.study.units import UNITS


class Figure(NamedTuple):
    """One figure, drawn once per benchmark and unit.

    Its functions take the study, the name of a benchmark, and a unit, which is None for the axis of k.

    Args:
        name: its files are {name}_at_{unit}.svg and .png, and {name}_at_k for the axis of k.
        title: what it shows, in two or three words; the page adds `over FLOPs`.
        draw: draws it, under drawing.STYLE; returns None where no model has a cost in the unit.
        caption: how to read it, in a few sentences; the page adds which models have no cost in the unit.
        phrases: what a screen reader says in its place, one phrase per line or mark.
        needs: the tables of database.COLUMNS that it draws; a benchmark that lacks rows in one has no such figure.
        units: the units over which it is drawn, in this order.
        introduction: a heading and a paragraph that the page shows where the figure was drawn, or None.
    """

    name: str
    title: str
    draw: Callable[[Study, str, str | None], Drawn | None]
    caption: Callable[[Study, str, str | None], str]
    phrases: Callable[[Study, str, str | None], list[str]]
    needs: tuple[str, ...]
    units: tuple[str | None, ...] = (*UNITS,)
    introduction: tuple[str, str] | None = None

    def stem(self, unit: str | None) -> str:
        """What its files over a unit are called, without .svg and .png."""
        return f"{self.name}_at_{unit or 'k'}"


# In the page's order: where all drawings would make it too large, the first stand on it, and links to the others.
FIGURES = (
    Figure(
        "pass",
        "pass@k",
        pass_at_k.draw,
        pass_at_k.caption,
        pass_at_k.phrases,
        needs=("pass_at_k",),
        units=(*UNITS, None),
    ),
    Figure(
        "rank_score",
        "rank-score",
        rank_score.draw,
        rank_score.caption,
        rank_score.phrases,
        needs=("rank_score_at_k",),
    ),
    Figure(
        "at_hand",
        "Tests at hand",
        tests_at_hand.draw,
        tests_at_hand.caption,
        tests_at_hand.phrases,
        needs=("at_hand_at_k",),
        introduction=tests_at_hand.INTRODUCTION,
    ),
)
