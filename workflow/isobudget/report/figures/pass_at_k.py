"""pass@k of every model over k, or over what k generations cost."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isobudget.report import captions, curves
from isobudget.report.colours import SOFT, Look, looks
from isobudget.report.curves import Curve
from isobudget.report.database import Study
from isobudget.report.figures import drawing
from isobudget.report.formatting import short_names

_CROSS = Line2D([], [], color=SOFT, marker="x", ms=7, lw=0, mew=1.7, label="published by Hassid et al., 2024")


@matplotlib.rc_context(drawing.STYLE)
def draw(study: Study, benchmark: str, unit: str | None = None) -> Figure | None:
    """pass@k of every model over k, or over FLOPs, seconds or US dollars; greedy as a star, published as crosses.

    Lines carry the gid `curve:MODEL`, bands `band:MODEL`, stars `greedy:MODEL`, crosses `published:MODEL`; their data
    are the table's, x in the unit that the axis names, y in per cent. Returns a Figure, or None where no model
    has a cost in the unit.
    """
    lines = [curves.thinned(curve) for curve in curves.pass_curves(study, benchmark, unit)]
    if not lines:
        return None
    stars, crosses = curves.greedy_stars(study, benchmark, unit), curves.published_marks(study, benchmark, unit)
    figure = Figure(figsize=(drawing.WIDTH, 4.1), layout="constrained")
    axes = figure.add_subplot()
    factor = drawing.cost_axis(study, axes, unit, [line.x for line in lines])
    look, names = looks(study.models), short_names(study.models)
    for line in lines:
        drawing.band(axes, line, factor, look[line.model].light, f"band:{line.model}")
        drawing.line(axes, line, factor, look[line.model], f"curve:{line.model}")
    drawing.stars(axes, stars, factor, look, whiskers=unit is not None)  # at k = 1 they would hide each other
    _crosses(axes, crosses, factor, look)
    axes.set_ylabel("pass@k, % of problems")
    drawing.score_axis(axes, lines + crosses, stars)
    handles = [drawing.handle(look[line.model], names[line.model]) for line in reversed(lines)]
    handles += ([drawing.STAR] if stars else []) + ([_CROSS] if crosses else [])
    axes.legend(handles=handles, loc="lower right", labelspacing=0.35, handlelength=2.4)
    return figure


def caption(study: Study, benchmark: str, unit: str | None) -> str:
    """Two or three sentences on how to read the figure."""
    crosses = (
        " A cross is what Hassid et al. (2024) published of the same weights, drawn in the same way, at the same k."
        if curves.published_marks(study, benchmark, unit)
        else ""
    )
    if unit is None:
        return (
            "Share of problems that at least one of k samples solves. Bands are 95 % bootstrap intervals over "
            f"problems; a star is the greedy output. A line ends at k = n/2.{crosses}"
        )
    return (
        f"Share of problems that at least one of k samples solves, over what the k cost in {captions.OVER[unit]}. "
        "Marks are powers of two and the last k; a budget between two whole generations buys the lower one. Bands and "
        f"whiskers are 95 % intervals; a star is the greedy output, at the cost of one generation.{crosses}"
    )


def phrases(study: Study, benchmark: str, unit: str | None) -> list[str]:
    """The figure in words, one phrase per line or mark, with its ends."""
    names = short_names(study.models)
    lines, marks = curves.pass_curves(study, benchmark, unit), curves.published_marks(study, benchmark, unit)
    return [
        *(captions.line_ends(line, names[line.model], unit) for line in lines),
        *(captions.line_ends(mark, f"published of {names[mark.model]}", unit) for mark in marks),
        *captions.greedy_values(study, benchmark, unit),
    ]


def _crosses(axes: Axes, crosses: list[Curve], factor: float, look: dict[str, Look]) -> None:
    for cross in crosses:
        x, y = [each / factor for each in cross.x], drawing.percents(cross.value)
        colour, gid = look[cross.model].light, f"published:{cross.model}"
        axes.plot(x, y, color=colour, marker="x", ms=8, lw=0, mew=1.7, gid=gid, zorder=4)
